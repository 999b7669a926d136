"""What one Chromium sends, recorded once, so that many can send the same without an encoder each:
a picture in two sizes (RTP payloads of VP8 in three temporal layers) and a voice (Opus).

It is a file under `build/quality`, made in a call of its own, and plays in a loop that begins with
a keyframe.
"""

import asyncio
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy
from playwright.async_api import async_playwright

from benchmarks.load.certificate import Identity
from benchmarks.load.peer import AUDIO_PT, VIDEO_FORMATS, Peer
from benchmarks.load.person import Person
from benchmarks.quality import pages
from benchmarks.quality.link import BUILD, CLEAN, Link
from benchmarks.quality.servers import FastSFU
from tests.support.network import SERVER, Namespaces
from tests.support.rtp import slow_parse

# Of the loop: those of film and speech are parts of it, and a go is over before its next keyframe.
SECONDS = 36
LEAST_FRAMES = 28 * SECONDS
WARM = 6.0  # seconds until a sender's estimate lets it send all
PATIENCE = 20.0
REPORT_SECONDS = 1.0
LEVEL_ID = 1  # of RFC 6464's extension in the sections of person.TEXT
VIDEO_PT = VIDEO_FORMATS["VP8"][0]
CLOCK_RATES = {AUDIO_PT: 48_000, VIDEO_PT: 90_000}


@dataclass(frozen=True)
class Unit:
    """A frame's packets, or one of sound. `at`: seconds after the first one; -`level` in dBov."""

    at: float
    payloads: Sequence[bytes]
    level: int = 127


Recording = Mapping[str, Sequence[Unit]]  # "voice", and each picture by its lines


async def recorded(height: int) -> Recording:
    """Of a picture of so many lines, and of half of it; made first when there is none."""
    made = BUILD / f"recording-{height}.npz"
    if not made.exists():
        save(made, await _record(height))
    return read(made)


def read(made: Path) -> Recording:
    """From a file of `save`."""
    with numpy.load(made) as arrays:
        return {str(name): list(_units(name, arrays)) for name in arrays["names"]}


def save(made: Path, recording: Recording) -> None:
    """Into an .npz file."""
    arrays: dict[str, Any] = {"names": list(recording)}
    for name, units in recording.items():
        payloads = [payload for unit in units for payload in unit.payloads]
        arrays |= {
            f"{name}-at": [unit.at for unit in units],
            f"{name}-level": [unit.level for unit in units],
            f"{name}-packets": [len(unit.payloads) for unit in units],
            f"{name}-sizes": [len(payload) for payload in payloads],
            f"{name}-bytes": numpy.frombuffer(b"".join(payloads), "u1"),
        }
    unfinished = made.with_suffix(".unfinished.npz")
    numpy.savez(unfinished, **arrays)
    unfinished.replace(made)


def _units(name: str, arrays: Any) -> Iterator[Unit]:
    ends = numpy.cumsum(arrays[f"{name}-sizes"]).tolist()
    content = arrays[f"{name}-bytes"].tobytes()
    payloads = iter([content[since:until] for since, until in pairwise([0, *ends])])
    columns = (arrays[f"{name}-{column}"].tolist() for column in ("at", "level", "packets"))
    for at, level, packets in zip(*columns, strict=True):
        yield Unit(at, [next(payloads) for _ in range(packets)], level)


async def _record(height: int) -> Recording:
    async with AsyncExitStack() as stack:
        network = stack.enter_context(Namespaces())
        stack.enter_context(Link(network, 0, "sender", ((0.0, CLEAN),)))
        server = stack.enter_context(FastSFU(network))
        directory = Path(stack.enter_context(TemporaryDirectory()))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await pages.browser(playwright, network, "sender", directory, server.url, height)
        stack.push_async_callback(browser.close)
        sender = await pages.open_page(browser, server, "Ada")
        options = {"height": height, "codec": None, "screen": False, "tile": None}
        await sender.enter(server.options("recording", "Ada") | options)
        return await asyncio.to_thread(_listen, network, server, height)


def _listen(network: Namespaces, server: FastSFU, height: int) -> Recording:
    """Beside the server: sockets belong where the thread is that makes them."""

    async def listen() -> Recording:
        listeners = [Listener(lines, SERVER) for lines in (height // 2, height)]
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(run)
                for each in listeners
                for run in (
                    each.run(server.signaling, "recording", server.token("recording", "Ben")),
                    each.stay(),
                    each.report(),
                )
            ]
            async with asyncio.timeout(PATIENCE):
                for each in listeners:
                    await each.flows.wait()
            await asyncio.sleep(WARM)
            for each in listeners:
                each.begin()
            await asyncio.sleep(SECONDS + 1)
            for task in running:
                task.cancel()
        pictures = {str(each.lines): each.picture() for each in listeners}
        return {"voice": listeners[0].voice(), **pictures}

    with network.inside("server"):
        return asyncio.run(listen())


@dataclass(frozen=True)
class Packet:
    seq: int
    ts: int
    level: int
    payload: bytes


class Listener(Person):
    """Takes all that comes of one sender, of its picture so many lines."""

    def __init__(self, lines: int, host: str) -> None:
        super().__init__(Peer(Identity.generate(), host=host), sends=())
        self.lines = lines
        self.flows = asyncio.Event()
        self._packets: dict[int, list[Packet]] = {AUDIO_PT: [], VIDEO_PT: []}
        self._ssrcs: dict[int, int] = {}

    async def heard(self, message: dict[str, Any]) -> None:
        await super().heard(message)
        if message["type"] == "joined":
            wish = {"video": {"max_height": self.lines}}
            await self.say("receive-settings", settings={"*": wish})

    async def report(self) -> None:
        """What comes, until cancelled."""
        await self.connected.wait()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.peer.socket, self._read)
        while True:
            self._send_rtcp(0xC9, 0, b"".join(map(self._block, self._ssrcs)))
            await asyncio.sleep(REPORT_SECONDS)

    def begin(self) -> None:
        """What came so far does not count; ask for a keyframe."""
        for packets in self._packets.values():
            packets.clear()
        self._send_rtcp(206, 1, struct.pack("!I", self._ssrcs[VIDEO_PT]))

    def voice(self) -> Sequence[Unit]:
        """Raises RuntimeError when some of it is missing."""
        packets = self._packets[AUDIO_PT]
        return list(_loop(packets, CLOCK_RATES[AUDIO_PT]))

    def picture(self) -> Sequence[Unit]:
        """From the keyframe on. Raises RuntimeError when some of it is missing."""
        packets = self._packets[VIDEO_PT]
        begin = next((n for n, each in enumerate(packets) if is_key(each.payload)), len(packets))
        units = list(_loop(packets[begin:], CLOCK_RATES[VIDEO_PT]))
        if any(not is_numbered(payload) for unit in units for payload in unit.payloads):
            raise RuntimeError("a payload descriptor of VP8 without the usual numbers")
        if len(units) < LEAST_FRAMES:
            raise RuntimeError(f"{len(units)} pictures of {self.lines} lines: a machine too busy")
        return units

    def _read(self) -> None:
        while True:
            try:
                datagram = self.peer.socket.recv(2048)
            except BlockingIOError:
                return
            if 128 <= datagram[0] < 192 and not 192 <= datagram[1] < 224:
                self._take(self.peer.unprotect.unprotect(datagram))

    def _take(self, packet: bytes) -> None:
        header = slow_parse(packet)
        if header is None or header["pt"] not in self._packets:  # RTX: of probes, here
            return
        until = len(packet) - (packet[-1] if header["has_padding"] else 0)
        payload = packet[header["header_size"] : until]
        if not payload:
            return
        offset, size = header["extension_offset"], header["extension_size"]
        level = _level(packet[offset : offset + size])
        self._ssrcs[header["pt"]] = header["ssrc"]
        self._packets[header["pt"]].append(Packet(header["seq"], header["ts"], level, payload))
        if all(self._packets.values()):
            self.flows.set()

    def _block(self, pt: int) -> bytes:
        """RFC 3550 section 6.4.1: nothing is lost."""
        newest = self._packets[pt][-1].seq if self._packets[pt] else 0
        return struct.pack("!IIIIII", self._ssrcs[pt], 0, newest, 0, 0, 0)

    def _send_rtcp(self, kind: int, count: int, body: bytes) -> None:
        if kind == 0xC9:
            count = len(body) // 24
        packet = struct.pack("!BBHI", 0x80 | count, kind, 1 + len(body) // 4, 1) + body
        self.peer.socket.send(self.peer.protect.protect_rtcp(packet))


def is_key(payload: bytes) -> bool:
    """It begins a keyframe of VP8 (RFC 7741)."""
    head = descriptor_size(payload)
    return payload[0] & 0x1F == 0x10 and len(payload) > head and not payload[head] & 1


def is_numbered(payload: bytes) -> bool:
    """Its descriptor has a picture id of 15 bits, TL0PICIDX and a temporal layer."""
    return payload[0] & 0x80 != 0 and payload[1] & 0xE0 == 0xE0 and payload[2] & 0x80 != 0


def descriptor_size(payload: bytes) -> int:
    """Bytes of VP8's payload descriptor (RFC 7741 section 4.2)."""
    if not payload[0] & 0x80:
        return 1
    said = payload[1]
    numbers = (1 + (payload[2] >> 7)) if said & 0x80 else 0
    return 2 + numbers + bool(said & 0x40) + bool(said & 0x30)


def _level(extensions: bytes) -> int:
    """RFC 6464, among one-byte elements (RFC 8285); 127: it is not said."""
    while extensions:
        head, size = extensions[0], (extensions[0] & 15) + 1 if extensions[0] else 0
        if head >> 4 == LEVEL_ID:
            return extensions[1] & 127
        extensions = extensions[1 + size :]
    return 127


def _loop(packets: Sequence[Packet], clock_rate: int) -> Iterator[Unit]:
    """SECONDS of it."""
    if any((after.seq - before.seq) % 65536 != 1 for before, after in pairwise(packets)):
        raise RuntimeError("not all that was sent could be recorded")
    for ts, group in groupby(packets, lambda one: one.ts):
        unit = list(group)
        at = (ts - packets[0].ts) % 2**32 / clock_rate
        if at >= SECONDS:
            return
        yield Unit(at, [one.payload for one in unit], unit[0].level)
    raise RuntimeError("too little was recorded")
