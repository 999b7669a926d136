"""What two people notice when a third one comes and leaves: P2P to the SFU and back, in Chromium.

Two call pages talk directly. A third page joins by its button, so everybody goes over to the SFU;
then it leaves, and the two go back to a direct connection. Each go has a fresh third page. For each
change, of both who stay: the longest time between two pictures that were shown
(requestVideoFrameCallback), the longest time without sound at the speakers (an AudioWorklet that
hears what the page plays; the microphones give a tone), the longest run of sound that the browser
made up, and how long it took. The same is measured while nothing changes, and while a third page
comes to a call that the SFU carries anyway: that is the machine, and the share of the change is the
rest.
"""

import asyncio
import json
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from playwright.async_api import Browser, async_playwright
from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.support import chromium, continuity
from tests.support.continuity import CAMERA, WATCHING, Watched
from tests.support.page import CallPage, call_url, until

ROOM = "switch"
WITNESS = (Path(__file__).parent / "load" / "witness.js").read_text()
BACK_AFTER = 2.0  # seconds with two, until they go back
DIRECT = 4.0  # seconds that two talk before a third one comes
STEADY = 4.0  # seconds to watch while nothing changes
SETTLE = 1.0  # seconds after a change that still belong to it
WANTED = {"picture_ms": 250.0, "sound_ms": 100.0, "switched_ms": 1000.0}
TAKE = """(() => {
  const { sounds, topologies, joins } = window.witness;
  const taken = JSON.stringify(window.witness);
  for (const list of [sounds, topologies, joins]) list.length = 0;
  return taken;
})()"""
TRACKS = """JSON.stringify(Object.values(window.call.participants())
  .filter(({ local }) => !local)
  .map(({ user_name, tracks }) => [user_name, tracks.video.persistentTrack?.id]))"""


@dataclass(frozen=True)
class Change:
    """Milliseconds. `sound_ms`: without any at the speakers; `made_up_ms`: concealed in one go;
    `announced_ms` and `switched_ms`: until all know, and until all see each other the new way.
    """

    picture_ms: float
    sound_ms: float
    made_up_ms: float
    announced_ms: float | None = None
    switched_ms: float | None = None


@dataclass(frozen=True)
class Seen:
    """What one page noticed since the last look."""

    watched: Watched
    sounds: list[tuple[float, float]]  # when a silence ended, and its length
    topologies: list[tuple[float, str]]
    joins: list[float]


class Conversation:
    """Ada and Ben, and whoever joins them."""

    def __init__(self, browser: Browser, server: ServerProcess, carrier: str, height: int) -> None:
        self.browser = browser
        self.server = server
        self.carrier = carrier
        self.script = CAMERA.format(height=height) + WATCHING + WITNESS
        self.staying: list[CallPage] = []

    async def begin(self) -> None:
        for name in ("Ada", "Ben"):
            self.staying.append(await self._open(name))
            await self._join(self.staying[-1])
        for page in self.staying:
            await self._carried_by(self.carrier, page)
            await page.receiving(video=1, audio=1)

    async def steady(self) -> Change:
        await self._take()
        await asyncio.sleep(STEADY)
        return gaps(self.staying, await self._take())

    async def arrival(self) -> Change:
        """A third one comes, and nothing changes; then it leaves."""
        third = await self._open("Cy")
        pages = [*self.staying, third]
        await self._take()
        await self._join(third)
        for page in pages:
            await page.goes_on(video=2, audio=2)
        await asyncio.sleep(SETTLE)
        seen = await self._take()
        await third.close()
        for page in self.staying:
            await page.goes_on(video=1, audio=1)
        return gaps(self.staying, seen)

    async def once(self) -> tuple[Change, Change]:
        """There and back."""
        await asyncio.sleep(DIRECT)
        third = await self._open("Cy")
        pages = [*self.staying, third]
        await self._take()
        await self._join(third)
        for page in pages:
            await self._carried_by("sfu", page)
        tracks = await self._all_shown(pages)
        await asyncio.sleep(SETTLE)
        there = await self._take(*pages)
        joined = there[-1].joins[-1]
        to_sfu = gaps(self.staying, there, joined, moments(there, "sfu", tracks))
        left = await third.evaluate("Date.now()")
        await third.close()
        for page in self.staying:
            await self._carried_by("peer", page)
        tracks = await self._all_shown(self.staying)
        await asyncio.sleep(SETTLE)
        back = await self._take()
        due = left + BACK_AFTER * 1000
        return to_sfu, gaps(self.staying, back, due, moments(back, "peer", tracks))

    async def _open(self, name: str) -> CallPage:
        token = Tokens(SECRET).sign(ROOM, name=name)
        url = call_url(self.server.url, ROOM, token, name, autojoin=False)
        page = await chromium.open_page(
            self.browser, url, self.script, bypass_csp=True, viewport=chromium.SMALL_WINDOW
        )
        return CallPage(page, name)

    async def _join(self, page: CallPage) -> None:
        """By its button, when the camera is on."""
        ready = (
            "!document.querySelector('#prejoin').hidden && window.call?.participants().local.video"
        )
        await until(f"{page.name} to see themselves", lambda: page.evaluate(ready))
        await page.evaluate("document.querySelector('#join-button').click()")
        await page.joined()

    async def _carried_by(self, carrier: str, page: CallPage) -> None:
        wanted = f"window.call.getNetworkTopology().then((one) => one.topology === '{carrier}')"
        await until(f"{page.name} to use {carrier}", lambda: page.evaluate(wanted))

    async def _all_shown(self, pages: Sequence[CallPage]) -> list[dict[str, str]]:
        """Wait until nothing of the old way is left; by page, whose picture is which track."""
        alive = "window.connections.filter((one) => one.connectionState !== 'closed').length"
        count = 1 if len(pages) > 2 else 2  # the way to the SFU stays
        for page in pages:
            await until("one way", partial(page.evaluate, f"{alive} === {count}"))
            await page.goes_on(video=len(pages) - 1, audio=len(pages) - 1)
        return [dict(json.loads(await page.evaluate(TRACKS))) for page in pages]

    async def _take(self, *pages: CallPage) -> list[Seen]:
        return [await take(page) for page in pages or self.staying]


async def take(page: CallPage) -> Seen:
    found = json.loads(await page.evaluate(TAKE))
    return Seen(await continuity.take(page), **found)


def moments(seen: Sequence[Seen], topology: str, tracks: list[dict[str, str]]) -> list[float]:
    """When the last one knew, and when the last picture was there."""
    announced = max(one.topologies[-1][0] for one in seen if one.topologies)
    assert all(one.topologies[-1][1] == topology for one in seen if one.topologies)
    shown = (
        one.watched.times("shown", track)[0]
        for one, by_name in zip(seen, tracks, strict=True)
        for track in by_name.values()
    )
    return [announced, max(shown)]


def gaps(
    pages: Sequence[CallPage], seen: Sequence[Seen], since: float = 0.0, at: Sequence[float] = ()
) -> Change:
    """The worst of both who stay, each of the other."""
    first, second = pages
    watched = ((seen[0], second.name), (seen[1], first.name))
    return Change(
        round(max(one.watched.pictures[name] for one, name in watched), 1),
        round(max((ms for one, _ in watched for _, ms in one.sounds), default=0.0), 1),
        round(max(one.watched.silence.get(name, 0.0) for one, name in watched), 1),
        *(round(time - since, 1) for time in at),
    )


@asynccontextmanager
async def conversation(carrier: str, height: int, **options: str) -> AsyncIterator[Conversation]:
    """Two who talk over this carrier."""
    with ServerProcess(environment=options) as server:
        async with async_playwright() as playwright:
            browser = await chromium.launch(playwright)
            talk = Conversation(browser, server, carrier, height)
            await talk.begin()
            yield talk
            await browser.close()


async def measure(goes: int, height: int) -> dict[str, list[Change]]:
    async with conversation("sfu", height, FASTSFU_TOPOLOGY="sfu") as talk:
        arrivals = [await talk.arrival() for _ in range(goes)]
    async with conversation("peer", height, FASTSFU_BACK_TO_P2P_AFTER=str(BACK_AFTER)) as talk:
        steady = [await talk.steady()]
        there, back = zip(*[await talk.once() for _ in range(goes)], strict=True)
    return {"steady": steady, "arrival": arrivals, "to_sfu": list(there), "to_peer": list(back)}


def run(goes: int, height: int) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    found = asyncio.run(measure(goes, height))
    return {
        "scenario": "switch",
        "params": {"goes": goes, "height": height, "back_to_p2p_after": BACK_AFTER},
        **{name: [asdict(change) for change in changes] for name, changes in found.items()},
        "worst": {name: worst(changes) for name, changes in found.items()},
        "median": {name: median(changes) for name, changes in found.items()},
        "wanted": WANTED,
    }


def worst(changes: Sequence[Change]) -> dict[str, float]:
    return _over(changes, max)


def median(changes: Sequence[Change]) -> dict[str, float]:
    return _over(changes, statistics.median)


def _over(changes: Sequence[Change], choose: Any) -> dict[str, float]:
    rows = [asdict(change) for change in changes]
    return {
        name: choose(row[name] for row in rows) for name in rows[0] if rows[0][name] is not None
    }


def print_table(result: dict[str, Any]) -> None:
    """A row for each change."""
    names = ("picture_ms", "sound_ms", "made_up_ms", "announced_ms", "switched_ms")
    table = Table("change", *names)
    for change in ("steady", "arrival", "to_sfu", "to_peer"):
        for row in result[change]:
            table.add_row(
                change, *("" if row[name] is None else f"{row[name]:.0f}" for name in names)
            )
    table.add_row("wanted", *(f"{WANTED[name]:.0f}" if name in WANTED else "" for name in names))
    Console(width=120).print(table)


def main(
    goes: Annotated[int, typer.Option(help="How often a third one comes and leaves.")] = 8,
    height: Annotated[int, typer.Option(help="Of the cameras' pictures.")] = 180,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure what is noticed of a change between P2P and the SFU."""
    result = report.complete(run(goes, height))
    (report.print_json if as_json else print_table)(result)


if __name__ == "__main__":
    typer.run(main)
