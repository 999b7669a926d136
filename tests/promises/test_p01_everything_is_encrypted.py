"""P1: everything on the wire is encrypted; a plain-HTTP request to any port gets no page."""

import asyncio
import os
import re
import socket
import ssl
from pathlib import Path

import pytest

from benchmarks.load.server import API_KEY, ServerProcess, free_port
from fastsfu.cores import usable_cores
from fastsfu.errors import OfferError
from fastsfu.events import Event
from fastsfu.sdp.negotiate import read_offer
from tests.support.certificates import shown
from tests.support.server import PUBLISH, live_server

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp


def listening(pid: int) -> dict[str, set[int]]:
    """The ports on which a process takes connections (TCP) or datagrams (UDP)."""
    links = (os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir())
    own = {match[1] for link in links if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
    found: dict[str, set[int]] = {"tcp": set(), "udp": set()}
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[9] in own and (table.startswith("udp") or columns[3] == LISTEN):
                found[table[:3]].add(int(columns[1].rpartition(":")[2], 16))
    return found


def test_plain_http_gets_no_page_from_any_port() -> None:
    metrics = free_port()
    with ServerProcess(environment={"FASTSFU_METRICS_PORT": str(metrics)}) as server:
        ports = listening(server.process.pid)
        media = set(range(server.port, server.port + usable_cores()))  # a port for each worker
        assert ports == {"tcp": {server.port, metrics}, "udp": media}
        for port in ports["tcp"]:
            answer = answer_of(port)
            assert b"HTTP" not in answer
            assert b"<" not in answer
        # The page is there, for who speaks TLS.
        assert "<html" in server.http.get("/").text


def answer_of(port: int) -> bytes:
    """To a plain-HTTP request."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(GET)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer


def test_plain_datagrams_get_no_answer() -> None:
    rtp = bytes([0x80, 96, 0, 1]) + bytes(8) + b"plain media"
    with (
        ServerProcess() as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
    ):
        stranger.connect(("127.0.0.1", server.port))
        for datagram in (GET, rtp, b"\x00" * 20):
            stranger.send(datagram)
        # The server has looked at all of them once it has counted them.
        headers = {"Authorization": f"Bearer {API_KEY}"}
        while received(server.http.get("/metrics", headers=headers).text) < 3:
            pass
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.recv(2048)


def received(metrics: str) -> float:
    name = r"fastsfu_worker_datagrams_received_total\{worker=\"\d+\"\}"
    found = re.findall(rf"^{name} (\S+)", metrics, re.M)
    assert found
    return sum(map(float, found))


async def test_tls_is_1_2_or_newer() -> None:
    async with live_server() as server:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            assert await shown(server.port, minimum_version=version, maximum_version=version)
        assert server.certificate.context.minimum_version == ssl.TLSVersion.TLSv1_2
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", server.port, ssl=context)


async def test_media_is_negotiated_as_dtls_srtp_only() -> None:
    class Mute:
        def send(self, event: Event) -> None: ...

    async with live_server() as server:
        session = await server.sfu.open_session("r", token=server.token("r"), signaler=Mute())
        answer = (await session.offer(PUBLISH)).sdp
        media = re.findall(r"^m=\w+ (\d+) (\S+)", answer, re.M)
        assert [profile for port, profile in media if port != "0"] == ["UDP/TLS/RTP/SAVPF"] * 2
        assert "a=fingerprint:sha-256 " in answer
        assert "a=crypto" not in answer  # SDES would show the keys to who reads the signaling


@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/AVPF"])
def test_offer_of_plain_rtp_is_not_accepted(profile: str) -> None:
    try:
        offer = read_offer(
            PUBLISH.replace("UDP/TLS/RTP/SAVPF", profile),
            video_codecs=["VP8"],
            audio_codecs=["opus"],
        )
    except OfferError:
        return
    assert all(section.rejected_reason for section in offer.sections)


def test_offer_without_fingerprint_is_refused() -> None:
    without = re.sub(r"a=fingerprint:.*\r\n", "", PUBLISH)
    with pytest.raises(OfferError):
        read_offer(without, video_codecs=["VP8"], audio_codecs=["opus"])
