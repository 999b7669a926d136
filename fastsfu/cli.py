"""The command line: serve, token, why, bench, doctor. Options are those of Config."""

import gc
import os
import re
import runpy
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import fastsfu
from fastsfu import cli_options as given
from fastsfu import logs
from fastsfu.errors import ConfigError, RecordError

if TYPE_CHECKING:  # what a command needs is loaded by it: `token` should take no time
    from fastsfu.config import Config

ROOM = "demo"  # the room of the link that a server without a secret prints
LINK_SECONDS = 24 * 3600.0

app = typer.Typer(
    help="Encrypted video calls that a team runs itself.\n\n"
    "Every option of `serve` is also FASTSFU_<NAME> in the environment.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they show local variables, which may be secrets
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"fastsfu {fastsfu.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None: ...


def main() -> None:
    """Entry point of the `fastsfu` command."""
    try:
        app()
    except (ConfigError, RecordError) as error:
        typer.echo(f"fastsfu: {error.info}", err=True)
        raise SystemExit(2) from None
    except ImportError as error:
        if ".so" not in str(error):
            raise
        text = f"a library cannot be loaded: {error}; `fastsfu doctor` says the fix"
        typer.echo(f"fastsfu: {text}", err=True)
        raise SystemExit(2) from None


@app.command()
@given.for_server
def serve(
    options: given.ServerOptions,
    log_level: Annotated[
        str, typer.Option(help="debug, info, warning or error.", envvar="FASTSFU_LOG_LEVEL")
    ] = "info",
    log_format: Annotated[
        str, typer.Option(help="text, or json: an object a line.", envvar="FASTSFU_LOG_FORMAT")
    ] = "text",
    sandbox: Annotated[
        bool | None,
        typer.Option(
            help="Give up what a server does not need; --sandbox starts only where that works.",
            envvar="FASTSFU_SANDBOX",
            show_default="where it works",
        ),
    ] = None,
) -> None:
    """Serve calls over HTTPS; without --cert and --key with a self-signed certificate."""
    _start_logs(log_level, log_format)
    _run(options.load, sandbox, options.config_file)


def _start_logs(level: str, form: str) -> None:
    if level not in logs.LEVELS:
        raise typer.BadParameter(level, param_hint="--log-level")
    if form not in logs.FORMATTERS:
        raise typer.BadParameter(form, param_hint="--log-format")
    logs.start(level, form)


GARBAGE_THRESHOLDS = 20_000, 20, 50


def _run(load: "Callable[[], Config]", sandbox: bool | None, config_file: Path | None) -> None:
    """Serve until told to stop; `sandbox` as the flag says, None where there is none. `load` reads
    the configuration, at SIGHUP again.
    """
    for early in (signal.SIGHUP, signal.SIGUSR1):  # until the server hears them
        signal.signal(early, signal.SIG_IGN)
    config = load()
    # numpy would start threads for mathematics that no server does, before anything is given up.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import uvloop

    from fastsfu.assembly import assemble
    from fastsfu.http.server import serve as serve_https
    from fastsfu.sandbox import Sandbox

    # What is there now stays. Joins make thousands of objects, hardly any of them in cycles: to
    # look for those each 700 objects, Python's default, is a tenth of a join into a large call.
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    # asyncio's own TLS touches 256 KiB for each connection, uvloop's what it needs of them.
    if sandbox is False:
        uvloop.run(serve_https(assemble(config), _announce, load))
        return
    box = Sandbox(required=bool(sandbox))
    read_again = (config_file, config.cert, config.key, config.key_passphrase_file)
    files = [each for each in read_again if each]

    def on_ready(sfu: Any, url: str) -> None:
        box.close()
        _announce(sfu, url)

    sfu = assemble(config, on_bound=lambda: box.drop_privileges(files, real_time=config.real_time))
    uvloop.run(serve_https(sfu, on_ready, load))


def _announce(sfu: Any, url: str) -> None:
    """One line when ready; with the token of a first room when nobody else could make one."""
    if sfu.config.open_rooms:
        url = f"{url}r/{ROOM}"
    elif sfu.config.secret is None:
        url = f"{url}r/{ROOM}?t={sfu.token(ROOM, expires_in=LINK_SECONDS)}"
    typer.echo(f"fastsfu is ready: {url}")
    sys.stdout.flush()


@app.command()
def token(
    context: typer.Context,
    room: str,
    name: Annotated[str, typer.Option(help="Shown to the others.")] = "",
    owner: Annotated[bool, typer.Option("--owner", help="An owner of the room.")] = False,
    exp: Annotated[str, typer.Option(help="Valid for: 90s, 15m, 1h, 7d or never.")] = "1h",
    publish: Annotated[bool, typer.Option(help="May send audio and video.")] = True,
    subscribe: Annotated[bool, typer.Option(help="May receive audio and video.")] = True,
    messages: Annotated[bool, typer.Option(help="May send app messages.")] = True,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Watches unseen; everybody is told how many do.")
    ] = False,
    eject_at_expiry: Annotated[
        bool, typer.Option("--eject-at-exp", help="Ends the session when it expires.")
    ] = False,
    user_id: Annotated[str | None, typer.Option(help="The user's id in your system.")] = None,
    config_file: given.ConfigFile = None,
) -> None:
    """Print a meeting token for ROOM, signed with FASTSFU_SECRET."""
    from fastsfu.auth.claims import Invitation, made
    from fastsfu.auth.signing import key_of, sign

    said = {
        each: context.params[each] for each in Invitation.__annotations__.keys() & context.params
    }
    try:
        claims = made(room, **said, expires_in=parse_duration(exp))
        typer.echo(sign(claims, key_of(_secret(config_file))))
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _secret(config_file: Path | None) -> str:
    """The secret of the configuration, of which no more is read where the environment has it."""
    text = os.environ.get("FASTSFU_SECRET", "")
    if text and config_file is None and "FASTSFU_SECRET_FILE" not in os.environ:
        return text
    from fastsfu.config import Config

    secret = Config.load(config_file).secret
    if secret is None:
        raise ConfigError("FASTSFU_SECRET is not set: no server could verify the token")
    return secret.get_secret_value()


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> float | None:
    """Seconds of "90s", "15m", "1.5h", "7d"; None for "never". Raises typer.BadParameter."""
    if text == "never":
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not match or float(match[1]) == 0:
        raise typer.BadParameter(f"{text!r} is none of 90s, 15m, 1h, 7d, never", param_hint="--exp")
    return float(match[1]) * UNITS[match[2]]


@app.command()
@given.for_server
def doctor(options: given.ServerOptions) -> None:
    """Check ports, addresses, kernel, encryption, clock and certificate; say the fix of each."""
    from rich.console import Console
    from rich.table import Table

    from fastsfu.doctor import examine

    findings = list(examine(options.load()))
    table = Table("check", "found", "fix", box=None, padding=(0, 2, 0, 0))
    marks = {"good": "[green]ok[/]", "warning": "[yellow]warning[/]", "bad": "[red]bad[/]"}
    for finding in findings:
        table.add_row(f"{marks[finding.level]} {finding.check}", finding.found, finding.fix)
    Console().print(table)
    raise typer.Exit(int(any(finding.level == "bad" for finding in findings)))


@app.command()
def why(
    room: str,
    participant: given.Who = None,
    url: given.ServerUrl = None,
    verify: Annotated[
        bool, typer.Option(help="Check its certificate, when --url is given.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="As REST has it, one a line.")] = False,
    config_file: given.ConfigFile = None,
) -> None:
    """Say how the media of people in ROOM is doing and why, as a server tells who shows
    FASTSFU_API_KEY.
    """
    from fastsfu.config import Config
    from fastsfu.why import Rest, WhyError, looks

    config = Config.load(config_file)
    if config.api_key is None:
        raise ConfigError("FASTSFU_API_KEY is not set: the server tells nothing without it")
    address, is_here = url or f"https://127.0.0.1:{config.port}", url is None
    rest = Rest(address, config.api_key.get_secret_value(), verify=verify and not is_here)
    try:
        for line in looks(rest, room, participant, as_json=as_json):
            typer.echo(line)
    except WhyError as error:
        typer.echo(f"fastsfu: {error}", err=True)
        raise typer.Exit(1) from None


@app.command(
    add_help_option=False,  # --help is the scenario's
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def bench(context: typer.Context, scenario: str = typer.Argument("forward")) -> None:
    """Load this machine and measure; SCENARIO is a module of benchmarks/ in the source tree."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "benchmarks").is_dir():
        raise ConfigError("the benchmarks are in the source tree only: run them from a checkout")
    if not (root / "benchmarks" / f"{scenario}.py").is_file():
        raise ConfigError(f"there is no benchmark {scenario} in {root / 'benchmarks'}")
    sys.path.insert(0, str(root))
    sys.argv = [f"fastsfu bench {scenario}", *context.args]
    try:
        runpy.run_module(f"benchmarks.{scenario}", run_name="__main__")
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error}: `make bench` builds and installs what it needs") from None
