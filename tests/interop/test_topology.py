"""Two connect directly, the third moves all to the SFU, and nobody notices, whatever happens."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.support.firefox import Firefox
from tests.support.page import CallPage, until

NO_DIRECT_PATH = """(() => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    if (!text.includes('"peer-candidate"')) send.call(this, text);
  };
})()"""


async def topology(page: CallPage) -> dict[str, Any]:
    return dict(await page.evaluate("window.call.getNetworkTopology()"))


async def carried_by(carrier: str, *pages: CallPage) -> None:
    """Wait until all say that the call goes over this, and nothing else."""

    async def look() -> bool:
        found = [(await topology(page))["topology"] for page in pages]
        return all(each == carrier for each in found)

    try:
        await until(f"the call to go over {carrier}", look)
    except TimeoutError as error:
        states = [await page.evaluate(STATE) for page in pages]
        raise TimeoutError(f"{error}: {states}") from None


STATE = """window.call.getNetworkTopology().then(({ topology }) => [
  topology, window.call.meetingState(), Object.keys(window.call.participants()).length,
  document.querySelector('#over-title').textContent, (window.problems ?? []).join(),
].join(' '))"""


async def only_one_connection(*pages: CallPage) -> None:
    """Wait until the P2P connection of before is closed."""
    alive = "window.connections.filter((one) => one.connectionState !== 'closed').length"

    async def look() -> bool:
        return all([await page.evaluate(alive) == 1 for page in pages])

    await until("one connection for each", look)


async def everybody_gets_everything(*pages: CallPage) -> None:
    for page in pages:
        await page.goes_on(video=len(pages) - 1, audio=len(pages) - 1)


JOIN = """(() => {
  const waits = () => window.call?.meetingState() === 'new';
  if (waits() && !document.querySelector('#prejoin').hidden) {
    document.querySelector('#join-button').click();
  }
  return window.call && !waits();
})()"""


async def join(page: CallPage) -> None:
    """Click on the button of a page that was opened without `autojoin`."""
    await until(f"{page.name} to click", lambda: page.evaluate(JOIN))


async def test_two_connect_directly(browser: Browser, open_direct: OpenPage) -> None:
    ada, ben = await open_direct(browser, "Ada"), await open_direct(browser, "Ben")
    await carried_by("peer", ada, ben)
    await everybody_gets_everything(ada, ben)

    async def safety_numbers() -> Any:
        numbers = {(await topology(page))["safetyNumber"] for page in (ada, ben)}
        return numbers if None not in numbers else None

    numbers = await until("safety numbers", safety_numbers)
    assert len(numbers) == 1
    assert (await topology(ada))["encryption"] == "end-to-end"
    await mute_and_unmute(ada, ben)
    await who_is_heard_speaks(ada, ben)


async def who_is_heard_speaks(ada: CallPage, ben: CallPage) -> None:
    """Both agree on it without the server, which hears neither of them."""
    for silent, other in ((ada, ben), (ben, ada)):
        await other.evaluate("window.call.setLocalAudio(true)")
        await silent.evaluate("window.call.setLocalAudio(false)")
        await active_speaker(await other.joined(), ada, ben)
    await ada.evaluate("window.call.setLocalAudio(false)")
    await active_speaker(None, ada, ben)


# As Firefox has it. There it cannot be tested: without a sound device it runs no AudioContext.
NO_STATISTICS_OF_OWN_SOUND = """(() => {
  const { getStats } = RTCRtpSender.prototype;
  RTCRtpSender.prototype.getStats = async function () {
    const report = [...await getStats.call(this)];
    return new Map(report.filter(([, { type }]) => type !== 'media-source'));
  };
})()"""


@pytest.mark.slow
async def test_the_own_voice_is_heard_without_statistics_of_it(
    browser: Browser, open_direct: OpenPage
) -> None:
    script = NO_STATISTICS_OF_OWN_SOUND
    ada, ben = [await open_direct(browser, name, script=script) for name in ("Ada", "Ben")]
    await carried_by("peer", ada, ben)
    await who_is_heard_speaks(ada, ben)


async def active_speaker(wanted: str | None, *pages: CallPage) -> None:
    """Wait until all show this one, or nobody."""

    async def look() -> bool:
        found = [await page.evaluate("window.call.getActiveSpeaker().peerId") for page in pages]
        return all(each == wanted for each in found)

    await until(f"{wanted} to speak", look)


async def mute_and_unmute(ada: CallPage, ben: CallPage) -> None:
    ada_id = await ada.joined()
    state = f"window.call.participants()['{ada_id}'].tracks.video.state"
    for on, wanted in ((False, "off"), (True, "playable")):
        await ada.evaluate(f"window.call.setLocalVideo({str(on).lower()})")

        async def as_wanted(wanted: str = wanted) -> bool:
            return bool(await ben.evaluate(state) == wanted)

        await until(f"Ada's camera to be {wanted}", as_wanted)
    await ben.goes_on(video=1, audio=1)


@pytest.mark.parametrize("first", ["chromium", "firefox"])
async def test_chromium_and_firefox(
    browser: Browser, firefox: Firefox, open_direct: OpenPage, first: str
) -> None:
    browsers: list[Any] = [browser, firefox]
    if first == "firefox":
        browsers.reverse()
    ada, ben = await open_direct(browsers[0], "Ada"), await open_direct(browsers[1], "Ben")
    await carried_by("peer", ada, ben)
    await everybody_gets_everything(ada, ben)
    cy = await open_direct(browser, "Cy")
    await carried_by("sfu", ada, ben, cy)
    await only_one_connection(ada, ben)
    await everybody_gets_everything(ada, ben, cy)
    await cy.close()
    await carried_by("peer", ada, ben)
    await everybody_gets_everything(ada, ben)


async def test_three_at_once(browser: Browser, open_direct: OpenPage) -> None:
    pages = await asyncio.gather(*(open_direct(browser, name) for name in ("Ada", "Ben", "Cy")))
    await carried_by("sfu", *pages)
    await only_one_connection(*pages)
    await everybody_gets_everything(*pages)


@pytest.mark.slow
async def test_one_leaves_during_the_switch(browser: Browser, open_direct: OpenPage) -> None:
    ada, ben = await open_direct(browser, "Ada"), await open_direct(browser, "Ben")
    await carried_by("peer", ada, ben)
    cy = await open_direct(browser, "Cy", autojoin=False)
    # Ben goes the moment that he hears of Cy.
    await ben.evaluate("void window.call.on('participant-joined', () => window.call.leave())")
    await join(cy)
    await carried_by("sfu", ada, cy)
    await everybody_gets_everything(ada, cy)


@pytest.mark.slow
async def test_signaling_is_lost_during_the_switch(browser: Browser, open_direct: OpenPage) -> None:
    ada, ben = await open_direct(browser, "Ada"), await open_direct(browser, "Ben")
    await carried_by("peer", ada, ben)
    cy = await open_direct(browser, "Cy", autojoin=False)
    lose = "void window.call.on('participant-joined', () => window.sockets.at(-1).close(4000))"
    await ben.evaluate(lose)
    await join(cy)
    await carried_by("sfu", ada, ben, cy)
    await only_one_connection(ada, ben)
    await everybody_gets_everything(ada, ben, cy)


@pytest.mark.slow
async def test_a_reload_connects_directly_again(browser: Browser, open_direct: OpenPage) -> None:
    ada, ben = await open_direct(browser, "Ada"), await open_direct(browser, "Ben")
    await carried_by("peer", ada, ben)
    before = (await topology(ben))["safetyNumber"]
    await ada.driver.page.reload()
    await ada.joined()

    async def another_number() -> bool:
        now = await topology(ben)
        return now["topology"] == "peer" and now["safetyNumber"] not in (None, before)

    await until("a new direct connection", another_number)
    await everybody_gets_everything(ada, ben)


async def test_without_a_direct_path_the_sfu_carries_the_call(
    browser: Browser, open_direct: OpenPage
) -> None:
    pages = [await open_direct(browser, name, script=NO_DIRECT_PATH) for name in ("Ada", "Ben")]
    await carried_by("sfu", *pages)
    await everybody_gets_everything(*pages)


@pytest.mark.slow
async def test_the_page_tells_and_chats_through_the_switch(
    browser: Browser, open_direct: OpenPage
) -> None:
    """Each message once and in order, whichever way it goes; the encryption as it is."""
    ada, ben = await open_direct(browser, "Ada"), await open_direct(browser, "Ben")
    cy = await open_direct(browser, "Cy", autojoin=False)
    await carried_by("peer", ada, ben)
    await until("a shield", lambda: ada.evaluate(CHIP.format("End-to-end encrypted")))
    await ada.evaluate(CHATTER)
    await until("some chat", lambda: ben.evaluate(f"{ENTRIES}.length >= 5"))
    await join(cy)
    await carried_by("sfu", ada, ben, cy)
    await until("a lock", lambda: ada.evaluate(CHIP.format("Encrypted")))
    await only_one_connection(ada, ben)
    await until("chat at Cy's", lambda: cy.evaluate(f"{ENTRIES}.length >= 5"))
    await cy.close()
    await carried_by("peer", ada, ben)
    await until("a shield again", lambda: ben.evaluate(CHIP.format("End-to-end encrypted")))
    said = await ada.evaluate("window.stopChatting()")
    await until("the last word", lambda: ben.evaluate(f"{ENTRIES}.at(-1) === '{said}'"))
    assert await ben.evaluate(ENTRIES) == [str(number) for number in range(1, said + 1)]


CHIP = "document.querySelector('#encryption').textContent === '{}'"
ENTRIES = "[...document.querySelectorAll('.chat-text')].map((one) => one.textContent)"
CHATTER = """(() => {
  let said = 0;
  const talk = setInterval(() => {
    window.call.sendAppMessage({ type: 'chat', text: String(said += 1) });
  }, 50);
  window.stopChatting = () => {
    clearInterval(talk);
    return said;
  };
})()"""
