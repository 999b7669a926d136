"""The main job: three people in Chromium see and hear each other through the SFU."""

import asyncio

import pytest
from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.support.page import SHARE, until

TARGET_BPS = 1_200_000  # the largest encoding of a camera has at most 1.5 Mbit/s

# Joins muted, and keeps who is said to speak.
SILENT = """(() => {
  window.speakers = [];
  let kept;
  Object.defineProperty(window, 'call', {
    get: () => kept,
    set(call) {
      kept = call;
      void call.setLocalAudio(false);
      call.on('active-speaker-change', ({ activeSpeaker }) => {
        window.speakers.push(activeSpeaker.peerId);
      });
    },
  });
})()"""


async def test_three_see_and_hear_each_other(browser: Browser, open_page: OpenPage) -> None:
    pages = [await open_page(browser, name) for name in ("Ada", "Ben", "Cy")]
    for page in pages:
        stats = await page.receiving(video=2, audio=2)
        assert stats["transport"]["srtpCipher"] == "SRTP_AEAD_AES_128_GCM"
        assert stats["transport"]["dtlsState"] == "connected"
        assert stats["transport"]["tlsVersion"] == "FEFD"  # DTLS 1.2
        assert await page.evaluate("window.connections.length") == 1
    names = {one["user_name"] for one in (await pages[0].participants()).values()}
    assert names == {"Ada", "Ben", "Cy"}


async def test_media_gets_past_the_relay_of_the_same_port(
    browser: Browser, open_page: OpenPage
) -> None:
    """Chromium takes all that comes from a relay's address for the relay's own: no audio came."""
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    for page in (ada, ben):
        before = await page.receiving(video=1, audio=1)
        now = await page.receiving(video=1, audio=1, since=await page.goes_on(video=1, audio=1))
        lost, came = (
            sum(one[name] for one in now["inbound"]) - sum(one[name] for one in before["inbound"])
            for name in ("packetsLost", "packetsReceived")
        )
        assert lost < 0.1 * came


@pytest.mark.slow
async def test_all_who_join_at_once_get_all(browser: Browser, open_page: OpenPage) -> None:
    pages = await asyncio.gather(*(open_page(browser, name) for name in ("Ada", "Ben", "Cy")))
    for page in pages:
        await page.receiving(video=2, audio=2)


async def test_mute_is_seen_and_undone(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    ada_id = await ada.joined()
    await ben.receiving(video=1, audio=1)

    async def ada_video_as_ben_sees_it(on: bool) -> bool:
        return bool((await ben.participants())[ada_id]["video"]) is on

    await ada.evaluate("window.call.setLocalVideo(false)")
    await until("Ben to see Ada muted", lambda: ada_video_as_ben_sees_it(False))
    await ben.goes_on(video=0, audio=1)
    await ada.evaluate("window.call.setLocalVideo(true)")
    await until("Ben to see Ada unmuted", lambda: ada_video_as_ben_sees_it(True))
    await ben.goes_on(video=1, audio=1)
    assert await ben.evaluate("window.connections.length") == 1


async def test_who_joins_late_knows_who_speaks(browser: Browser, open_page: OpenPage) -> None:
    """Nobody is told of it again as long as it stays so."""
    ada = await open_page(browser, "Ada")
    speaker = "window.call.getActiveSpeaker().peerId"
    ada_id = await ada.joined()
    await until("Ada to speak", lambda: ada.evaluate(f"{speaker} === '{ada_id}'"))
    ben = await open_page(browser, "Ben", script=SILENT)
    assert await ben.evaluate("window.speakers") == [ada_id]


@pytest.mark.slow
async def test_declined_source_stops_and_comes_back(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    ada_id = await ada.joined()
    await ben.receiving(video=1, audio=1)
    # The page asks anew whenever its tiles change or somebody speaks, and would take it back.
    await ben.evaluate("""() => {
        window.ask = window.call.updateReceiveSettings.bind(window.call);
        window.call.updateReceiveSettings = async () => {};
    }""")
    settings = "window.ask({{'{}': {{video: {}}}}})"
    await ben.evaluate(settings.format(ada_id, "false"))

    async def silent() -> bool:
        """No video packet came for half a second."""
        before = await ben.stats()
        await asyncio.sleep(0.5)
        now = await ben.stats()
        counts = [
            sum(one["packetsReceived"] for one in stats["inbound"] if one["kind"] == "video")
            for stats in (before, now)
        ]
        return counts[0] == counts[1]

    await until("Ada's video to stop", silent)
    await ben.evaluate(settings.format(ada_id, "true"))
    await ben.goes_on(video=1, audio=1)


@pytest.mark.slow
async def test_a_screen_is_seen_again_by_the_same_ssrc(
    browser: Browser, open_page: OpenPage
) -> None:
    """So its numbers go on, and the server's SRTP context has to know how far they were."""
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ben.receiving(video=1, audio=1)
    ssrcs = []
    for _ in range(3):
        await ada.evaluate(SHARE)
        await ben.goes_on(video=2, audio=1)
        ssrcs.append({one["ssrc"] for one in (await ada.stats())["outbound"]})
        await ada.evaluate("window.call.stopScreenShare()")
        await ben.goes_on(video=1, audio=1)
    assert ssrcs == [ssrcs[0]] * 3


async def test_reload_comes_back(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    first_id = await ada.joined()
    await ben.receiving(video=1, audio=1)
    await ada.driver.page.reload()
    second_id = await until("a new session", lambda: new_session(ada, first_id))

    async def replaced() -> bool:
        ids = await ben.participants()
        return first_id not in ids and second_id in ids

    await until("Ben to see only the new Ada", replaced)
    await ada.goes_on(video=1, audio=1)
    await ben.goes_on(video=1, audio=1)


async def new_session(page, old_id: str) -> str | None:
    session_id = await page.joined()
    return session_id if session_id != old_id else None


@pytest.mark.slow
async def test_who_leaves_is_gone_and_the_place_is_used_again(
    browser: Browser, open_page: OpenPage
) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ada.receiving(video=1, audio=1)
    ben_id = await ben.joined()
    await ben.evaluate("window.call.leave()")

    async def gone() -> bool:
        return ben_id not in await ada.participants()

    await until("Ben to be gone", gone)
    await open_page(browser, "Cy")
    await ada.goes_on(video=1, audio=1)
    sections = "window.connections.at(-1).getTransceivers().length"
    assert await ada.evaluate(sections) == 6, "her own, those that Ben left to Cy, a spare pair"


@pytest.mark.slow
async def test_sender_reaches_its_bitrate(browser: Browser, open_page: OpenPage) -> None:
    """Transport-wide feedback lets Chromium's estimate rise from its start (300 kbit/s)."""
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ben.receiving(video=1, audio=1)

    async def fast_enough() -> bool:
        stats = await ada.stats()
        videos = [one for one in stats["outbound"] if one["kind"] == "video"]
        largest = max(one.get("targetBitrate", 0) for one in videos)  # of the ladder
        estimate = stats["pair"].get("availableOutgoingBitrate", 0)
        return min(estimate, largest) >= TARGET_BPS

    # On a busy machine Chromium's estimator backs off for its own late packets, and climbs again.
    await until("Chromium's estimate and its encoder's target", fast_enough, timeout=100)
    await ben.goes_on(video=1, audio=1)
