"""Browsers judge our answers: each offers what it would in a call and takes the answer."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from fastsfu.sdp.negotiate import Offer, SentStream
from fastsfu.transport.ice import new_password, new_ufrag
from tests.sdp.offers import answer, read, stream
from tests.support import chromium
from tests.support.firefox import Firefox

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

# Tracks without a camera, so that any page may have them.
PRELUDE = """
window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
window.audio = () => new AudioContext().createMediaStreamDestination().stream;
window.video = () => {
  const canvas = document.createElement('canvas');
  canvas.getContext('2d').fillRect(0, 0, 1, 1);
  return canvas.captureStream(5);
};
window.publish = (kind, init = {}) => {
  const media = window[kind]();
  return pc.addTransceiver(media.getTracks()[0], {direction: 'sendonly', streams: [media],
  ...init}); }; window.receive = (...kinds) => kinds.map(k => pc.addTransceiver(k, {direction:
  'recvonly'}));
"""
STATE = """({
  signaling: pc.signalingState,
  directions: Object.fromEntries(
    pc.getTransceivers().filter(t => t.mid !== null).map(t => [t.mid, t.currentDirection])),
  msids: Object.fromEntries((window.seen ?? []).map(e => [e.transceiver.mid, e.streams[0].id])),
})"""


class Page(Protocol):
    async def evaluate(self, expression: str) -> Any: ...


class Browser(Protocol):
    async def open_page(self, url: str) -> Page: ...


class Chromium:
    def __init__(self, browser: Any) -> None:
        self._browser = browser

    async def open_page(self, url: str) -> Page:
        return await chromium.open_page(self._browser, url)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["chromium", "firefox"])
async def browser(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    if request.param == "firefox":
        firefox = await Firefox.launch()
        yield firefox
        await firefox.close()
        return
    async with async_playwright() as playwright:
        launched = await chromium.launch(playwright)
        yield Chromium(launched)
        await launched.close()


class Peer:
    """A page with one RTCPeerConnection, `pc`."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._version = 0
        # Ours, for each ufrag of the page: other ones mean an ICE restart (RFC 8839 section 4.4.2).
        self._credentials: dict[str, tuple[str, str]] = {}

    async def run(self, script: str) -> Any:
        return await self._page.evaluate(f"(async () => {{ {script} }})()")

    async def offer(self, script: str = "") -> Offer:
        """Run `script`, then let the page make an offer."""
        made = "await pc.setLocalDescription(); return pc.localDescription.sdp;"
        return read(await self.run(f"{script}; {made}"))

    async def take(
        self,
        offer: Offer,
        sending: dict[str, SentStream] | None = None,
        receiving: list[str] | None = None,
    ) -> dict[str, Any]:
        """Give the page our answer; its state after that."""
        self._version += 1
        ours = self._credentials.setdefault(offer.ice_ufrag, (new_ufrag(), new_password()))
        text = answer(offer, sending, receiving, self._version, ours)
        state: dict[str, Any] = await self.run(
            "window.seen = []; pc.ontrack = e => seen.push(e);"
            f"await pc.setRemoteDescription({{type: 'answer', sdp: {text!r}}}); return {STATE};"
        )
        assert state["signaling"] == "stable"
        return state


@pytest_asyncio.fixture(loop_scope="module")
async def peer(browser: Browser) -> AsyncIterator[Peer]:
    page = await browser.open_page("about:blank")
    peer = Peer(page)
    await peer.run(PRELUDE)
    yield peer
    await peer.run("pc.close()")
    await page.close()  # type: ignore[attr-defined]


PUBLISH = "publish('audio'); publish('video');"


async def test_publish_and_receive(peer: Peer) -> None:
    offer = await peer.offer(f"{PUBLISH} receive('audio', 'video', 'audio', 'video')")
    state = await peer.take(offer, {"2": stream(1, rtx=False), "3": stream(2)})
    assert state["directions"] == {
        "0": "sendonly",
        "1": "sendonly",
        "2": "recvonly",
        "3": "recvonly",
        "4": "inactive",
        "5": "inactive",
    }
    assert state["msids"] == {"2": "stream1", "3": "stream2"}


async def test_sections_are_added_freed_and_used_again(peer: Peer) -> None:
    await peer.take(await peer.offer(PUBLISH))
    offer = await peer.offer("receive('audio', 'video')")
    state = await peer.take(offer, {"2": stream(1, rtx=False), "3": stream(2)})
    assert state["directions"]["3"] == "recvonly"

    state = await peer.take(await peer.offer())
    assert state["directions"] == {
        "0": "sendonly",
        "1": "sendonly",
        "2": "inactive",
        "3": "inactive",
    }

    state = await peer.take(await peer.offer(), {"3": stream(3)})
    assert state["directions"]["3"] == "recvonly"
    assert state["msids"] == {"3": "stream3"}


async def test_ice_restart(peer: Peer) -> None:
    first = await peer.offer(PUBLISH)
    await peer.take(first)
    unchanged = await peer.offer()
    assert (unchanged.ice_ufrag, unchanged.ice_pwd) == (first.ice_ufrag, first.ice_pwd)
    await peer.take(unchanged)
    restarted = await peer.offer("pc.restartIce()")
    assert restarted.ice_ufrag != first.ice_ufrag
    assert restarted.ice_pwd != first.ice_pwd
    assert restarted.fingerprints == first.fingerprints
    await peer.take(restarted)


async def test_stopped_section_is_recycled(peer: Peer) -> None:
    await peer.take(await peer.offer(f"{PUBLISH} window.screen_ = publish('video')"))
    offer = await peer.offer("screen_.stop()")
    assert offer.sections[2].rejected
    assert offer.bundle == ("0", "1")
    state = await peer.take(offer)
    assert set(state["directions"]) == {"0", "1"}

    offer = await peer.offer("publish('video')")
    assert len(offer.sections) == 3
    assert not offer.sections[2].rejected
    mid = offer.sections[2].mid
    state = await peer.take(offer)
    assert state["directions"][mid] == "sendonly"


async def test_first_section_is_stopped(peer: Peer) -> None:
    """The BUNDLE-tag moves on (RFC 9143 section 7.3.1)."""
    await peer.take(await peer.offer(PUBLISH))
    offer = await peer.offer("pc.getTransceivers()[0].stop()")
    assert offer.bundle == ("1",)
    state = await peer.take(offer)
    assert state["directions"] == {"1": "sendonly"}


NO_COMMON_CODEC = """
const g722 = RTCRtpSender.getCapabilities('audio').codecs
  .filter(c => c.mimeType.toLowerCase() === 'audio/g722');
publish('audio').setCodecPreferences(g722);
"""


async def test_section_without_a_common_codec_is_rejected_and_others_go_on(peer: Peer) -> None:
    offer = await peer.offer(f"{PUBLISH} {NO_COMMON_CODEC}")
    assert [section.rejected for section in offer.sections] == [False, False, True]
    state = await peer.take(offer)
    assert state["directions"] == {"0": "sendonly", "1": "sendonly"}


async def test_first_section_is_rejected(peer: Peer) -> None:
    """Not with max-bundle: Chromium has no transport then but that of the first section."""
    offer = await peer.offer(f"pc = new RTCPeerConnection(); {NO_COMMON_CODEC} publish('video')")
    assert offer.sections[0].rejected
    assert offer.bundle == ("1",)
    state = await peer.take(offer)
    assert state["directions"] == {"1": "sendonly"}


async def test_data_channels_are_taken_besides_media(peer: Peer) -> None:
    offer = await peer.offer(f"{PUBLISH} window.channel = pc.createDataChannel('chat')")
    assert [section.rejected for section in offer.sections] == [False, False, False]
    assert offer.channels is not None
    state = await peer.take(offer)
    assert state["directions"] == {"0": "sendonly", "1": "sendonly"}


async def test_simulcast_keeps_its_encodings_over_later_descriptions(peer: Peer) -> None:
    encodings = "[{rid: 'l', scaleResolutionDownBy: 2}, {rid: 'h'}]"
    offer = await peer.offer(f"publish('video', {{sendEncodings: {encodings}}})")
    assert [each.rid for each in offer.sections[0].encodings] == ["l", "h"]
    for _ in range(2):
        state = await peer.take(offer)
        assert state["directions"] == {"0": "sendonly"}
        sent = await peer.run("return pc.getSenders()[0].getParameters().encodings.map(e => e.rid)")
        assert sent == ["l", "h"]
        offer = await peer.offer("pc.restartIce()")


async def test_screen_share_is_added(peer: Peer) -> None:
    await peer.take(await peer.offer(f"{PUBLISH} receive('audio', 'video')"), {"3": stream(1)})
    offer = await peer.offer("publish('video'); publish('audio')")
    state = await peer.take(offer, {"3": stream(1)})
    assert state["directions"] == {
        "0": "sendonly",
        "1": "sendonly",
        "2": "inactive",
        "3": "recvonly",
        "4": "sendonly",
        "5": "sendonly",
    }


async def test_section_in_both_directions(peer: Peer) -> None:
    offer = await peer.offer("publish('video', {direction: 'sendrecv'})")
    state = await peer.take(offer, {"0": stream(1)})
    assert state["directions"] == {"0": "sendrecv"}
    state = await peer.take(await peer.offer(), {"0": stream(1)}, receiving=[])
    assert state["directions"] == {"0": "recvonly"}


async def test_many_sections(peer: Peer) -> None:
    offer = await peer.offer(f"{PUBLISH} for (let i = 0; i < 40; i++) receive('audio', 'video')")
    mids = [section.mid for section in offer.sections if section.client_receives]
    assert len(mids) == 80
    state = await peer.take(offer, {mid: stream(int(mid)) for mid in mids})
    assert [state["directions"][mid] for mid in mids] == ["recvonly"] * 80


async def test_codec_that_we_prefer_is_sent(peer: Peer) -> None:
    offer = await peer.offer("publish('video')")
    await peer.take(offer)
    codecs = await peer.run("return pc.getSenders()[0].getParameters().codecs.map(c => c.mimeType)")
    assert codecs[0] == f"video/{offer.sections[0].codecs[0].name}" == "video/VP8"
