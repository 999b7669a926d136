"""One call on one scenario's network, from the first namespace to the figures."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy
from playwright.async_api import Browser, Playwright, async_playwright

from benchmarks.quality import figures, pages
from benchmarks.quality.download import Download
from benchmarks.quality.link import CLEAN, DOWN, UP, Link, Schedule
from benchmarks.quality.pages import Participant, open_page
from benchmarks.quality.recording import recorded
from benchmarks.quality.replay import Replay
from benchmarks.quality.scenarios import FROM, SECONDS, Scenario
from benchmarks.quality.servers import Server
from tests.support.network import Namespaces

SENDER, WEAK, OTHER = HOUSEHOLDS = ("sender", "weak", "other")
LIFETIME = 240.0  # seconds after which a link ends by itself
FLOWS = 20.0  # seconds until the sender's picture has to be at the other receiver
WARM = 3.0  # seconds of call before the weak receiver comes
_rooms = itertools.count(1)

MakeServer = Callable[[Namespaces], Server]


class Call:
    """A sender, or those of `replay`, one who receives well, and the weak ones."""

    sender: Participant | Replay

    def __init__(self, scenario: Scenario, server: Server, links: dict[str, Link]) -> None:
        self.scenario = scenario
        self.server = server
        self.links = links
        self.room = f"quality-{next(_rooms)}"
        self.weak: list[Participant] = []
        self.started = 0.0

    async def open(self, browsers: dict[str, Browser], replay: Replay | None) -> None:
        """All pages; nobody has joined."""
        self.sender = replay or await open_page(browsers[SENDER], self.server, "Ada")
        self.other = await open_page(browsers[OTHER], self.server, "Ben")
        self.weak = [
            await open_page(browsers[WEAK], self.server, f"Cy{number}")
            for number in range(self.scenario.receivers)
        ]

    async def begin(self) -> None:
        """The weak ones come to a call that is well, by a link that is as bad as it is to be."""
        self.links[SENDER].start()
        if isinstance(self.sender, Replay):
            await self.sender.enter(self.room)
        else:
            await self.sender.enter(self._options(self.sender, sends=True))
        await self.other.enter(self._options(self.other))
        await self._flows()
        await asyncio.sleep(WARM)
        self.started = self.links[WEAK].start()
        await asyncio.gather(*(one.enter(self._options(one)) for one in self.weak))

    def _options(self, who: Participant, sends: bool = False) -> dict[str, Any]:
        height = self.scenario.height if sends else None
        codec = self.scenario.codec if sends else None
        options = self.server.options(self.room, who.name)
        screen = sends and self.scenario.screen
        return {
            **options,
            "height": height,
            "codec": codec,
            "screen": screen,
            "tile": None if sends else self.scenario.tile,
        }

    async def _flows(self) -> None:
        deadline = time.monotonic() + FLOWS
        pictures = self.scenario.replayed or 1
        while len((await self.other.notes())["frames"]) < pictures:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no picture from the sender: {await self.other.notes()}")
            await asyncio.sleep(0.5)


async def go(
    scenario: Scenario, make_server: MakeServer, seed: int, keep: Path | None = None
) -> dict[str, Any]:
    """The figures of one call. `keep`: a folder for what they are made of."""
    async with _call(scenario, make_server, seed) as (call, download):
        await call.begin()
        since, until = call.weak[0].joined + FROM, call.weak[0].joined + SECONDS
        await asyncio.sleep(max(0.0, since - time.time()))
        machine, used = _machine(), call.server.usage().process_ns
        if download:
            download.start()
        seen = []
        while time.time() < until:
            seen.append(call.server.observe(call.room, call.weak[0].name))
            await asyncio.sleep(min(1.0, max(0.0, until - time.time())))
        used = call.server.usage().process_ns - used
        idle = _idle(machine, _machine())
        notes = [await one.notes() for one in (call.sender, call.other, *call.weak)]
    if keep is not None:
        _keep(keep, call, notes)
    result = _figures(call, notes, since, until)
    return {
        **result,
        **_fairness(result, download, until - since),
        "server_cores": round(used / 1e9 / (until - since), 4),
        "idle": round(idle, 3),
        "seen": [one for one in seen if one],
    }


@asynccontextmanager
async def _call(
    scenario: Scenario, make_server: MakeServer, seed: int
) -> AsyncIterator[tuple[Call, Download | None]]:
    schedules: dict[str, Schedule] = {
        SENDER: ((0.0, scenario.sender),),
        WEAK: scenario.weak,
        OTHER: ((0.0, CLEAN),),
    }
    recording = await recorded(scenario.height) if scenario.replayed else None
    async with AsyncExitStack() as stack:
        network = stack.enter_context(Namespaces())
        links = {
            name: stack.enter_context(
                Link(network, number, name, schedule, seed=seed, seconds=LIFETIME)
            )
            for number, (name, schedule) in enumerate(schedules.items())
        }
        server = stack.enter_context(make_server(network))
        download = stack.enter_context(Download(network, WEAK)) if scenario.tcp else None
        replay = None
        if recording is not None:
            replay = Replay(network, links[SENDER], server, recording, scenario.replayed)
            stack.push_async_callback(replay.leave)
        call = Call(scenario, server, links)
        at = HOUSEHOLDS if replay is None else (WEAK, OTHER)
        browsers = await stack.enter_async_context(
            _browsers(network, at, scenario.height, server.url)
        )
        await call.open(browsers, replay)
        yield call, download


@asynccontextmanager
async def _browsers(
    network: Namespaces, households: Sequence[str], height: int, origin: str
) -> AsyncIterator[dict[str, Browser]]:
    """A Chromium in each of them."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory()))
        playwright: Playwright = await stack.enter_async_context(async_playwright())
        browsers = {}
        for name in households:
            camera = height if name == SENDER else None
            browsers[name] = await pages.browser(
                playwright, network, name, directory, origin, camera
            )
            stack.push_async_callback(browsers[name].close)
        yield browsers


def _keep(folder: Path, call: Call, notes: Sequence[dict[str, Any]]) -> None:
    """The links' traces (link.RECORD), and what each page noted."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, link in call.links.items():
        numpy.save(folder / f"{name}.npy", link.trace)
    people = [call.sender, call.other, *call.weak]
    for one, noted in zip(people, notes, strict=True):
        (folder / f"{one.name}.json").write_text(json.dumps({"joined": one.joined, **noted}))


def _figures(
    call: Call, notes: Sequence[dict[str, Any]], since: float, until: float
) -> dict[str, Any]:
    sender, other, *weak = notes
    scenario = call.scenario
    rows = [figures.received(one, since, until) for one in weak]
    beside = figures.received(other, since, until)
    if scenario.own_fault:
        for row in rows:
            row["concealed"] = round(max(0.0, row["concealed"] - beside["concealed"]), 4)
    shown = figures.frames(weak[0])
    full = min(scenario.height, beside["height"])  # of what the sender's machine can encode
    steps = [call.started + step for step in scenario.steps]
    after = [one for one in figures.after_outages_ms(shown, steps) if one is not None]
    rows[0] |= {
        "first_frame_ms": figures.first_frame_ms(weak[0], call.weak[0].joined),
        "first_full_ms": figures.first_frame_ms(weak[0], call.weak[0].joined, full),
        "back_after": figures.flows_after(shown, steps[0]) if steps else None,
        "full_after": figures.flows_after(shown, steps[0], full) if steps else None,
        "last_full_after": figures.flows_after(shown, steps[-1], full) if steps else None,
        "after_outage_ms": sorted(after)[len(after) // 2] if after else None,
        "notes": weak[0]["notes"],
    }
    rtx = figures.rtx_ssrcs(notes)
    ways = {"link": (WEAK, DOWN), "uplink": (SENDER, UP)}
    return {
        "weak": rows[0],
        "more_weak": rows[1:],
        "other": beside,
        "sender": figures.sent(sender, since, until),
        **{
            name: figures.carried(call.links[end].trace, way, since, until, rtx)
            for name, (end, way) in ways.items()
        },
    }


def _fairness(result: dict[str, Any], download: Download | None, seconds: float) -> dict[str, Any]:
    """The larger share of the link over the smaller one."""
    shares = [one["kbps"] + one["audio_kbps"] for one in (result["weak"], *result["more_weak"])]
    if download:
        shares.append(round(download.received * 8 / seconds / 1e3))
    control = {"congestion_control": download.congestion_control} if download else {}
    return {**control, "shares_kbps": shares, "unfair": round(max(shares) / max(1, min(shares)), 2)}


def _machine() -> list[int]:
    return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]


def _idle(before: Sequence[int], after: Sequence[int]) -> float:
    """Share of the machine's time that nothing used (proc(5): the fourth is idle, then iowait)."""
    spent = [b - a for a, b in zip(before, after, strict=True)]
    return (spent[3] + spent[4]) / sum(spent[:8])
