"""What it costs the event loop that people come into a call, one after the other, each with camera
and microphone, and each received by all who are there.

They are clients of docs/signaling.md over WSS, with the sections that Chromium offers, real ICE and
DTLS; each waits until everybody receives the one before. CPU is that of the server's first thread,
which is the event loop's; `--no-maps` is a client that knows nothing of empty sections.
"""

import asyncio
import json
import re
import ssl
import time
from pathlib import Path
from typing import Annotated, Any

import typer
import websockets

from benchmarks import report
from benchmarks.forward import SERVER_CORE, keep_apart
from benchmarks.load.certificate import Identity
from benchmarks.load.peer import Peer
from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens

ROOM = "joining"
# Sections of the library's offers in Chromium 156: to send a voice and a picture, to receive them.
TEXT = re.split(
    r"^(?=m=)",
    Path(__file__).with_name("traces").joinpath("chromium156_sections.sdp").read_text(),
    flags=re.M,
)[1:]
PROTOCOLS = [websockets.Subprotocol("fastsfu.v1")]
OURS = ("audio", "video")  # what each publishes, in mids 0 and 1
CONSENT_SECONDS = 5.0
LOOK_SECONDS = 0.01
PATIENCE = 30.0
TLS = ssl.create_default_context()
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE  # the server's is self-signed


class Person:
    """One client; `subscriptions` are what it receives, by mid."""

    def __init__(self, identity: Identity, number: int, maps: bool) -> None:
        self.peer = Peer(identity, ssrcs=(1 + 4 * number, 2 + 4 * number))
        self.capabilities = ["confirms", "batches", *(["maps"] if maps else [])]
        self.subscriptions: dict[str, Any] = {}
        self.offers = 0
        self.kinds: list[str] = []  # of the receiving sections, whose mids follow ours
        self.connected = asyncio.Event()

    async def run(self, url: str) -> None:
        """Join, and do what the server asks for, until cancelled."""
        async with websockets.connect(url, ssl=TLS, subprotocols=PROTOCOLS) as self.socket:
            token = Tokens(SECRET).sign(ROOM)
            await self._say("join", room=ROOM, token=token, capabilities=self.capabilities)
            async for text in self.socket:
                message = json.loads(text)
                if message["type"] == "joined":
                    await self._offer(message["sections"])
                elif message["type"] == "answer":
                    await self._answered(message)
                elif message["type"] == "sections":
                    await self._follow(message)
                elif message["type"] == "error":
                    raise RuntimeError(message["info"])

    async def _say(self, kind: str, **members: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **members}))

    async def _follow(self, message: dict[str, Any]) -> None:
        if message.get("subscriptions"):
            self.subscriptions |= message["subscriptions"]
            await self._say("confirm", revision=message["revision"])
        if message.get("offer", True):
            await self._offer(message)

    async def _offer(self, wanted: dict[str, int]) -> None:
        for kind in OURS:
            self.kinds += [kind] * (wanted[kind] - self.kinds.count(kind))
        self.offers += 1
        tracks = {str(mid): kind for mid, kind in enumerate(OURS)}
        await self._say("offer", id=self.offers, sdp=self._sdp(), tracks=tracks)

    async def _answered(self, answer: dict[str, Any]) -> None:
        self.subscriptions = answer["subscriptions"]
        if not self.connected.is_set():
            await asyncio.to_thread(self.peer.connect, answer["sdp"])
            self.connected.set()
        revision = answer.get("revision")
        await self._say("confirm", **({} if revision is None else {"revision": revision}))

    def _sdp(self) -> str:
        kinds = [*OURS, *self.kinds]
        mids = " ".join(str(mid) for mid in range(len(kinds)))
        lines = ["v=0", f"o=- 1 {self.offers} IN IP4 127.0.0.1", "s=-", "t=0 0"]
        lines += [f"a=group:BUNDLE {mids}", "a=extmap-allow-mixed"]
        for mid, kind in enumerate(kinds):
            lines += self._section(mid, kind).splitlines()
        return "\r\n".join(lines) + "\r\n"

    def _section(self, mid: int, kind: str) -> str:
        own = mid < len(OURS)
        text = (
            TEXT[OURS.index(kind) + (0 if own else len(OURS))]
            .replace("UFRAG", self.peer.ufrag)
            .replace("PASSWORD", self.peer.password)
            .replace("FINGERPRINT", self.peer.identity.fingerprint)
            .replace("MID", str(mid))
        )
        return text + (f"a=ssrc:{self.peer.ssrcs[mid]} cname:load\n" if own else "")


async def keep_consent(people: list[Person]) -> None:
    """RFC 7675."""
    while True:
        await asyncio.sleep(CONSENT_SECONDS)
        for person in people:
            if person.connected.is_set():
                person.peer.socket.send(person.peer.consent_check)


async def all_receive(people: list[Person]) -> None:
    """Wait until everybody receives everybody else."""
    deadline = time.monotonic() + PATIENCE
    wanted = len(OURS) * (len(people) - 1)
    while any(len(one.subscriptions) < wanted or not one.connected.is_set() for one in people):
        if time.monotonic() > deadline:
            raise TimeoutError("somebody does not receive everybody")
        await asyncio.sleep(LOOK_SECONDS)


async def come(server: ServerProcess, count: int, maps: bool) -> list[int]:
    """Let them all come; the event loop's CPU time of each join, in ns, and the offers made."""
    url = server.url.replace("https:", "wss:") + "/v1/signal"
    identity = Identity.generate()
    people: list[Person] = []
    spent = []
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(keep_consent(people))]
        for number in range(count):
            before = server.usage().main_thread_ns
            people.append(Person(identity, number, maps))
            running.append(tasks.create_task(people[-1].run(url)))
            await all_receive(people)
            spent.append(server.usage().main_thread_ns - before)
        for task in running:
            task.cancel()
    for person in people:
        person.peer.socket.close()
    return [*spent, sum(person.offers for person in people)]


def run(people: int, maps: bool, core: int | None = None) -> dict[str, Any]:
    """One storm."""
    settings = {"FASTSFU_MAX_STREAMS": str(4 * (people + 2) ** 2)}
    with ServerProcess(core=core, environment=settings) as server:
        *spent, offers = asyncio.run(come(server, people, maps))
    return {
        "scenario": "joining",
        "params": {"people": people, "maps": maps},
        "event_loop_s": round(sum(spent) / 1e9, 3),
        "last_join_ms": round(spent[-1] / 1e6, 1),
        "most_join_ms": round(max(spent) / 1e6, 1),
        "offers": offers,
    }


def main(
    people: Annotated[int, typer.Option(help="How many come.")] = 40,
    maps: Annotated[bool, typer.Option(help="They take what `sections` says.")] = True,
) -> None:
    """Measure on this machine: the server on core 0, the load on core 1."""
    keep_apart()
    report.print_json(report.complete(run(people, maps, SERVER_CORE)))


if __name__ == "__main__":
    typer.run(main)
