"""Recorded senders: what they send has no seam, and a server takes them for a browser."""

import asyncio
import re
import struct
from itertools import pairwise
from pathlib import Path

from benchmarks.load.peer import AUDIO_PT
from benchmarks.load.server import SECRET, ServerProcess
from benchmarks.quality import recording
from benchmarks.quality.recording import SECONDS, Listener, Recording, Unit
from benchmarks.quality.replay import Sender
from benchmarks.quality.streams import RED_PT, Picture, Voice
from fastsfu.auth.tokens import Tokens
from tests.support.domain_peer import until
from tests.support.layers import slow_vp8
from tests.support.red import slow_red

HOST = "127.0.0.1"
LAYERS = (0, 2, 1, 2)


def film(lines: int) -> list[Unit]:
    """Thirty pictures a second of two packets each, of which the first is a keyframe."""
    return [
        Unit(number / 30, [packet(number, lines, begins=begins) for begins in (True, False)])
        for number in range(30 * SECONDS)
    ]


def packet(number: int, lines: int, *, begins: bool) -> bytes:
    layer = LAYERS[number % 4]
    head = struct.pack("!BBHBB", 0x90 if begins else 0x80, 0xE0, 0x8000, 0, layer << 6 | 0x20)
    key = struct.pack("<3sBBBHH", b"\x10\0\0", 0x9D, 1, 0x2A, lines * 16 // 9, lines)
    return head + (key if number == 0 else b"\x11\0\0") + bytes(200)


def made() -> Recording:
    voice = [Unit(n / 50, [bytes([n % 256]) * 40], 30) for n in range(50 * SECONDS)]
    return {"voice": voice, "180": film(180), "360": film(360)}


def test_a_file_has_what_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "recording.npz"
    recording.save(path, made())
    assert recording.read(path) == made()


def test_a_picture_goes_on_over_its_loops_and_keyframes() -> None:
    stream = Picture(film(180), "h", 180)
    stream.begin(1000.0)
    sent = []
    for number in range(30 * SECONDS + 100):
        if number == 50:
            stream.begin(stream.due)
        sent += [(struct.unpack("!BBHII", fixed), payload) for fixed, _, payload in stream.take()]
    assert all((b[0][2] - a[0][2]) % 65536 == 1 for a, b in pairwise(sent))
    assert [fixed[1] >> 7 for fixed, _ in sent[:4]] == [0, 1, 0, 1]
    said = [slow_vp8(payload) or {} for _, payload in sent[::2]]
    assert [n for n, each in enumerate(said) if each["key"]] == [0, 50, 50 + 30 * SECONDS]
    assert all((b["picture_id"] - a["picture_id"]) % 0x8000 == 1 for a, b in pairwise(said))
    assert all(
        (b["tl0picidx"] - a["tl0picidx"]) % 256 == (b["tid"] == 0) for a, b in pairwise(said)
    )
    assert all((b[0][3] - a[0][3]) % 2**32 == 3000 for a, b in pairwise(sent[::2]))
    assert stream.keyframes == 3


def test_a_voice_says_each_packet_twice_where_that_is_taken() -> None:
    stream = Voice(made()["voice"])
    stream.begin(1000.0, 0.5)
    [(_, _, payload)] = stream.take()
    assert payload == bytes([900 % 256]) * 40
    stream.pt = RED_PT
    [(_, _, payload)] = stream.take()
    before, now = bytes([900 % 256]) * 40, bytes([901 % 256]) * 40
    assert slow_red(payload) == [(AUDIO_PT, 960, before), (AUDIO_PT, 0, now)]


async def test_a_server_takes_it_for_a_browser() -> None:
    with ServerProcess(environment={"FASTSFU_TOPOLOGY": "sfu"}) as server:
        url = re.sub("^https", "wss", server.url) + "/v1/signal"
        sender = Sender("Ada", made(), 0.0, HOST, HOST)
        listener = Listener(180, HOST)
        people = (sender, listener)
        runs = [
            *(one.run(url, "room", Tokens(SECRET).sign("room")) for one in people),
            *(one.stay() for one in people),
            *(one.report() for one in people),
            sender.play(),
        ]
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(run) for run in runs]
            async with asyncio.timeout(60):
                await listener.flows.wait()
            large, small = sender.pictures
            assert sender.voice.pt == RED_PT
            await until("the size that nobody wants to rest", lambda: not large.active, 60)
            before = small.keyframes
            listener.begin()
            await until("the keyframe it asks for", lambda: small.keyframes > before, 60)
            assert small.active
            for task in running:
                task.cancel()
