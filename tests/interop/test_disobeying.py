"""A page that ignores what it is told, in a call that goes directly: the call moves to the SFU, the
other page ends the direct way, and of what was turned off nothing is heard or seen any more.
"""

from collections.abc import Awaitable
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.interop.conftest import OpenPage
from tests.interop.test_topology import carried_by
from tests.support.page import CallPage, until

# What `window.deafTo` names never gets to the library.
DEAF = """(() => {
  window.deafTo = [];
  const { prototype } = WebSocket;
  const { get, set } = Object.getOwnPropertyDescriptor(prototype, 'onmessage');
  Object.defineProperty(prototype, 'onmessage', {
    get,
    set(hear) {
      const filtered = (event) => {
        if (!window.deafTo.includes(JSON.parse(event.data).type)) hear.call(this, event);
      };
      set.call(this, hear && filtered);
    },
  });
})()"""
TO_ORDERS = ["muted", "participant-updated", "encodings"]
TO_ALL = [*TO_ORDERS, "topology"]

# Of all connections of a page: by kind, what was sent, and what was received.
COUNTS = """(async () => {
  const counts = { sent: { audio: 0, video: 0 }, received: { audio: 0, video: 0 } };
  for (const connection of window.connections) {
    for (const one of (await connection.getStats()).values()) {
      if (one.type === 'outbound-rtp') counts.sent[one.kind] += one.packetsSent;
      if (one.type === 'inbound-rtp') counts.received[one.kind] += one.bytesReceived;
    }
  }
  return counts;
})()"""
OPEN = "window.connections.filter((one) => one.connectionState !== 'closed').length"
ORDERS = {
    "mute": "{ setVideo: false }",
    "right": "{ updatePermissions: { publish: ['audio'] } }",
}


async def counts(page: CallPage) -> dict[str, Any]:
    return dict(await page.evaluate(COUNTS))


async def direct_call(browser: Browser, open_direct: OpenPage) -> tuple[CallPage, CallPage, str]:
    """Eve, who is about to disobey, a host, and Eve's session id."""
    eve = await open_direct(browser, "Eve", script=DEAF)
    host = await open_direct(browser, "Host", owner=True)
    await carried_by("peer", eve, host)
    await host.goes_on(video=1, audio=1)
    return eve, host, await eve.joined()


def look(page: CallPage, expression: str) -> Awaitable[Any]:
    return until(expression, lambda: page.evaluate(expression))


@pytest.mark.parametrize("order", ORDERS)
async def test_who_goes_on_by_the_sfu_is_heard_and_not_seen(
    browser: Browser, open_direct: OpenPage, order: str
) -> None:
    eve, host, eve_id = await direct_call(browser, open_direct)
    await eve.evaluate(f"window.deafTo = {TO_ORDERS}")
    await host.evaluate(f"window.call.updateParticipant('{eve_id}', {ORDERS[order]})")
    await carried_by("sfu", eve, host)
    await look(host, f"{OPEN} === 1")
    await look(host, f"window.call.participants()['{eve_id}'].tracks.video.state === 'off'")
    before = {page: await counts(page) for page in (eve, host)}
    await host.goes_on(video=0, audio=1)

    async def has_gone_on_sending() -> bool:
        sent = (await counts(eve))["sent"]
        return all(sent[kind] > before[eve]["sent"][kind] + 100 for kind in ("audio", "video"))

    await until("Eve to send all that she has", has_gone_on_sending)
    await host.goes_on(video=0, audio=1)
    now = (await counts(host))["received"]
    assert now["audio"] > before[host]["received"]["audio"]
    assert now["video"] == 0, "of the connection that is left: it never carried a picture"
    assert await host.evaluate(OPEN) == 1


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
async def test_who_stays_on_the_direct_way_is_alone_there(
    browser: Browser, open_direct: OpenPage, order: str
) -> None:
    eve, host, eve_id = await direct_call(browser, open_direct)
    await eve.evaluate(f"window.deafTo = {TO_ALL}")
    await host.evaluate(f"window.call.updateParticipant('{eve_id}', {ORDERS[order]})")
    await look(host, f"{OPEN} === 1")
    assert await eve.evaluate(OPEN) == 2
    still = "window.call.participants().local.tracks.video"
    assert await eve.evaluate(f"{still}.persistentTrack.readyState") == "live"
    await look(host, f"window.call.participants()['{eve_id}'].tracks.video.state === 'off'")
    # Whatever she tries over signaling to have it back, from the repair of what was closed on.
    await look(eve, "window.connections.at(-1).connectionState !== 'connected'")
    assert await host.evaluate(OPEN) == 1
    assert (await counts(host))["received"] == {"audio": 0, "video": 0}
