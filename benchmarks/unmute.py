"""How soon a voice is back when its microphone is turned on again, and whether lips stay with it.

Two Chromium pages in a call that the SFU carries. The one claps: a tone and a light, on at once
(load/clapper.js); the other hears and sees when both arrive. First some claps, which say what the
path takes by itself; then the microphone is turned off and on, again and again, while the tone
sounds; then claps again. Sound and picture are captured by different parts of the browser, so it
counts how far they have moved against each other.
"""

import asyncio
import statistics
from pathlib import Path
from typing import Annotated, Any

import typer
from playwright.async_api import async_playwright

from benchmarks import report
from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.support import chromium
from tests.support.page import CallPage, call_url, until

ROOM = "unmute"
CLAPPER = (Path(__file__).parent / "load" / "clapper.js").read_text()
CLAPS = 10
SETTLE = 3.0  # seconds until buffers and estimates are what they stay
CLAP = 0.3  # seconds of sound and light
APART = 1.0  # seconds from one to the next
MUTED = 1.5  # seconds
WANTED = {"added_ms": 100.0, "lips_moved_ms": 40.0}


class Talk:
    """Ada claps, Ben hears and sees."""

    def __init__(self, ada: CallPage, ben: CallPage) -> None:
        self.ada, self.ben = ada, ben

    async def clap(self) -> tuple[float, float]:
        """Milliseconds until it is heard, and until it is seen."""
        await self._forget()
        at = await self.ada.evaluate("window.clapper.set(true)")
        beep, flash = [await self._first(what) for what in ("beeps", "flashes")]
        await asyncio.sleep(CLAP)
        await self.ada.evaluate("window.clapper.set(false)")
        await asyncio.sleep(APART - CLAP)
        return beep - at, flash - at

    async def unmute(self) -> float:
        """Turn the microphone off and on; milliseconds from on until it is heard."""
        await self.ada.evaluate("window.call.setLocalAudio(false)")
        await self.ada.evaluate("window.clapper.set(true)")
        await asyncio.sleep(MUTED)
        await self._forget()
        on = "(window.call.setLocalAudio(true), window.clapper.now())"
        at = float(await self.ada.evaluate(on))
        heard = await self._first("beeps")
        await asyncio.sleep(CLAP)
        await self.ada.evaluate("window.clapper.set(false)")
        await asyncio.sleep(APART - CLAP)
        return heard - at

    async def _forget(self) -> None:
        await self.ben.evaluate("window.clapper.beeps.length = window.clapper.flashes.length = 0")

    async def _first(self, what: str) -> float:
        found = f"window.clapper.{what}[0]"
        return float(await until(f"Ben's {what}", lambda: self.ben.evaluate(found)))


async def measure(server: ServerProcess, mutes: int) -> dict[str, list[Any]]:
    """Claps before, mutes, and claps after."""
    async with async_playwright() as playwright:
        browser = await chromium.launch(playwright)
        pages = []
        for name in ("Ada", "Ben"):
            url = call_url(server.url, ROOM, Tokens(SECRET).sign(ROOM, name=name), name)
            opened = await chromium.open_page(
                browser, url, CLAPPER, bypass_csp=True, viewport=chromium.SMALL_WINDOW
            )
            pages.append(CallPage(opened, name))
            await pages[-1].joined()
        talk = Talk(*pages)
        await talk.ben.receiving(video=1, audio=0)
        await asyncio.sleep(SETTLE)
        before = [await talk.clap() for _ in range(CLAPS)]
        unmuted = [await talk.unmute() for _ in range(mutes)]
        await asyncio.sleep(SETTLE)
        after = [await talk.clap() for _ in range(CLAPS)]
        await browser.close()
    return {"before": before, "unmuted": unmuted, "after": after}


def run(mutes: int) -> dict[str, Any]:
    """One object of docs/benchmarks.md; `lips_ms`: how much later than its sound a picture is."""
    with ServerProcess(environment={"FASTSFU_TOPOLOGY": "sfu"}) as server:
        found = asyncio.run(measure(server, mutes))
    path = statistics.median(heard for heard, _ in found["before"])
    lips = {
        when: statistics.median(seen - heard for heard, seen in found[when])
        for when in ("before", "after")
    }
    added = [heard - path for heard in found["unmuted"]]
    return {
        "scenario": "unmute",
        "params": {"mutes": mutes, "claps": CLAPS},
        "path_ms": round(path),
        "added_ms": round(statistics.median(added)),
        "added_most_ms": round(max(added)),
        "lips_ms": {when: round(ms) for when, ms in lips.items()},
        "lips_moved_ms": round(abs(lips["after"] - lips["before"])),
        "wanted": WANTED,
    }


def main(mutes: Annotated[int, typer.Option(help="How often it is turned off.")] = 10) -> None:
    """Measure turning a microphone on again; prints one JSON object."""
    report.print_json(report.complete(run(mutes)))


if __name__ == "__main__":
    typer.run(main)
