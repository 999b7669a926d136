"""Media over TCP where another server has the HTTPS port: ICE over TCP, TURN over TCP and TLS, at a
port of their own (`media_tcp_port`), for clients behind firewalls that let no UDP pass.

`fastsfu serve` has all of that at its one port (door.py).
"""

import asyncio
import logging
from typing import Self

from fastsfu.config import Config
from fastsfu.http.crowd import Place
from fastsfu.http.door import Door
from fastsfu.http.listening import listen
from fastsfu.http.opening import open_certificate
from fastsfu.http.tls import watch
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.server")


class MediaTcp:
    """Beside an SFU, which has been entered before it. Attribute: `port`; None: it has none."""

    def __init__(self, sfu: SFU) -> None:
        self.port: int | None = None
        self._sfu = sfu
        self._door: Door | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        config = self._sfu.config
        if config.media_tcp_port is None:
            if not relays_over_tcp(config):
                logger.warning(
                    "media goes by UDP alone: who is behind a firewall that lets none pass gets no "
                    "picture and no sound; media_tcp_port opens a TCP port for them"
                )
            return self
        certificate = open_certificate(config)
        listener = listen(config.host, config.media_tcp_port)
        self._door = Door(listener, certificate.context, self._sfu, _Nothing)
        if config.cert is not None and config.key is not None:
            files = (config.cert, config.key, config.key_passphrase_file)
            self._watcher = asyncio.create_task(watch(certificate, *files))
        self.port = listener.getsockname()[1]
        names = [each for each in certificate.pair.names() if "*" not in each]
        self._sfu.listen_tcp(self.port, names[0] if config.cert is not None and names else None)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        if self._door is not None:
            self._door.close()
            await self._door.wait_closed()


def relays_over_tcp(config: Config) -> bool:
    """Another server relays for its clients over TCP or TLS."""
    return any(url.startswith("turns:") or "transport=tcp" in url for url in config.turn_urls)


class _Nothing(asyncio.Protocol):
    """What speaks HTTP here is closed."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._place.leave()
