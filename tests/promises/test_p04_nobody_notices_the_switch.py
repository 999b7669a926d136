"""P4: the change from P2P to the SFU and back has no gap in picture or sound, and loses or doubles
no app message; on the SFU each client has one connection.

Make before break is a matter of order, which a busy machine does not change: in both pages the new
picture was shown before the old one lost its element, and before anybody stopped to send it. How
long a picture or a voice was away is held against a connection between the same two pages that
nothing switches (tests/support/continuity).
"""

from functools import partial

import pytest
from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.interop.test_topology import (
    carried_by,
    everybody_gets_everything,
    join,
    only_one_connection,
)
from tests.support import continuity
from tests.support.chromium import SMALL_WINDOW
from tests.support.continuity import CONTROL, SMALL_CAMERA, WATCHING, Watched
from tests.support.page import CallPage, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
# Milliseconds beyond what holds up the control.
PICTURE_GAP = 250.0
SOUND_GAP = 100.0
LISTEN = """(() => {
  window.heard = [];
  window.call.on('app-message', ({ data }) => window.heard.push(data));
})()"""
# Ten messages a second.
CHATTER = """(() => {
  let said = 0;
  const talk = setInterval(() => void window.call.sendAppMessage(said += 1), 100);
  window.stopChatting = () => {
    clearInterval(talk);
    return said;
  };
})()"""
PICTURE = """Object.values(window.call.participants())
  .find(({{ user_name }}) => user_name === '{}').tracks.video.persistentTrack.id"""


async def test_nobody_notices_the_switch_there_and_back(
    browser: Browser, open_direct: OpenPage
) -> None:
    small = partial(open_direct, browser, viewport=SMALL_WINDOW)
    ada, ben = [await small(name, script=SMALL_CAMERA + WATCHING) for name in ("Ada", "Ben")]
    await carried_by("peer", ada, ben)
    await everybody_gets_everything(ada, ben)
    await continuity.start_control(ada, ben)
    cy = await small("Cy", autojoin=False, script=SMALL_CAMERA)
    pair = (ada, ben)
    direct = await pictures(*pair)
    await watched(*pair)
    for script in (LISTEN, CHATTER):
        for page in pair:
            await page.evaluate(script)

    await join(cy)
    await carried_by("sfu", ada, ben, cy)
    await only_one_connection(cy)
    await until_shown(*pair, instead_of=direct)
    await until_closed(*pair)
    by_sfu = await pictures(*pair)
    there = await watched(*pair)
    made_before_broken(there, direct, by_sfu)
    unnoticed(there)

    await cy.close()
    await carried_by("peer", *pair)
    await until_shown(*pair, instead_of=by_sfu)
    back = await watched(*pair)
    made_before_broken(back, by_sfu, await pictures(*pair))
    unnoticed(back)
    await each_message_came_once(ada, ben)
    await each_message_came_once(ben, ada)


async def pictures(ada: CallPage, ben: CallPage) -> list[str]:
    """The ids of the tracks that are there to be shown: Ben's at Ada's, Ada's at Ben's."""
    return [
        await page.evaluate(PICTURE.format(other.name)) for page, other in ((ada, ben), (ben, ada))
    ]


async def watched(*pages: CallPage) -> list[Watched]:
    return [await continuity.take(page) for page in pages]


SHOWN = """(() => {{
  const shows = [...document.querySelectorAll('.tile video')]
    .flatMap((video) => video.srcObject?.getTracks() ?? []).map(({{ id }}) => id);
  return !shows.includes('{}') && {} !== '{}';
}})()"""


async def until_shown(ada: CallPage, ben: CallPage, instead_of: list[str]) -> None:
    """Wait until the pages have exchanged their elements."""
    for (page, other), old in zip(((ada, ben), (ben, ada)), instead_of, strict=True):
        script = SHOWN.format(old, PICTURE.format(other.name), old)
        await until(f"{page.name} to show the new", partial(page.evaluate, script))


async def until_closed(*pages: CallPage) -> None:
    """The connection to the SFU and the control are left."""
    alive = "window.connections.filter((one) => one.connectionState !== 'closed').length === 2"
    for page in pages:
        await until("the P2P connection to end", partial(page.evaluate, alive))


def made_before_broken(seen: list[Watched], old: list[str], new: list[str]) -> None:
    """`old` and `new` are the tracks that the pages showed and show."""
    stops = [time for each in seen for what in ("closed", "unsent") for time in each.times(what)]
    assert stops, "both ways are still sent on"
    for page, before, after in zip(seen, old, new, strict=True):
        (shown,) = page.times("shown", after)
        (detached,) = page.times("detached", before)
        assert shown <= detached, "the old element went before the new one had a picture"
        assert shown < min(stops), "somebody stopped sending before the new picture was shown"
        assert page.subjects("nothing") == [], "somebody had no element with a live track"


def unnoticed(seen: list[Watched]) -> None:
    """Each of the other."""
    for page, other in zip(seen, ("Ben", "Ada"), strict=True):
        picture, sound = page.pictures[other], page.silence[other]
        assert picture <= PICTURE_GAP + page.pictures[CONTROL], page
        assert sound <= SOUND_GAP + page.silence[CONTROL], page


async def each_message_came_once(sender: CallPage, receiver: CallPage) -> None:
    said = await sender.evaluate("window.stopChatting()")
    last = f"window.heard.at(-1) === {said}"
    await until("the last message", lambda: receiver.evaluate(last))
    assert await receiver.evaluate("window.heard") == list(range(1, said + 1)), "once, in order"
