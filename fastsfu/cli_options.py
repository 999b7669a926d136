"""Options that several commands have, as typer reads them."""

from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="0.0.0.0")]
Port = Annotated[int | None, typer.Option(help="TCP port of HTTPS and WSS.", show_default="8443")]
MediaIp = Annotated[
    list[str] | None,
    typer.Option(help="Address at which clients reach the media port; again for more."),
]
MediaPort = Annotated[
    int | None, typer.Option(help="UDP port of the media.", show_default="as --port")
]
Workers = Annotated[
    int | None,
    typer.Option(
        help="Media threads, worker i on UDP port media-port + i.", show_default="usable cores"
    ),
]
Cert = Annotated[Path | None, typer.Option(help="TLS certificate chain, PEM; watched.")]
Acme = Annotated[
    list[str] | None,
    typer.Option(help="Domain to get a certificate for by ACME; again for more."),
]
Key = Annotated[Path | None, typer.Option(help="TLS private key, PEM; watched.")]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file with options.", envvar="FASTSFU_CONFIG"),
]
Who = Annotated[str | None, typer.Argument(help="A session id or a name; without it, everybody.")]
ServerUrl = Annotated[
    str | None,
    typer.Option(
        "--url", help="The server.", envvar="FASTSFU_URL", show_default="the one of this host"
    ),
]
