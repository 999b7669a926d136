"""The call page for all: without an invitation, WebRTC, storage, a wide screen or eyes."""

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.interop.conftest import OpenPage, Visit
from tests.support.page import until

NO_STORAGE = """
for (const name of ['localStorage', 'sessionStorage']) {
  Object.defineProperty(window, name, {
    get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); },
  });
}
"""
NO_WEBRTC = "delete window.RTCPeerConnection;"
ASKED = """
window.asked = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) => ((window.asked += 1), ask(wanted));
"""
FOCUSED = "document.activeElement.id"
JOINED = "window.call?.meetingState() === 'joined-meeting'"


@pytest.mark.parametrize("autojoin", ["", "1"])
async def test_who_has_no_invitation_is_asked_for_nothing(visit: Visit, autojoin: str) -> None:
    page = await visit(script=ASKED, autojoin=autojoin)
    await expect(page.locator("#over-title")).to_have_text("You need an invitation")
    assert await page.evaluate("window.asked") == 0


async def test_a_browser_without_webrtc_is_told_so(visit: Visit, token: str) -> None:
    page = await visit(script=NO_WEBRTC, t=token, name="Ada", autojoin="1")
    await expect(page.locator("#over-title")).to_have_text("This browser cannot make calls")


async def test_a_browser_that_keeps_nothing_gets_the_page_all_the_same(
    visit: Visit, token: str
) -> None:
    page = await visit(script=NO_STORAGE, t=token)
    await page.fill("#name-input", "Ada")
    await page.click("#join-button")
    await expect(page.locator(".tile .name")).to_have_text("Ada (you)")
    page = await visit(script=NO_STORAGE, lose="/sdk/stats.js", lost=9, t=token)
    await expect(page.locator("#unloaded")).to_be_visible()


async def test_what_was_off_stays_off_in_the_next_call(visit: Visit, token: str) -> None:
    page = await visit(t=token, name="Ada", autojoin="1")
    await until("her to join", lambda: page.evaluate(JOINED))
    await page.keyboard.press("m")
    await expect(page.locator("#mic")).to_have_attribute("aria-label", "Turn on microphone")
    await page.evaluate("window.call.leave()")
    await page.click("#over-action")
    mic, camera = page.locator("#preview-mic"), page.locator("#preview-camera")
    await expect(camera).to_have_attribute("aria-label", "Turn off camera")
    await expect(mic).to_have_attribute("aria-label", "Turn on microphone")
    await page.click("#join-button")
    await until("her to join again", lambda: page.evaluate(JOINED))
    await expect(page.locator("#mic")).to_have_attribute("aria-label", "Turn on microphone")
    await expect(page.locator("#camera")).to_have_attribute("aria-label", "Turn off camera")


async def test_people_who_do_not_see_the_page_can_use_it(
    browser: Browser, open_page: OpenPage, visit: Visit, room: str
) -> None:
    ben = await open_page(browser, "Ben")
    owner = Tokens(SECRET).sign(room, name="Ada", owner=True)
    page = await visit(t=owner, autojoin="1", width=390)
    await until("her to join", lambda: page.evaluate(JOINED))
    await expect(page.locator("#invite")).to_have_accessible_name("Copy link")
    assert await page.evaluate(FOCUSED) == "meeting-title"
    await until(
        "the message to go",
        lambda: ben.evaluate(
            "window.call.sendAppMessage({type: 'chat', text: 'Hello there'}).then(() => true)"
        ),
    )
    await expect(page.locator("#announcer")).to_contain_text("Ben writes: Hello there")


async def test_an_owner_alone_is_told_that_the_link_is_not_enough(visit: Visit, room: str) -> None:
    page = await visit(t=Tokens(SECRET).sign(room, owner=True), name="Ada", autojoin="1")
    await expect(page.locator("#alone")).to_contain_text("invitation of their own")
    page = await visit(t=Tokens(SECRET).sign(f"{room}"), name="Ben", autojoin="1")
    await expect(page.locator("#people-count")).to_have_text("2")


@pytest.mark.parametrize("path", ["", "nothing", "r/-bad-name"])
async def test_pages_fit_a_phone(browser: Browser, server: ServerProcess, path: str) -> None:
    viewport: ViewportSize = {"width": 390, "height": 720}
    page = await browser.new_page(ignore_https_errors=True, viewport=viewport)
    await page.goto(f"{server.url}/{path}")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await expect(page.locator("h1")).to_be_visible()
    await page.close()
