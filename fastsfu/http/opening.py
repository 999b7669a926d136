"""What a server opens before all else: files, its certificate, its listening socket."""

import logging
import resource
import socket
import ssl
from typing import TYPE_CHECKING

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http import systemd
from fastsfu.http.challenges import Challenges
from fastsfu.http.key_files import KeyFileError
from fastsfu.http.listening import listen
from fastsfu.http.tls import Pair, ServerCertificate, self_signed

if TYPE_CHECKING:
    from fastsfu.http.acme import Acme

logger = logging.getLogger("fastsfu.server")


def allow_all_files() -> None:
    """As many file descriptors as the process may have, which mostly starts with 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def open_certificate(config: Config, known: Pair | None = None) -> ServerCertificate:
    """The configured pair, else the `known` one, else a self-signed one; raises ConfigError."""
    if config.cert is None or config.key is None:
        if known is not None:
            return ServerCertificate(known)
        names = [*config.acme, "localhost", socket.gethostname()]
        return ServerCertificate(self_signed(names, ["127.0.0.1", "::1", *config.media_ips]))
    try:
        given = ServerCertificate(Pair.read(config.cert, config.key, config.key_passphrase_file))
    except ssl.SSLError as error:
        reason = f"{config.cert} and {config.key} cannot be used: {error.reason}"
        raise ConfigError(reason) from None
    except KeyFileError as error:
        raise ConfigError(f"{error}.") from None
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None
    if invalid := given.pair.why_invalid():
        logger.warning("the certificate in %s %s: browsers refuse it", config.cert, invalid)
    return given


def open_acme(config: Config, challenges: Challenges) -> "Acme | None":
    """Who asks for certificates, where domains are configured for it; `challenges` are where it
    puts what is pending then. Raises ConfigError.
    """
    if not config.acme:
        return None
    try:
        from fastsfu.http.acme import Acme
    except ImportError as error:
        info = f"acme: {error.name} is missing; pip install 'fastsfu[acme]' brings it"
        raise ConfigError(info) from None
    return Acme(config, challenges)


def open_listener(config: Config) -> socket.socket:
    """The listening TCP socket, systemd's if it has one; ConfigError: the port cannot be had."""
    return systemd.listening_socket() or listen(config.host, config.port)


def url_of(config: Config, certificate: ServerCertificate, listener: socket.socket) -> str:
    """Where a browser on this machine reaches us, by a name that the certificate has."""
    port = listener.getsockname()[1]
    name = "localhost"
    if config.cert is not None:
        names = certificate.pair.names()
        name = next((each for each in names if "*" not in each), name)
    elif config.acme:
        name = config.acme[0]
    elif config.host not in ("0.0.0.0", "::"):
        name = f"[{config.host}]" if ":" in config.host else config.host
    return f"https://{name}/" if port == 443 else f"https://{name}:{port}/"
