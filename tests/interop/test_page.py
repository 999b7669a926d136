"""The call page and the browser library as people use them: every view, against the real server."""

import re
from collections.abc import Awaitable

import pytest
from playwright.async_api import Browser, expect

from benchmarks.load.server import SECRET
from fastsfu.auth.tokens import Tokens
from tests.interop.conftest import OpenPage, Visit
from tests.support.page import SHARE, until

DENY = """
navigator.mediaDevices.getUserMedia = () =>
  Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
"""
HIDDEN = "window.requestAnimationFrame = () => 1;"  # no frame ever comes
VOICES = """(() => {
  const elements = [...document.querySelectorAll('#audio audio')];
  const played = elements.map(({ srcObject }) => srcObject.getTracks()[0]);
  const people = Object.values(window.call.participants());
  return people.filter(({ tracks }) => played.includes(tracks.audio.persistentTrack)).length;
})()"""
ASK_LONG = """
const allowed = new Promise((allow) => Object.assign(window, { allow }));
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => (await allowed, ask(wanted));
window.meters = [];
window.AudioContext = class extends AudioContext {
  constructor() {
    super();
    window.meters.push(this);
  }
};
"""
SLOW_CHANNEL = """void (window.call.sendAppMessage = () =>
  new Promise((sent, refused) => Object.assign(window, { sent, refused })))"""

JOINED = "window.call?.meetingState() === 'joined-meeting'"


async def test_from_the_link_into_the_call_and_back(visit: Visit, token: str, room: str) -> None:
    page = await visit(t=token)
    assert token not in page.url
    await expect(page.locator("#room-title")).to_have_text(room)
    await expect(page.locator("#preview-off")).to_be_hidden()
    await page.fill("#name-input", "Ada Lovelace")
    await page.click("#join-button")
    await expect(page.locator("#meeting")).to_be_visible()
    await expect(page.locator(".tile .name")).to_have_text("Ada Lovelace (you)")
    await page.click("#leave")
    await page.click("#leave-confirm")
    await expect(page.locator("#over-title")).to_have_text("You left the call")
    await page.click("#over-action")
    await page.click("#join-button")
    await page.click("#leave")
    await page.keyboard.press("Escape")
    await expect(page.locator("#leave-dialog")).to_be_hidden()
    assert await page.evaluate("window.call.meetingState()") == "joined-meeting"


async def test_a_page_that_loads_in_part_loads_again(visit: Visit, token: str) -> None:
    page = await visit(lose="/sdk/stats.js", t=token, name="Ada", autojoin="1")
    await until("Ada to join", lambda: page.evaluate(JOINED))
    page = await visit(lose="/sdk/stats.js", lost=9, t=token)
    await expect(page.locator("#unloaded")).to_be_visible()


async def test_keys_do_what_the_buttons_do(visit: Visit, token: str) -> None:
    page = await visit(t=token, name="Ada", autojoin="1")
    await expect(page.locator("#mic")).to_have_attribute("aria-label", "Mute microphone")
    await expect(page.locator("#camera")).to_have_attribute("aria-label", "Turn off camera")
    camera = await page.evaluate_handle(
        "window.call.participants().local.tracks.video.persistentTrack"
    )
    await page.keyboard.press("m")
    await page.keyboard.press("v")
    await expect(page.locator("#mic")).to_have_attribute("aria-label", "Turn on microphone")
    await expect(page.locator("#camera")).to_have_attribute("aria-label", "Turn on camera")
    off = "track => track.readyState === 'ended'"
    await until("the camera's light to go out", lambda: camera.evaluate(off))
    await page.keyboard.press("?")
    await expect(page.locator("#help-dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#help-dialog")).to_be_hidden()
    await page.keyboard.press("l")
    await expect(page.locator("#leave-dialog")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("#over-title")).to_be_visible()


async def test_who_is_paused_for_a_slow_connection_is_an_avatar_until_the_next_picture(
    browser: Browser, open_page: OpenPage, visit: Visit, token: str
) -> None:
    ada = await open_page(browser, "Ada")
    page = await visit(t=token, name="Ben", autojoin="1")
    tile = page.locator(".tile", has_text="Ada")
    await expect(tile).to_have_class(re.compile("with-video"))
    told = {"type": "video-suspended", "session_id": await ada.joined(), "source": "video"}
    hear = "(told) => window.sockets.at(-1).onmessage({ data: JSON.stringify(told) })"
    await page.evaluate(hear, told | {"suspended": True})
    await expect(tile.locator(".tile-note")).to_have_text("Picture paused: slow connection")
    await expect(tile.locator(".tile-note")).to_be_visible()
    await expect(tile.locator(".avatar")).to_be_visible()
    await expect(tile.locator("video")).to_have_css("opacity", "0")
    await expect(tile).to_have_attribute("aria-label", re.compile("slow connection"))
    await page.evaluate(hear, told | {"suspended": False})
    await expect(tile.locator(".tile-note")).to_be_hidden()
    await expect(tile.locator("video")).to_have_css("opacity", "1")


async def test_a_tile_says_that_its_picture_is_reduced_and_why(
    browser: Browser, open_page: OpenPage, visit: Visit, token: str
) -> None:
    ada = await open_page(browser, "Ada")
    page = await visit(t=token, name="Ben", autojoin="1")
    tile = page.locator(".tile", has_text="Ada")
    reduced = tile.locator(".reduced")
    await expect(tile).to_have_class(re.compile("with-video"))
    await expect(reduced).to_be_hidden()
    say = "window.sockets.at(-1).send(JSON.stringify({type: 'update', limited_by: %s}))"
    await ada.evaluate(say % "['cpu']")
    await expect(reduced).to_have_text("their device is busy")
    await expect(reduced).to_be_visible()
    await expect(tile).to_have_attribute("aria-label", re.compile("device is busy"))
    picture = {"session_id": await ada.joined(), "source": "video", "limit": "bandwidth"}
    hear = "(told) => window.sockets.at(-1).onmessage({ data: JSON.stringify(told) })"
    await page.evaluate(hear, {"type": "limits", "sources": [picture]})
    await expect(reduced).to_have_text("your connection is slow")
    await page.evaluate(hear, {"type": "limits", "sources": []})
    await expect(reduced).to_have_text("their device is busy")
    await ada.evaluate(say % "[]")
    await expect(reduced).to_be_hidden()


async def test_without_devices_one_still_sees_the_others(
    browser: Browser, open_page: OpenPage, visit: Visit, token: str
) -> None:
    await open_page(browser, "Ada")
    page = await visit(script=DENY, t=token, name="Ben")
    await expect(page.locator("#preview-message")).to_contain_text("blocks your camera")
    await expect(page.locator("#join-button")).to_have_text("Join to listen and watch")
    await page.click("#join-button")
    await expect(page.locator(".tile.with-video .name")).to_have_text("Ada")


async def test_a_token_to_watch_asks_for_no_devices(
    browser: Browser, open_page: OpenPage, visit: Visit, room: str
) -> None:
    ada = await open_page(browser, "Ada")
    page = await visit(t=Tokens(SECRET).sign(room, publish=False, name="Ben"), autojoin="1")
    await expect(page.locator(".tile.with-video .name")).to_have_text("Ada")
    await expect(page.locator("#mic")).to_be_hidden()
    assert await page.evaluate("window.connections[0].getSenders().every(one => !one.track)")
    ben = next(one for one in (await ada.participants()).values() if one["user_name"] == "Ben")
    assert not ben["audio"]
    assert not ben["video"]


@pytest.mark.parametrize(
    ("claims", "title"),
    [
        ({"expires_in": -60.0}, "This invitation has expired"),
        ({"not_before": 4e9, "expires_in": None}, "This invitation is not valid yet"),
        ({"room": "another-room"}, "You need an invitation"),
    ],
    ids=["expired", "not-yet", "other-room"],
)
async def test_a_bad_token_is_explained(
    visit: Visit, room: str, claims: dict[str, object], title: str
) -> None:
    token = Tokens(SECRET).sign(**{"room": room, **claims})  # type: ignore[arg-type]
    page = await visit(t=token, name="Ada", autojoin="1")
    await expect(page.locator("#over-title")).to_have_text(title)


@pytest.mark.slow
async def test_a_lost_connection_is_told_and_comes_back(visit: Visit, token: str) -> None:
    page = await visit(t=token, name="Ada", autojoin="1")
    await until("her to join", lambda: page.evaluate(JOINED))
    await page.context.set_offline(True)
    await page.evaluate("window.sockets.at(-1).close(4000)")
    await expect(page.locator("#banner-text")).to_contain_text("Reconnecting")
    await expect(page.locator("#banner-action")).to_have_text("Try now")
    tried = await page.evaluate("window.sockets.length")
    await page.click("#banner-action")
    await until("it to be tried", lambda: page.evaluate(f"window.sockets.length > {tried}"))
    await page.context.set_offline(False)
    await expect(page.locator("#banner")).to_be_hidden(timeout=15_000)
    await expect(page.locator("#toasts")).to_contain_text("connected again")
    assert await page.evaluate("window.connections.length") == 1


@pytest.mark.slow
async def test_a_shared_screen_takes_the_stage(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ben.receiving(video=1, audio=1)
    await ada.evaluate(SHARE)
    shown = "!!document.querySelector('.tile.screen.with-video')"
    await until("Ben to see the screen", lambda: ben.evaluate(shown))
    largest = """[...document.querySelectorAll('.tile')]
        .sort((one, other) => other.clientHeight - one.clientHeight)[0].className"""
    await until("it to be the largest", lambda: _contains(ben.evaluate(largest), "screen"))
    await ada.evaluate("window.call.stopScreenShare()")
    gone = "!document.querySelector('.tile.screen')"
    await until("the screen to go", lambda: ben.evaluate(gone))
    await ada.evaluate(SHARE)
    await until("Ben to see it again", lambda: ben.evaluate(shown))


async def test_who_joins_before_the_devices_open_is_metered_no_more(
    visit: Visit, token: str
) -> None:
    page = await visit(script=ASK_LONG, t=token, name="Ada")
    await page.click("#join-button")
    await until("her to join", lambda: page.evaluate(JOINED))
    await page.evaluate("window.allow()")
    await expect(page.locator("#mic")).to_have_attribute("aria-label", "Mute microphone")
    await expect(page.locator("#camera")).to_have_attribute("aria-label", "Turn off camera")
    assert await page.evaluate("window.meters.every(({ state }) => state === 'closed')")


async def test_chat_that_waits_is_sent_once_and_eats_nothing(visit: Visit, token: str) -> None:
    page = await visit(t=token, name="Ada", autojoin="1")
    await until("her to join", lambda: page.evaluate(JOINED))
    await page.evaluate(SLOW_CHANNEL)
    field, problem = page.locator("#chat-input"), page.locator("#chat-problem")
    await page.keyboard.press("c")
    await field.fill("Hello")
    await field.press("Enter")
    await field.press("Enter")
    await field.fill("Who is")
    await page.evaluate("window.sent()")
    await expect(page.locator(".chat-entry.own .chat-text")).to_have_text(["Hello"])
    await expect(field).to_have_value("Who is")
    await field.press("Enter")
    await page.evaluate("window.refused({info: 'Too much.'})")
    await expect(problem).to_have_text("Too much.")
    await expect(field).to_have_value("Who is")
    await field.press("Enter")
    await page.evaluate("window.call.leave().then(() => window.refused({info: 'Left.'}))")
    await expect(page.locator("#over-title")).to_be_visible()
    assert [await field.input_value(), await problem.text_content()] == ["", ""]


async def test_a_hidden_page_hears_who_comes(browser: Browser, open_direct: OpenPage) -> None:
    """Also when the third moves the call to the SFU, and every voice comes another way."""
    ada = await open_direct(browser, "Ada", script=HIDDEN)
    for others, (name, carrier) in enumerate({"Ben": "peer", "Carl": "sfu"}.items(), start=1):
        await open_direct(browser, name)

        async def hears(carrier: str = carrier, others: int = others) -> bool:
            network = await ada.evaluate("window.call.getNetworkTopology()")
            return bool(network["topology"] == carrier and await ada.evaluate(VOICES) == others)

        await until(f"Ada to hear {name} over {carrier}", hears)


@pytest.mark.slow
async def test_settings_of_the_sender_arrive(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    ada_id = await ada.joined()
    await ben.receiving(video=1, audio=1)
    await ada.evaluate("window.call.updateSendSettings({video: {maxHeight: 180}})")

    async def height() -> bool:
        video = next(one for one in (await ben.stats())["inbound"] if one["kind"] == "video")
        return bool(video["frameHeight"] <= 180)

    await until("a smaller picture", height)
    await ada.evaluate("window.call.setUserData({hand: 'up'})")
    hand = f"window.call.participants()['{ada_id}'].user_data?.hand === 'up'"
    await until("Ada's hand", lambda: ben.evaluate(hand))


@pytest.mark.slow
async def test_the_library_says_what_the_network_is(browser: Browser, open_page: OpenPage) -> None:
    ada, ben = await open_page(browser, "Ada"), await open_page(browser, "Ben")
    await ben.receiving(video=1, audio=1)
    assert await ada.evaluate("window.call.getNetworkTopology()") == {
        "topology": "sfu",
        "encryption": "hop-by-hop",
        "safetyNumber": None,
    }
    stats = await ben.evaluate("window.call.getNetworkStats()")
    assert stats["srtpCipher"] == "SRTP_AEAD_AES_128_GCM"
    assert stats["threshold"] == "good"
    assert stats["latest"]["framesDecoded"] > 0


async def _contains(text: Awaitable[str], word: str) -> bool:
    return word in await text
