"""From `join()` to the first remote picture in Chromium: signaling, ICE, DTLS, keyframe, decode.

One page publishes; another joins it again and again by the client library, camera included, and
notes when its first remote video frame is presented (requestVideoFrameCallback).
"""

import asyncio
import statistics
from typing import Annotated, Any

import typer
from playwright.async_api import Browser, async_playwright

from benchmarks import report
from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.support import chromium
from tests.support.page import CallPage, call_url

ROOM = "join"
JOIN = """(async () => {
  const { createCall } = await import('/sdk/fastsfu.js');
  const call = createCall();
  const shown = new Promise((resolve) => {
    call.on('track-started', ({ participant, track }) => {
      if (participant.local || track.kind !== 'video') return;
      const video = document.body.appendChild(document.createElement('video'));
      video.muted = true;
      video.srcObject = new MediaStream([track]);
      video.requestVideoFrameCallback(() => resolve(performance.now()));
      video.play();
    });
  });
  const start = performance.now();
  await call.join({ room: '%s', token: '%s', name: 'Visitor' });
  const joined = performance.now();
  const picture = await shown;
  await call.leave();
  return [joined - start, picture - start];
})()"""


async def once(browser: Browser, server: ServerProcess) -> list[float]:
    """Milliseconds to joined, and to the first picture, of a fresh page."""
    page = await chromium.open_page(browser, f"{server.url}/")
    token = Tokens(SECRET).sign(ROOM)
    times: list[float] = await page.evaluate(JOIN % (ROOM, token))
    await page.close()
    return times


async def measure(server: ServerProcess, times: int) -> list[list[float]]:
    """Visit a room in which one page publishes."""
    async with async_playwright() as playwright:
        browser = await chromium.launch(playwright)
        token = Tokens(SECRET).sign(ROOM, name="Ada")
        url = call_url(server.url, ROOM, token, "Ada")
        ada = CallPage(await chromium.open_page(browser, url), "Ada")
        await ada.joined()
        visits = [await once(browser, server) for _ in range(times + 1)]
        await browser.close()
    return visits[1:]  # the first one warms the browser's caches


def run(times: int) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    with ServerProcess() as server:
        visits = asyncio.run(measure(server, times))
    joined, picture = ([round(visit[i]) for visit in visits] for i in range(2))
    return {
        "scenario": "join",
        "params": {"times": times},
        "joined_ms": {"median": statistics.median(joined), "all": joined},
        "first_frame_ms": {"median": statistics.median(picture), "all": picture},
    }


def main(times: Annotated[int, typer.Option(help="How often to join.")] = 9) -> None:
    """Measure the way into a call; prints one JSON object."""
    report.print_json(report.complete(run(times)))


if __name__ == "__main__":
    typer.run(main)
