"""A process takes the calls of another one: no page shows an ending, and no message is lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Literal, get_args

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from benchmarks.load.server import ServerProcess
from tests.interop.conftest import DIRECT_ENVIRONMENT, ENVIRONMENT, OpenPage, closing_pages
from tests.interop.test_topology import carried_by, everybody_gets_everything
from tests.support.continuity import SMALL_CAMERA, WATCHING, take
from tests.support.page import CallPage, until

# What a person would notice, and all app messages in the order in which they came.
NOTED = """window.noted = (() => {
  const noted = { events: [], got: [] };
  const call = window.call;
  for (const name of ['participant-left', 'left-meeting', 'error', 'nonfatal-error']) {
    call.on(name, (event) => noted.events.push(`${name} ${event.reason ?? event.errorMsg ?? ''}`));
  }
  call.on('app-message', ({ data, fromId }) => noted.got.push(`${fromId} ${data}`));
  return noted;
})()"""
# One message after the other, also while none goes.
SPEAKING = """window.speaking = (() => {
  const speaking = { sent: 0, failed: [] };
  const next = () => window.call.sendAppMessage(speaking.sent++).catch(
    (error) => speaking.failed.push(error.info),
  );
  speaking.timer = setInterval(next, 100);
  return speaking;
})()"""
GAPS = "window.continuity.notes.map(({ what }) => what).filter((what) => what === 'nothing')"
IDS = "Object.values(window.call.participants()).map(({ session_id }) => session_id).sort()"
RESTARTS = 20
LONGEST_GAP_MS = 3000  # in which somebody is not seen by somebody, in all but OUTLIERS restarts
OUTLIERS = 2  # when the machine had no time to draw
Told = Literal["nothing", "before", "after"]


class Successors:
    """A server, and its next processes on the same port."""

    def __init__(self, control: Path, environment: dict[str, str], stack: AsyncExitStack) -> None:
        stays = {"FASTSFU_CONTROL": str(control), "FASTSFU_DRAIN_TIMEOUT": "30"}
        self._environment = {**environment, **stays}
        self._stack = stack
        self.running = ServerProcess(environment=self._environment)
        self.port, self.url, self.command = (
            self.running.port,
            self.running.url,
            self.running.command,
        )
        stack.enter_context(self.running)

    async def replace(self, told: Told = "nothing") -> float:
        """Start the next one; seconds until the one before has ended. It is `told` to end by a
        signal before or after the next one accepts, or does so by itself.
        """
        after = ServerProcess(environment=self._environment)
        after.port, after.url, after.command = self.port, self.url, self.command
        before, self.running = self.running, after
        began = time.monotonic()
        if told == "before":
            before.process.terminate()
        await asyncio.to_thread(self._stack.enter_context, after)
        while "fastsfu is ready" not in after.output():  # until then the one before answers
            await asyncio.sleep(0.05)
        if told == "after":
            before.process.terminate()
        before.http.close()  # it waits a while for connections that nobody closes
        code = await asyncio.to_thread(before.process.wait, 60)
        assert code == 0, before.output()
        return time.monotonic() - began


@pytest_asyncio.fixture(loop_scope="session", params=[ENVIRONMENT], ids=["sfu"])
async def successors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Successors]:
    environment: dict[str, str] = request.param
    async with AsyncExitStack() as stack:
        yield Successors(tmp_path / "control", environment, stack)


@pytest_asyncio.fixture(loop_scope="session")
async def open_moving(successors: Successors, room: str) -> AsyncIterator[OpenPage]:
    async with closing_pages(successors.url, room) as open_page:
        yield open_page


async def all_noted(*pages: CallPage) -> None:
    for page in pages:
        await page.evaluate(f"void ({NOTED})")


async def nobody_noticed(*pages: CallPage) -> None:
    for page in pages:
        assert await page.evaluate("window.noted.events") == []
        assert await page.evaluate(GAPS) == []
        assert await page.evaluate("document.querySelector('#banner').hidden")


@pytest.mark.slow
async def test_three_on_the_sfu_notice_none_of_many_restarts(
    browser: Browser,
    successors: Successors,
    open_moving: OpenPage,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    script = f"{SMALL_CAMERA}{WATCHING}"
    pages = [await open_moving(browser, name, script=script) for name in ("Ada", "Ben", "Carl")]
    ada, ben, _ = pages
    await everybody_gets_everything(*pages)
    await all_noted(*pages)
    people = await ada.evaluate(IDS)
    for page in (ada, ben):
        await page.evaluate(f"void ({SPEAKING})")
    seconds, gaps = [], []
    for told in islice(cycle(get_args(Told)), RESTARTS):
        for page in pages:
            await take(page)
        seconds.append(await successors.replace(told))
        gaps.append(max([max((await take(page)).pictures.values()) for page in pages]))
        await nobody_noticed(*pages)
    record_testsuite_property("seconds until the process before had ended", seconds)
    record_testsuite_property("longest times without a new picture, ms", gaps)
    assert sorted(gaps)[-1 - OUTLIERS] <= LONGEST_GAP_MS, gaps
    for page in (ada, ben):
        await page.evaluate("clearInterval(window.speaking.timer)")
    await everybody_gets_everything(*pages)
    await nobody_noticed(*pages)
    assert [await page.evaluate(IDS) for page in pages] == [people] * 3
    for sender in (ada, ben):
        await all_said_arrives(sender, *[page for page in pages if page is not sender])


async def all_said_arrives(sender: CallPage, *receivers: CallPage) -> None:
    """Each of the sender's messages came to each receiver, once and in order."""
    session_id = await sender.evaluate("window.call.participants().local.session_id")
    count = await sender.evaluate("window.speaking.sent")
    assert count > 10
    assert await sender.evaluate("window.speaking.failed") == []
    said = [f"{session_id} {number}" for number in range(count)]
    for receiver in receivers:
        got = f"window.noted.got.filter((one) => one.startsWith('{session_id}'))"

        await until("all messages", partial(receiver.evaluate, f"{got}.length >= {count}"))
        assert await receiver.evaluate(got) == said


@pytest.mark.slow
@pytest.mark.parametrize("successors", [DIRECT_ENVIRONMENT], ids=["direct"], indirect=True)
async def test_two_who_are_connected_directly_notice_nothing(
    browser: Browser, successors: Successors, open_moving: OpenPage
) -> None:
    pages = [await open_moving(browser, name, script=WATCHING) for name in ("Ada", "Ben")]
    await carried_by("peer", *pages)
    await everybody_gets_everything(*pages)
    await all_noted(*pages)
    people = await pages[0].evaluate(IDS)
    for page in pages:
        await page.evaluate("void (window.direct = window.connections.at(-1))")
    await successors.replace()
    await carried_by("peer", *pages)
    await nobody_noticed(*pages)
    for page in pages:
        assert await page.evaluate(IDS) == people
        assert await page.evaluate("window.direct.connectionState") == "connected"
