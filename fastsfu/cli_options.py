"""Options that several commands have, as typer reads them."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # which takes a while to load
    from fastsfu.config import Config

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


@dataclass(frozen=True)
class ServerOptions:
    """What a server is told of its configuration; the names are those of Config."""

    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="0.0.0.0")]
    port: Annotated[
        int | None, typer.Option(help="TCP port of HTTPS and WSS.", show_default="8443")
    ]
    media_ips: Annotated[
        list[str] | None,
        typer.Option(
            "--media-ip", help="Address at which clients reach the media port; again for more."
        ),
    ]
    media_port: Annotated[
        int | None, typer.Option(help="UDP port of the media.", show_default="as --port")
    ]
    workers: Annotated[
        int | None,
        typer.Option(
            help="Media threads, worker i on UDP port media-port + i.", show_default="usable cores"
        ),
    ]
    cert: Annotated[Path | None, typer.Option(help="TLS certificate chain, PEM; watched.")]
    key: Annotated[Path | None, typer.Option(help="TLS private key, PEM; watched.")]
    acme: Annotated[
        list[str] | None,
        typer.Option(help="Domain to get a certificate for by ACME; again for more."),
    ]
    open_rooms: Annotated[
        bool | None,
        typer.Option("--open-rooms", help="Let everybody in without a token: for trials."),
    ]
    drain_timeout: Annotated[
        float | None,
        typer.Option(help="Seconds for calls to end after SIGTERM.", show_default="10"),
    ]
    config_file: ConfigFile

    def load(self) -> "Config":
        """With what the environment and the file say. Raises ConfigError."""
        from fastsfu.config import Config

        given = {name: None if value == [] else value for name, value in vars(self).items()}
        return Config.load(given.pop("config_file"), **given)


def for_server(command: Callable[..., None]) -> Callable[..., None]:
    """A command as typer reads it, with all of ServerOptions in the place of its first parameter,
    which it gets them as.
    """
    options = inspect.signature(ServerOptions).parameters
    others = list(inspect.signature(command).parameters.values())[1:]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        command(ServerOptions(**{name: given.pop(name) for name in options}), **given)

    parameters = [each.replace(default=None) for each in options.values()]
    signature = inspect.Signature([*parameters, *others])
    with_options.__signature__ = signature  # type: ignore[attr-defined]
    return with_options
