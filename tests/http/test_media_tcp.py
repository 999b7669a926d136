"""Media over TCP where the application has the HTTPS port: at a port of its own, or a warning."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from aioice.turn import create_turn_endpoint

import fastsfu
from fastsfu.http.media_tcp import MediaTcp, relays_over_tcp
from fastsfu.http.tls import self_signed
from tests.http.test_door import Peer
from tests.support.server import DEFAULTS, SECRET

LOOPBACK = "127.0.0.1"


def configured(**options: Any) -> fastsfu.Config:
    return fastsfu.Config(**{**DEFAULTS, "media_tcp_port": 0, **options})


def media_of(sfu: fastsfu.SFU) -> MediaTcp:
    (found,) = [each for each in sfu.beside if isinstance(each, MediaTcp)]
    return found


@pytest.mark.parametrize("tls", [False, True])
async def test_an_embedded_server_relays_over_tcp_and_tls(tls: bool, tmp_path: Path) -> None:
    pair = self_signed(["localhost"], [LOOPBACK])
    (tmp_path / "cert.pem").write_bytes(pair.chain)
    (tmp_path / "key.pem").write_bytes(pair.key)
    files = {"cert": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}
    sfu = fastsfu.SFU(configured(turn_allowed_peers="127.0.0.0/8", **files))
    fastsfu.asgi_app(sfu)
    async with sfu:
        port = media_of(sfu).port
        session = await sfu.open_session("r", grant=fastsfu.Grant("r"))
        ours = session.ice_servers()[-1]
        name = "turns:localhost" if tls else f"turn:{LOOPBACK}"
        assert f"{name}:{port}?transport=tcp" in ours.urls
        loop = asyncio.get_running_loop()
        transport, end = await loop.create_datagram_endpoint(Peer, local_addr=(LOOPBACK, 0))
        trust = ssl.create_default_context(cadata=pair.chain.decode())
        relayed, _ = await create_turn_endpoint(
            Peer,
            server_addr=("localhost", port),
            username=ours.username,
            password=ours.credential,
            ssl=trust if tls else False,
            transport="tcp",
        )
        relayed.sendto(b"a", transport.get_extra_info("sockname"))
        async with asyncio.timeout(10):
            assert (await end.received.get())[0] == b"a"
        relayed._TurnTransport__inner_protocol.transport.abort()
        transport.close()
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            async with httpx.AsyncClient(verify=trust) as http:
                await http.get(f"https://localhost:{port}/")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port), 5)


async def test_its_port_is_among_the_candidates_of_an_answer_and_open_as_often_as_the_sfu() -> None:
    sfu = fastsfu.SFU(configured())
    fastsfu.asgi_app(sfu)
    fastsfu.asgi_app(sfu)
    for _ in range(2):
        async with sfu:
            candidates = [each for engine in sfu.engines for each in engine.candidates if each.tcp]
            assert {each.port for each in candidates} == {media_of(sfu).port}


async def test_a_port_that_is_taken_is_named_and_nothing_stays_open() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        sfu = fastsfu.SFU(configured(media_tcp_port=port))
        fastsfu.asgi_app(sfu)
        with pytest.raises(fastsfu.FastSFUError, match=f"TCP {LOOPBACK}:{port}"):
            await sfu.__aenter__()
        assert not sfu.running
    async with sfu:
        assert media_of(sfu).port == port


async def test_what_is_missing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    for options, warns in (
        ({}, True),
        ({"turn_urls": ["turns:relay.example:5349"], "turn_secret": SECRET}, False),
    ):
        sfu = fastsfu.SFU(configured(media_tcp_port=None, **options))
        fastsfu.asgi_app(sfu)
        async with sfu:
            assert ("media goes by UDP alone" in caplog.text) == warns
        caplog.clear()


@pytest.mark.parametrize(
    ("url", "helps"),
    [
        ("turn:relay.example", False),
        ("turn:relay.example?transport=udp", False),
        ("turn:relay.example?transport=tcp", True),
        ("turns:relay.example", True),
    ],
)
def test_which_relays_help(url: str, helps: bool) -> None:
    assert relays_over_tcp(configured(turn_urls=[url], turn_secret=SECRET)) == helps
