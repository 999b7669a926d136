"""A Chromium that publishes three encodings, and another page that is switched between them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from fastsfu.events import EncodingsWanted, Event
from fastsfu.session.session import Session
from fastsfu.sfu import SFU
from fastsfu.tracks import Wish
from tests.support import chromium
from tests.support.domain_peer import CONFIG, until

pytestmark = pytest.mark.browser

PUBLISH = """
const canvas = document.createElement('canvas');
[canvas.width, canvas.height] = [1280, 720];
const pen = canvas.getContext('2d');
let turn = 0;
setInterval(() => {
  turn++;
  for (let i = 0; i < 60; i++) {
    pen.fillStyle = `hsl(${(turn * 3 + i * 40) % 360} 80% 50%)`;
    pen.fillRect((i * 137 + turn * 5) % 1280, (i * 71 + turn * 3) % 720, 90, 60);
  }
}, 33);
window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
const stream = canvas.captureStream(30);
pc.addTransceiver(stream.getTracks()[0], {direction: 'sendonly', streams: [stream],
  sendEncodings: [{rid: 'q', scaleResolutionDownBy: 4}, {rid: 'h', scaleResolutionDownBy: 2},
                  {rid: 'f'}]});
"""
# Each picture that is shown: [when in ms, how high].
WATCH = """
window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
window.shown = [];
const video = document.createElement('video');
video.muted = video.autoplay = true;
document.body.append(video);
const note = (now, frame) => {
  shown.push([now, frame.height]);
  video.requestVideoFrameCallback(note);
};
video.requestVideoFrameCallback(note);
pc.ontrack = event => { video.srcObject = new MediaStream([event.track]); };
pc.addTransceiver('video', {direction: 'recvonly'});
"""
OFFER = "(async () => { await pc.setLocalDescription(); return pc.localDescription.sdp; })()"


class Client:
    """A page with one RTCPeerConnection, and its session."""

    session: Session

    def __init__(self, page: chromium.ChromiumPage) -> None:
        self.page = page
        self.events: list[Event] = []

    def send(self, event: Event) -> None:
        self.events.append(event)

    async def join(self, sfu: SFU, script: str) -> "Client":
        self.session = await sfu.open_session("standup", signaler=self)
        await self.page.evaluate(f"(() => {{ {script} }})()")
        await self.offer()
        return self

    async def offer(self) -> None:
        answer = await self.session.offer(await self.page.evaluate(OFFER))
        await self.page.evaluate(
            f"pc.setRemoteDescription({{type: 'answer', sdp: {answer.sdp!r}}})"
        )

    async def shown(self) -> list[list[float]]:
        pictures: list[list[float]] = await self.page.evaluate("shown")
        return pictures

    async def height(self, wanted: int, seconds: float = 20.0) -> None:
        """Wait until pictures of this height are shown."""
        await self.page.page.wait_for_function(
            f"shown.length && shown.at(-1)[1] === {wanted}", timeout=seconds * 1000
        )

    async def more_pictures(self, count: int) -> None:
        wanted = len(await self.shown()) + count
        await self.page.page.wait_for_function(f"shown.length >= {wanted}")


@pytest_asyncio.fixture(loop_scope="session")
async def pages() -> AsyncIterator[list[chromium.ChromiumPage]]:
    async with async_playwright() as playwright:
        launched = [await chromium.launch(playwright) for _ in range(2)]
        yield [
            await chromium.open_page(browser, "about:blank", viewport=chromium.SMALL_WINDOW)
            for browser in launched
        ]
        for browser in launched:
            await browser.close()


async def test_a_receiver_is_switched(pages: list[Any]) -> None:
    """How long the picture stands meanwhile is the browser's keyframe; see tests/scenarios."""
    async with SFU(CONFIG) as sfu:
        await Client(pages[0]).join(sfu, PUBLISH)
        bob = await Client(pages[1]).join(sfu, WATCH)
        await bob.height(720, 40)
        unknown = sfu.counters()["drop_rtp_unknown_ssrc"]  # some, before the encodings have begun
        for height in (180, 360, 720, 360, 180, 720):
            bob.session.update_receive_settings({"*": {"video": Wish(max_height=height)}})
            await bob.height(height)
            await bob.more_pictures(15)
        assert sfu.counters()["drop_rtp_unknown_ssrc"] == unknown


async def test_later_descriptions_succeed_and_what_nobody_wants_is_told(pages: list[Any]) -> None:
    async with SFU(CONFIG) as sfu:
        ann = await Client(pages[0]).join(sfu, PUBLISH)
        bob = await Client(pages[1]).join(sfu, WATCH)
        await bob.height(720, 40)
        for _ in range(2):
            await ann.page.evaluate("pc.restartIce()")
            await ann.offer()
        bob.session.update_receive_settings({"*": {"video": Wish(layer=0)}})
        await bob.height(180)
        await until("encodings to rest", lambda: bool(rests(ann)))
        assert rests(ann) == ["h", "f"]


def rests(client: Client) -> list[str]:
    told = [event for event in client.events if isinstance(event, EncodingsWanted)]
    return [rid for rid, wanted in told[-1].encodings if not wanted] if told else []
