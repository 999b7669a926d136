"""A Chromium that publishes one encoding with layers, and another page that is switched between
them (SVC).
"""

from pathlib import Path
from typing import Any

import pytest

import fastsfu
from fastsfu.events import EncodingsWanted
from fastsfu.sfu import SFU
from fastsfu.tracks import Wish
from tests.interop.test_simulcast import WATCH, Client, pages
from tests.support.domain_peer import CONFIG, until

__all__ = ["pages"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESCRIBE = """
const describe = (transceiver) => {
  const extensions = transceiver.getHeaderExtensionsToNegotiate();
  for (const one of extensions) {
    if (one.uri.includes('dependency-descriptor')) one.direction = 'sendrecv';
  }
  transceiver.setHeaderExtensionsToNegotiate(extensions);
};
"""
PUBLISH = (
    DESCRIBE
    + """
const canvas = document.createElement('canvas');
[canvas.width, canvas.height] = [640, 360];
const pen = canvas.getContext('2d');
let turn = 0;
setInterval(() => {
  turn++;
  for (let i = 0; i < 20; i++) {
    pen.fillStyle = `hsl(${(turn * 3 + i * 40) % 360} 80% 50%)`;
    pen.fillRect((i * 137 + turn * 5) % 640, (i * 71 + turn * 3) % 360, 90, 60);
  }
}, 66);
window.pc = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
const stream = canvas.captureStream(15);
const transceiver = pc.addTransceiver(stream.getTracks()[0], {direction: 'sendonly',
  streams: [stream], sendEncodings: [{scalabilityMode: 'MODE'}]});
const able = RTCRtpSender.getCapabilities('video').codecs;
transceiver.setCodecPreferences(
  able.filter(({mimeType}) => ['video/CODEC', 'video/rtx'].includes(mimeType)));
describe(transceiver);
"""
)
WATCH_DESCRIBED = f"{DESCRIBE}{WATCH}describe(pc.getTransceivers()[0]);"


@pytest.mark.parametrize(
    ("codec", "mode", "watch"),
    [
        ("VP9", "L2T3", WATCH),
        ("VP9", "L2T3_KEY", WATCH_DESCRIBED),
        ("AV1", "L2T3", WATCH_DESCRIBED),
    ],
)
async def test_a_receiver_gets_the_layers_that_it_wants(
    pages: list[Any], codec: str, mode: str, watch: str
) -> None:
    publish = PUBLISH.replace("CODEC", codec).replace("MODE", mode)
    async with SFU(CONFIG) as sfu:
        await Client(pages[0]).join(sfu, publish)
        bob = await Client(pages[1]).join(sfu, watch)
        await bob.height(360, 40)
        for height in (180, 360, 180, 360):
            bob.session.update_receive_settings({"*": {"video": Wish(max_height=height)}})
            await bob.height(height)
            await bob.more_pictures(15)


# What the SDK makes of what its server tells.
ENCODINGS = (Path(fastsfu.__file__).parent / "web/sdk/encodings.js").read_text()
APPLY = """
window.apply = async (source, wanted) => {
  const { applyEncodings } = await import(`data:text/javascript;base64,${btoa(source)}`);
  const [sender] = pc.getSenders();
  await applyEncodings(sender, 'video', { codecs: ['CODEC'] }, { ladder: true, wanted });
};
window.sends = async (mode, height) => {
  for (const report of (await pc.getStats()).values()) {
    if (report.type === 'outbound-rtp') {
      return report.scalabilityMode === mode && report.frameHeight === height;
    }
  }
};
"""


@pytest.mark.parametrize("codec", ["VP9", "AV1"])
async def test_layers_that_nobody_wants_are_not_sent(pages: list[Any], codec: str) -> None:
    publish = (PUBLISH + APPLY).replace("CODEC", codec).replace("MODE", "L2T3")
    async with SFU(CONFIG) as sfu:
        ann = await Client(pages[0]).join(sfu, publish)
        bob = await Client(pages[1]).join(sfu, WATCH_DESCRIBED)
        await bob.height(360, 40)
        for wish, height, mode in ((180, 180, "L1T3"), (None, 360, "L2T3")):
            before = len(told(ann))
            bob.session.update_receive_settings({"*": {"video": Wish(max_height=wish)}})
            await until("the sender to be told", lambda known=before: len(told(ann)) > known)
            assert told(ann)[-1].max_height == wish
            wanted = [{"rid": "", "active": True, "max_height": wish, "max_framerate": None}]
            await ann.page.page.evaluate("(all) => apply(...all)", [ENCODINGS, wanted])
            await ann.page.page.wait_for_function(
                f"sends('{mode}', {height})", timeout=30_000, polling=200
            )
            await bob.height(height)
            await bob.more_pictures(15)


def told(client: Client) -> list[EncodingsWanted]:
    return [event for event in client.events if isinstance(event, EncodingsWanted)]
