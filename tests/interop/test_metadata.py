"""Mute states and user data arrive whichever way there is, and once."""

import itertools
import json
from typing import Any

import pytest
from playwright.async_api import Browser

from benchmarks.load.server import API_KEY, ServerProcess
from tests.interop.conftest import OpenPage
from tests.interop.test_topology import carried_by
from tests.support.page import CallPage, until

# Keeps the data channels, and lets no WebSocket reach the server while `severed` is set.
WIRES = """(() => {
  window.channels = [];
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...args) {
    window.channels.push(create.apply(this, args));
    return window.channels.at(-1);
  };
  window.WebSocket = new Proxy(window.WebSocket, {
    construct: (target, [url, ...others]) =>
      new target(window.severed ? 'wss://localhost:9/' : url, ...others),
  });
})()"""
SEVER = "window.severed = true; window.sockets.at(-1).close(4000)"
MEND = "window.severed = false; window.dispatchEvent(new Event('online'))"
SOCKET_IS_OPEN = "window.sockets.some((one) => one.readyState === WebSocket.OPEN)"
# The first channel of a page is the one to the server.
NOTHING_TO_THE_SERVER = "void (window.channels[0].send = () => undefined)"
# What is told of Ada from now on.
WATCH = """(() => {
  window.updates = [];
  window.call.on('participant-updated', ({ participant: { user_name, audio, user_data } }) => {
    if (user_name === 'Ada') window.updates.push([audio, user_data]);
  });
})()"""
ADA = "Object.values(window.call.participants()).find(({ user_name }) => user_name === 'Ada')"
BADGE = """[...document.querySelectorAll('.tile')]
  .find((tile) => tile.textContent.includes('Ada')).ariaLabel.includes('muted')"""
HAND = {"hand": "up"}
OPERATOR = {"Authorization": f"Bearer {API_KEY}"}


async def sever(*pages: CallPage) -> None:
    for page in pages:
        await page.evaluate(SEVER)
        await until("no WebSocket", lambda page=page: closed(page))


async def closed(page: CallPage) -> bool:
    return not await page.evaluate(SOCKET_IS_OPEN)


async def mend(*pages: CallPage) -> None:
    for page in pages:
        await page.evaluate(MEND)
        await until("a WebSocket", lambda page=page: page.evaluate(SOCKET_IS_OPEN))


async def ada_is(audio: bool, user_data: Any, *pages: CallPage) -> None:
    """Wait until all show Ada so."""
    wanted = json.dumps([audio, user_data], separators=(",", ":"))
    look = f"JSON.stringify((({{ audio, user_data }}) => [audio, user_data])({ADA} ?? {{}}))"
    for page in pages:

        async def as_wanted(page: CallPage = page) -> bool:
            return bool(await page.evaluate(look) == wanted)

        await until(f"{page.name} to see that Ada is {wanted}", as_wanted)


async def changes(page: CallPage) -> list[Any]:
    """What was told of Ada, without what is only about her tracks."""
    updates = await page.evaluate("window.updates")
    return [each for each, _ in itertools.groupby(updates)]


async def two_without_the_server(browser: Browser, open_patient: OpenPage) -> list[CallPage]:
    """Ada and Ben in a direct call, whose words reach no server; Ben keeps what he is told."""
    ada, ben = [await open_patient(browser, name, script=WIRES) for name in ("Ada", "Ben")]
    await carried_by("peer", ada, ben)
    await ada_is(True, None, ben)
    await sever(ada, ben)
    for page in (ada, ben):
        await page.evaluate(NOTHING_TO_THE_SERVER)
    await ben.evaluate(WATCH)
    return [ada, ben]


@pytest.mark.slow
async def test_a_direct_call_tells_it_without_the_server(
    browser: Browser, open_patient: OpenPage
) -> None:
    ada, ben = await two_without_the_server(browser, open_patient)
    await ada.evaluate("window.call.setLocalAudio(false)")
    await until("the badge", lambda: ben.evaluate(BADGE))
    await ada.evaluate(f"window.call.setUserData({json.dumps(HAND)})")
    await ada_is(False, HAND, ada, ben)
    assert await changes(ben) == [[False, None], [False, HAND]]
    # Signaling then tells the server, and who comes.
    await mend(ada, ben)
    cy = await open_patient(browser, "Cy", script=WIRES)
    await ada_is(False, HAND, ben, cy)
    await carried_by("sfu", ada, ben, cy)
    await ada.evaluate("window.call.setLocalAudio(true)")
    await ada_is(True, HAND, ben, cy)
    assert await changes(ben) == [[False, None], [False, HAND], [True, HAND]]


@pytest.mark.slow
async def test_the_sfu_tells_it_without_signaling(browser: Browser, open_patient: OpenPage) -> None:
    pages = [await open_patient(browser, name, script=WIRES) for name in ("Ada", "Ben", "Cy")]
    ada, ben, cy = pages
    await carried_by("sfu", *pages)
    await ben.receiving(video=2, audio=2)
    await ada_is(True, None, ben, cy)
    await ben.evaluate(WATCH)
    await sever(*pages)
    await ada.evaluate("window.call.setLocalAudio(false)")
    await ada_is(False, None, ben, cy)
    await ada.evaluate(f"window.call.setUserData({json.dumps(HAND)})")
    await ada_is(False, HAND, ben, cy)
    assert await changes(ben) == [[False, None], [False, HAND]]
    await mend(*pages)
    await cy.close()
    await carried_by("peer", ada, ben)
    await ada_is(False, HAND, ben)
    assert await changes(ben) == [[False, None], [False, HAND]]


@pytest.mark.slow
async def test_a_flood_ends_no_call(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ben.receiving(video=1, audio=1)
    await ada.evaluate("""(async () => {
      for (let number = 0; number <= 300; number += 1) await window.call.setUserData(number);
    })()""")
    await ada_is(True, 300, ada, ben)
    assert await ada.evaluate("window.sockets.length") == 1
    refusal = "window.call.setUserData('x'.repeat(4095)).catch((error) => error.type)"
    assert await ada.evaluate(refusal) == "too-large"
    await ada_is(True, 300, ada, ben)


# How others are shown, each time that something of them is.
SEES = """(() => {
  window.seen = [];
  for (const name of ['participant-joined', 'participant-updated']) {
    window.call.on(name, ({ participant: { local, audio, user_data } }) => {
      if (!local) window.seen.push([audio, user_data]);
    });
  }
})()"""


@pytest.mark.slow
async def test_who_joins_anew_is_as_before(
    browser: Browser, open_direct: OpenPage, direct_server: ServerProcess, room: str
) -> None:
    ada, ben = [await open_direct(browser, name, script=WIRES) for name in ("Ada", "Ben")]
    await carried_by("peer", ada, ben)
    await ada.evaluate("window.call.setUserData('before')")
    await ada_is(True, "before", ben)
    before = await ada.joined()
    await sever(ada)
    await ada.evaluate("window.call.setLocalAudio(false)")
    await ada.evaluate(f"window.call.setUserData({json.dumps(HAND)})")
    await ada_is(False, HAND, ben)

    async def given_up() -> bool:
        present = direct_server.http.get(f"/v1/rooms/{room}/presence", headers=OPERATOR)
        return before not in present.text

    await until("the server to give her up", given_up)
    await ada_is(False, HAND, ben)  # their call goes on meanwhile
    await ben.evaluate(SEES)
    await mend(ada)
    here = "window.call.participants().local.session_id"
    await until("her to join anew", lambda: ada.evaluate(f"{here} !== '{before}'"))
    now = await ada.joined()
    known = f"Boolean(window.call.participants()['{now}'])"
    await until("Ben to know her anew", lambda: ben.evaluate(known))
    await ada_is(False, HAND, ada, ben)
    seen = await ben.evaluate("window.seen")
    assert all(each == [False, HAND] for each in seen), seen


@pytest.mark.slow
async def test_a_browser_speaks_for_itself_alone(browser: Browser, open_direct: OpenPage) -> None:
    ada, ben = [await open_direct(browser, name, script=WIRES) for name in ("Ada", "Ben")]
    await carried_by("peer", ada, ben)
    await ada_is(True, None, ben)
    on = {"audio": True, "video": True, "screenVideo": False, "screenAudio": False}
    sound = {"type": "metadata", "from": await ben.joined(), "revision": 1000, **on}
    for said in (
        {**sound, "user_data": "forged"},
        {**sound, "revision": 1001, "audio": "no", "user_data": "nonsense"},
        {**sound, "revision": 1001, "user_data": "x" * 4095},
    ):
        await ada.evaluate(f"window.channels.at(-1).send({json.dumps(json.dumps(said))})")
    refused = "window.problems.filter((one) => one.startsWith('bad-message')).length === 2"
    await until("Ben to refuse two", lambda: ben.evaluate(refused))
    await ada_is(True, "forged", ben)
    assert await ben.evaluate("window.call.participants().local.user_data") is None
