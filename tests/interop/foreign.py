"""Foreign WebRTC implementations as processes that a test drives line by line (peers/main.mjs)."""

import asyncio
import itertools
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription

from tests.support.aiortc_client import Picture, Tone, new_connection
from tests.support.lossy import Wire
from tests.support.server import LiveServer

PEERS = Path(__file__).parent / "peers"
SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CREDENTIALS = re.compile(r"^a=ice-(?:ufrag|pwd):\S+", re.M)
_names = itertools.count(1)


class ForeignError(AssertionError):
    """The implementation did not do what it was asked for; the text is its own."""


class Process:
    """A running adapter; `version` is that of its implementation."""

    name = version = ""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def ask(self, what: str, **members: Any) -> dict[str, Any]:
        """What it answers to a request; raises ForeignError."""
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": number, "do": what, **members}) + "\n"
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        async with asyncio.timeout(20):
            told = await answer
        if "error" in told:
            raise ForeignError(told["error"])
        return told

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if line.startswith(b"{"):  # libraries print what they like
                told = json.loads(line)
                self._waiting.pop(told["id"]).set_result(told)
        for waiting in self._waiting.values():
            waiting.set_result({"error": "the process has ended"})


async def built(program: Path) -> Path:
    """A program in Go, whose modules are pinned in its go.sum; `make test-slow` sees to a compiler.

    Raises FileNotFoundError without one.
    """
    binary = Path("build", program.name).resolve()
    places = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
    compiler = shutil.which("go", path=places) or "go"
    process = await asyncio.create_subprocess_exec(
        *(compiler, "build", "-o", binary, "."), cwd=program
    )
    assert await process.wait() == 0
    return binary


@asynccontextmanager
async def running(command: list[str], **environment: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
        env={**os.environ, **environment},
    )
    adapter = Process(process)
    try:
        adapter.version = (await adapter.ask("version"))["version"]
        yield adapter
    finally:
        await adapter.end()


class Connection:
    """One connection of an adapter to a server, made by WHIP or WHEP over this test's own HTTP."""

    def __init__(self, adapter: Process, server: LiveServer, room: str) -> None:
        self._adapter = adapter
        self._server = server
        self._room = room
        self.name = f"peer-{next(_names)}"
        self._answer = ""
        self._where: httpx.URL | None = None
        self.etag = ""

    async def connect(self, path: str, *, trickle: bool = False, **what: Any) -> None:
        """Offer to `path`; `trickle`: the candidates come after, by PATCH."""
        wire: Wire | None = what.pop("wire", None)
        offer = (await self.ask("offer", **what))["sdp"]
        candidates = "".join(re.findall(r"^a=candidate:.*\r?\n", offer, re.M))
        if trickle:
            offer = re.sub(r"^a=(?:candidate:.*|end-of-candidates)\r?\n", "", offer, flags=re.M)
        made = await self._server.http.post(
            f"v1/{path}", content=offer, headers=SDP | self._authorized()
        )
        assert made.status_code == 201, made.text
        self._where, self.etag = made.url.join(made.headers["location"]), made.headers["etag"]
        self._answer = made.text if wire is None else wire.through(made.text)
        await self.ask("answer", sdp=self._answer)
        if trickle:
            assert candidates
            fragment = "\r\n".join(CREDENTIALS.findall(offer)[:2]) + "\r\n" + candidates
            trickled = await self._patch(fragment, self.etag)
            assert trickled.status_code == 204, trickled.text

    async def restart(self) -> None:
        """New ICE credentials, by PATCH (RFC 9725 section 4.3.3)."""
        offer = (await self.ask("restart"))["sdp"]
        told = await self._patch("\r\n".join(CREDENTIALS.findall(offer)[:2]) + "\r\n", "*")
        assert told.status_code == 200, told.text
        assert told.headers["etag"] != self.etag
        for line in CREDENTIALS.findall(told.text):
            kind = line.partition(":")[0]
            self._answer = re.sub(rf"^{kind}:\S+", line, self._answer, flags=re.M)
        await self.ask("answer", sdp=self._answer)

    async def ask(self, what: str, **members: Any) -> dict[str, Any]:
        return await self._adapter.ask(what, peer=self.name, **members)

    async def frames(self) -> int:
        return int((await self.ask("state"))["frames"])

    async def channel(self, label: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask("state"))["channels"][label]
        return found

    async def close(self) -> None:
        if self._where is not None:
            await self._server.http.delete(self._where, headers=self._authorized())
        await self.ask("close")

    async def _patch(self, fragment: str, etag: str) -> httpx.Response:
        headers = FRAGMENT | self._authorized() | {"If-Match": etag}
        assert self._where is not None
        return await self._server.http.patch(self._where, content=fragment, headers=headers)

    def _authorized(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._server.token(self._room)}"}


@asynccontextmanager
async def far_end(server: LiveServer, path: str, *, sends: bool = False) -> AsyncIterator[Any]:
    """aiortc at the other end of the server, by WHIP or WHEP: its sinks decode what comes."""
    connection, sinks = new_connection()
    if sends:
        connection.addTrack(Tone())
        connection.addTrack(Picture())
    else:
        connection.addTransceiver("video", direction="recvonly")
    await _post(server, connection, path)
    try:
        yield sinks
    finally:
        await connection.close()


async def _post(server: LiveServer, connection: RTCPeerConnection, path: str) -> None:
    await connection.setLocalDescription(await connection.createOffer())
    room = path.partition("/")[2].partition("?")[0]
    headers = SDP | {"Authorization": f"Bearer {server.token(room)}"}
    made = await server.http.post(
        f"v1/{path}", content=connection.localDescription.sdp, headers=headers
    )
    assert made.status_code == 201, made.text
    await connection.setRemoteDescription(RTCSessionDescription(made.text, "answer"))


@contextmanager
def film(folder: Path, frames: int = 30) -> Iterator[Path]:
    """A second or two of VP8 in a file, with a keyframe twice a second for who comes later."""
    path = folder / "film.ivf"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=15)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.options = {"g": "7", "keyint_min": "7", "deadline": "realtime"}
        for number in range(frames):
            pixels = np.full((240, 320, 3), 8 * number % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    yield path
