"""The engines of a server: one for each worker, with one certificate, linked to each other."""

from collections.abc import Callable

from fastsfu._native.engine.engine import Engine, Links
from fastsfu._native.engine.links import MOST_WORKERS
from fastsfu.config import Config
from fastsfu.engine.media import MediaEngine
from fastsfu.engine.relays import RelayUsers, open_relays
from fastsfu.errors import ConfigError
from fastsfu.transport.dtls import Certificate
from fastsfu.transport.ice import host_candidates


def open_engines(config: Config, on_bound: Callable[[], None] = lambda: None) -> list[MediaEngine]:
    """On ports in a row, in a running event loop. `on_bound` is called before any thread starts.

    Raises OSError when one is taken, and ConfigError for more workers than a process can have, or
    an encryption that this machine does not have.
    """
    if config.workers > MOST_WORKERS:
        raise ConfigError(f"workers: at most {MOST_WORKERS}")
    certificate, links = Certificate.generate(), Links()
    natives: list[Engine] = []
    try:
        while len(natives) < config.workers:
            natives.append(_bind(config, certificate, links, len(natives)))
        relays = open_relays(config, natives)
    except BaseException:
        for native in natives:
            native.close()
        raise
    on_bound()
    for native in natives:
        native.start()
    users = RelayUsers(natives)
    return [
        MediaEngine(
            native,
            host_candidates(config.media_ips, native.port),
            config.consent_timeout,
            config.max_transports,
            relay,
            users,
        )
        for native, relay in zip(natives, relays, strict=True)
    ]


def _bind(config: Config, certificate: Certificate, links: Links, index: int) -> Engine:
    """A worker that has its media port, and is not started yet."""
    try:
        return Engine(
            index=index,
            links=links,
            host=config.host,
            port=config.udp_port + index if config.udp_port else 0,
            certificate_pem=certificate.certificate_pem,
            private_key_pem=certificate.private_key_pem,
            crypto=config.crypto,
            gso=config.gso,
            gro=config.gro,
            hold_us=config.hold_us,
            batch_us=config.batch_us,
            busy_poll_us=config.busy_poll_us,
            real_time=config.real_time,
            max_transports=config.max_transports,
            max_streams=config.max_streams,
            max_buffers=config.max_buffers,
        )
    except ValueError as error:  # SRTP primitives that this machine does not have
        raise ConfigError(f"crypto: {error}") from None
