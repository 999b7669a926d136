"""The call page in a browser, whichever drives it: what the tests ask of it and wait for."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
TIMEOUT = 30.0
POLL = 0.1  # seconds between two looks at getStats, which has no event

# Runs before the page's own scripts: keeps what the page makes, so that a test can look at it.
HOOK = """(() => {
  window.connections = [];
  window.sockets = [];
  const keep = (name, list) => {
    const Native = window[name];
    window[name] = new Proxy(Native, {
      construct(target, args) {
        const made = new target(...args);
        list.push(made);
        return made;
      },
    });
  };
  keep('RTCPeerConnection', window.connections);
  keep('WebSocket', window.sockets);
})();"""

# The live connection's stats as plain arrays by type.
STATS = """(async () => {
  const live = window.connections.filter((one) => one.connectionState !== 'closed').at(-1);
  if (!live) return null;
  const by = {};
  (await live.getStats()).forEach((one) => (by[one.type] ??= []).push({ ...one }));
  return JSON.stringify({
    state: live.connectionState,
    inbound: (by['inbound-rtp'] ?? []).filter((one) => one.kind),
    outbound: (by['outbound-rtp'] ?? []).filter((one) => one.kind),
    transport: by['transport']?.[0] ?? {},
    pair: (by['candidate-pair'] ?? []).filter((one) => one.nominated).at(-1) ?? {},
  });
})()"""

# What the call complains of, for the message of a test that fails.
PROBLEMS = """window.problems ??= (() => {
  const problems = [];
  window.call.on('nonfatal-error', ({ error }) => problems.push(`${error.type}: ${error.info}`));
  return problems;
})()"""

# Shares a screen on which something moves.
SHARE = """(() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
  const paint = canvas.getContext('2d');
  setInterval(() => paint.fillRect(Math.random() * 640, Math.random() * 360, 9, 9), 50);
  return window.call.startScreenShare({ mediaStream: canvas.captureStream(20) });
})()"""


class Driver(Protocol):
    """A page of some browser."""

    async def evaluate(self, expression: str) -> Any:
        """The JavaScript expression's value, promises awaited."""

    async def close(self) -> None:
        """Close the page as a person closes a tab."""


async def until(what: str, look: Callable[[], Awaitable[T]], timeout: float = TIMEOUT) -> T:
    """Look until the result is true; TimeoutError names `what` and the last result."""
    deadline = time.monotonic() + timeout
    while not (result := await look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {what}; it is {result!r}")
        await asyncio.sleep(POLL)
    return result


class CallPage:
    """`window.call` of one page, and what its connection says of itself."""

    def __init__(self, driver: Driver, name: str) -> None:
        self.driver = driver
        self.name = name
        self.closed = False

    async def evaluate(self, expression: str) -> Any:
        return await self.driver.evaluate(expression)

    async def close(self) -> None:
        self.closed = True
        await self.driver.close()

    async def joined(self) -> str:
        """Wait until it is in the call; its session id."""
        await until(
            f"{self.name} to join",
            lambda: self.evaluate("window.call?.meetingState() === 'joined-meeting'"),
        )
        await self.evaluate(PROBLEMS)
        session_id: str = await self.evaluate("window.call.participants().local.session_id")
        return session_id

    async def participants(self) -> dict[str, dict[str, Any]]:
        """Participants by session id (the local one by "local"), without their tracks' objects."""
        found = await self.evaluate(
            """JSON.stringify(window.call.participants(), (key, value) =>
                 value instanceof MediaStreamTrack ? value.kind : value)"""
        )
        return dict(json.loads(found))

    async def stats(self) -> Mapping[str, Any]:
        """The live connection's stats; empty while there is none."""
        found = await self.evaluate(STATS)
        return dict(json.loads(found)) if found else {}

    async def receiving(self, video: int, audio: int, since: Mapping[str, Any] = {}) -> Any:
        """Wait until so many videos decode and so many voices are heard, beyond `since`; stats."""

        async def look() -> Any:
            now = await self.stats()
            enough = self.decoded(now, since) >= video and self.heard(now, since) >= audio
            return now if enough else None

        try:
            return await until(f"{self.name} to get {video} videos, {audio} voices", look)
        except TimeoutError as error:
            problems = await self.evaluate("window.problems.join()")
            raise TimeoutError(f"{error}; {summary(await self.stats())} {problems}") from None

    async def goes_on(self, video: int, audio: int) -> Any:
        """Wait until so many videos and voices make progress from now on."""
        return await self.receiving(video, audio, since=await self.stats())

    @staticmethod
    def decoded(now: Mapping[str, Any], since: Mapping[str, Any] = {}) -> int:
        """How many videos have decoded at least 5 frames beyond `since`."""
        before = {one["id"]: one for one in since.get("inbound", ())}
        return sum(
            one.get("framesDecoded", 0) - before.get(one["id"], {}).get("framesDecoded", 0) >= 5
            for one in now.get("inbound", ())
            if one["kind"] == "video"
        )

    @staticmethod
    def heard(now: Mapping[str, Any], since: Mapping[str, Any] = {}) -> int:
        """How many voices have sounded (audio energy, not only packets) beyond `since`."""
        before = {one["id"]: one for one in since.get("inbound", ())}
        return sum(
            one.get("totalAudioEnergy", 0) > before.get(one["id"], {}).get("totalAudioEnergy", 0)
            for one in now.get("inbound", ())
            if one["kind"] == "audio"
        )


def summary(stats: Mapping[str, Any]) -> str:
    """What matters of the stats when a test fails."""
    wanted = ("kind", "mid", "packetsReceived", "framesDecoded", "keyFramesDecoded", "pliCount")
    inbound = [{name: one.get(name) for name in wanted} for one in stats.get("inbound", ())]
    return f"{stats.get('state')} {stats.get('transport', {}).get('dtlsState')} {inbound}"


def call_url(server: str, room: str, token: str, name: str, *, autojoin: bool = True) -> str:
    """The page's address; it joins by itself, or shows what comes before joining."""
    query = {"t": token, "name": name} | ({"autojoin": "1"} if autojoin else {})
    return f"{server.rstrip('/')}/r/{room}?{urlencode(query)}"
