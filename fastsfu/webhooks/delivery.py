"""One POST to an endpoint: over TLS, to an address that may be reached, in bounded time."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore

from fastsfu.room.outbox import Endpoint, Letter
from fastsfu.transport.addresses import ip_address
from fastsfu.transport.targets import Targets
from fastsfu.webhooks.signing import headers

SECONDS = 15.0  # for all of it
ATTEMPT_SECONDS = 3.0  # for a connection to an address, while there are others
CONNECTIONS = 16  # to one endpoint
MOST_READ = 65_536  # bytes of an answer, so that its connection serves again; more ends that
AGENT = "fastsfu-webhooks/1"


class Refused(Exception):
    """It did not arrive; says why in a few words, for who runs the endpoint."""


class Deliveries:
    """To one endpoint. `trust` verifies its certificate; default: as this machine does."""

    def __init__(self, targets: Targets, trust: ssl.SSLContext | None = None) -> None:
        self._targets = targets
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or ssl.create_default_context(),
            max_connections=CONNECTIONS,
            keepalive_expiry=30.0,
            network_backend=_Network(targets),
        )

    async def post(self, endpoint: Endpoint, letter: Letter) -> None:
        """Raises Refused. Only a status of 2xx counts, and no redirection is followed."""
        try:
            self._targets.check_url(endpoint.url)  # what is allowed may have changed
            async with asyncio.timeout(SECONDS):
                status = await self._send(endpoint, letter)
        except TimeoutError:
            raise Refused(f"no answer within {SECONDS:.0f} s") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise Refused(f"the connection failed: {type(error).__name__}") from None
        except (OSError, ValueError) as error:
            raise Refused(str(error)) from None
        if not 200 <= status < 300:
            raise Refused(f"the answer was {status}")

    async def close(self) -> None:
        await self._pool.aclose()

    async def _send(self, endpoint: Endpoint, letter: Letter) -> int:
        now = time.time()
        secrets = [endpoint.secret]
        if endpoint.former_secret is not None and now < endpoint.former_until:
            secrets.append(endpoint.former_secret)
        said = {
            "content-type": "application/json",
            "user-agent": AGENT,
            **headers(letter.message_id, letter.body, now, secrets),
        }
        async with self._pool.stream(
            "POST", endpoint.url, headers=list(said.items()), content=letter.body.encode()
        ) as response:
            read = 0  # what it says is nothing to us
            async for part in response.aiter_stream():
                read += len(part)
                if read > MOST_READ:
                    break
            return response.status


class _Network(httpcore.AsyncNetworkBackend):
    """Connects where it may, to an address that was looked at and not to a name again."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]).partition("%")[0] for each in found]
        known = dict.fromkeys(addresses)
        open_to_us = [each for each in known if self._targets.may_reach(ip_address(each))]
        if not open_to_us:
            raise OSError("its name leads to no address that is public or was allowed")
        for address in open_to_us[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._backend.connect_tcp(
                    address, port, ATTEMPT_SECONDS, local_address, socket_options
                )
        return await self._backend.connect_tcp(
            open_to_us[-1], port, timeout, local_address, socket_options
        )

    async def connect_unix_socket(self, *_arguments: Any, **_options: Any) -> Any:
        raise OSError("a URL leads to no file")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)
