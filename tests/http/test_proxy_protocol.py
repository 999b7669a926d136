"""Load balancers that say whom a connection comes from, and others that must not."""

import asyncio
import ipaddress
import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.http.proxy_protocol import MOST, SIGNATURE, client_of, missing
from tests.support.server import live_server

LINE = b"PROXY TCP4 192.0.2.1 192.0.2.9 51000 443\r\n"
LINE_V6 = b"PROXY TCP6 2001:db8::1 2001:db8::9 51000 443\r\n"


def binary(
    client: str, *, command: int = 0x21, family: int | None = None, tlvs: bytes = b""
) -> bytes:
    """Section 2.2."""
    address = ipaddress.ip_address(client).packed
    kind = (0x11 if len(address) == 4 else 0x21) if family is None else family
    body = address * 2 + b"\xc7\x38\x01\xbb" + tlvs
    return SIGNATURE + bytes([command, kind]) + len(body).to_bytes(2, "big") + body


GOOD = {
    LINE: ("192.0.2.1", 51000),
    LINE_V6: ("2001:db8::1", 51000),
    b"PROXY UNKNOWN\r\n": None,
    b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n": None,
    binary("192.0.2.1"): ("192.0.2.1", 51000),
    binary("2001:db8::1", tlvs=b"\x04\0\4abcd"): ("2001:db8::1", 51000),
    binary("192.0.2.1", command=0x20): None,
}


@pytest.mark.parametrize(("header", "client"), GOOD.items())
def test_the_client_is_read(header: bytes, client: tuple[str, int] | None) -> None:
    assert missing(header) == 0
    assert client_of(header) == client
    for cut in range(len(header)):
        assert 0 < missing(header[:cut]) <= len(header) - cut


BAD = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(20),
    b"PROXY TCP4 192.0.2.1 192.0.2.9 51000\r\n",
    b"PROXY TCP4 2001:db8::1 192.0.2.9 51000 443\r\n",
    b"PROXY TCP4 nobody 192.0.2.9 51000 443\r\n",
    b"PROXY UDP4 192.0.2.1 192.0.2.9 51000 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 51000 443\n.....",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 65536 443\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 -1 443\r\n",
    b"PROXY TCP4 " + b"1" * 120,
    binary("192.0.2.1", family=0x12),
    binary("192.0.2.1", family=0x21)[:16] + bytes(12),
    binary("192.0.2.1", command=0x22),
    binary("192.0.2.1", tlvs=bytes(MOST)),
)


@pytest.mark.parametrize("header", BAD)
def test_what_is_none_is_an_error(header: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT012  # one of the two
        missing(header)
        client_of(header)


@given(st.binary(max_size=200), st.sampled_from(list(GOOD)), st.integers(0, 60))
def test_whatever_comes_is_a_header_or_a_value_error(noise: bytes, good: bytes, at: int) -> None:
    for data in (noise, good[:at] + noise + good[at + len(noise) :]):
        with suppress(ValueError):
            while more := missing(data):
                data += bytes(more)
            client_of(data)


async def answer_behind(port: int, tls: ssl.SSLContext, header: bytes, *, slowly: bool) -> bytes:
    """Of /healthz, where a load balancer says `header` first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in (header[:7], header[7:20], header[20:]) if slowly else (header,):
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.02 if slowly else 0)
    try:
        await writer.start_tls(tls, server_hostname="localhost")
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return await reader.read()
    except (ConnectionError, ssl.SSLError, EOFError):
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize("header", GOOD)
async def test_a_load_balancer_is_understood(header: bytes, slowly: bool) -> None:
    async with live_server(proxy_networks=["127.0.0.0/8"]) as server:
        answer = await answer_behind(server.port, server.tls, header, slowly=slowly)
        assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("header", [b"", *BAD[1:3]])
async def test_without_a_header_it_is_closed(header: bytes) -> None:
    async with live_server(proxy_networks=["127.0.0.0/8"]) as server:
        assert await answer_behind(server.port, server.tls, header, slowly=False) == b""


async def test_nobody_else_may_say_one() -> None:
    async with live_server(proxy_networks=["192.0.2.0/24"]) as server:
        assert await answer_behind(server.port, server.tls, LINE, slowly=False) == b""
        assert (await answer_behind(server.port, server.tls, b"", slowly=False))[9:12] == b"200"


async def test_connections_count_for_the_clients_they_come_from() -> None:
    options = {"proxy_networks": ["127.0.0.0/8"], "max_connections_per_address": 1}
    async with live_server(**options) as server:
        held = []
        for last in range(1, 4):  # three clients behind one load balancer
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(binary(f"192.0.2.{last}"))
            held.append(writer)
        answer = await answer_behind(server.port, server.tls, binary("192.0.2.9"), slowly=False)
        assert answer.startswith(b"HTTP/1.1 200")
        refused, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(binary("192.0.2.1"))
        assert await refused.read() == b""
        for each in (*held, writer):
            each.close()
