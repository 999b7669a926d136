"""P10: nobody watches or listens unseen.

Whoever receives a room's media is a participant whom all can see. A right of its own, never given
by default, lets somebody watch hidden, and then everybody is told how many do. A direct call is
never left for somebody hidden, who gets nothing of it.
"""

from typing import Any

import httpx
import pytest
from aiortc import RTCSessionDescription
from playwright.async_api import Browser

from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Grant, Tokens
from fastsfu.errors import JoinError
from fastsfu.events import HiddenParticipants, ParticipantJoined, TopologyChanged
from tests.interop.conftest import OpenPage
from tests.interop.test_topology import carried_by, topology
from tests.support.aiortc_client import new_connection
from tests.support.offers import OfferText, sending
from tests.support.page import CallPage, until
from tests.support.recording_engine import RecordingEngine
from tests.support.server import PUBLISH, WATCH, LiveServer, Socket, live_server
from tests.support.sessions import Client, Join, turn

API_KEY = "an-api-key-0123456789-0123456789-012"
WATCHER = Grant("standup", hidden=True)


async def watch(server: LiveServer, query: str = "", **claims: Any) -> Any:
    """WHEP's POST for the room "standup", by a token with these claims."""
    headers = {
        "Authorization": f"Bearer {server.token('standup', **claims)}",
        "Content-Type": "application/sdp",
    }
    made = await server.http.post(f"v1/whep/standup{query}", content=WATCH, headers=headers)
    assert made.status_code == 201, made.text
    return lambda: server.http.delete(made.url.join(made.headers["location"]), headers=headers)


async def hears_of_hidden(socket: Socket, count: int) -> None:
    while (await socket.expect("hidden-participants"))["count"] != count:
        pass


async def test_who_watches_by_whep_is_a_participant_whom_all_see() -> None:
    async with live_server() as server, server.caller("standup") as ada:
        await ada.offer(PUBLISH)
        end = await watch(server, "?name=Eve")
        came = (await ada.expect("participant-joined"))["participant"]
        assert came["user_name"] == "Eve"
        async with server.caller("standup") as ben:
            assert came["session_id"] in [each["session_id"] for each in ben.joined["participants"]]
            assert ben.joined["hidden_participants"] == 0
        await end()
        await ada.expect("participant-left")


async def test_nothing_that_a_client_says_hides_it() -> None:
    """No parameter, no member of a message, no right that a token has by default."""
    async with live_server(api_key=API_KEY) as server, server.caller("standup") as ada:
        await ada.offer(PUBLISH)
        made = await server.http.post(
            "v1/meeting-tokens",
            json={"room": "standup", "owner": True},
            headers={"Authorization": f"Bearer {API_KEY}"},
        )
        ordinary = server.sfu.tokens.verify(made.json()["token"], "standup")
        assert not ordinary.hidden
        await watch(server, "?hidden=1&hidden=true", owner=True)
        await ada.expect("participant-joined")
        async with server.socket() as eve:
            await eve.join("standup", made.json()["token"], hidden=True, capabilities=["hidden"])
            await ada.expect("participant-joined")
        where = server.sfu.rooms.get("standup")
        assert where is not None
        assert where.hidden_count == 0


async def test_everybody_is_told_how_many_watch_hidden() -> None:
    async with live_server() as server, server.caller("standup") as ada:
        await ada.offer(PUBLISH)
        first = await watch(server, hidden=True)
        await hears_of_hidden(ada, 1)
        async with server.caller("standup", hidden=True) as second:
            assert second.joined["hidden_participants"] == 2, "they are told, too"
            await hears_of_hidden(ada, 2)
            async with server.caller("standup") as ben:
                assert ben.joined["hidden_participants"] == 2
                others = [each["session_id"] for each in ben.joined["participants"]]
                assert others == [ada.joined["session_id"]]
            await second.send("leave")
        await first()
        await hears_of_hidden(ada, 0)


async def test_who_is_hidden_only_watches(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    await ada.offer(sending())
    eve = await join(grant=Grant("standup", owner=True, hidden=True), p2p=True)
    answer = await eve.receive_all(OfferText())
    assert len(answer.subscriptions) == 2
    await eve.offer(sending())
    assert len(native.inbounds) == 2, "it publishes nothing"
    rights = eve.session.grant
    assert not any([rights.publish, rights.messages, rights.owner, eve.session.p2p])
    assert ada.session.others() == []
    eve.session.leave()
    await turn()
    assert [each.count for each in ada.of(HiddenParticipants)] == [1, 0]
    assert ada.of(ParticipantJoined) == []


async def direct_call(join: Join) -> tuple[Client, Client]:
    ada, ben = await join("Ada", p2p=True), await join("Ben", p2p=True)
    for each in (ada, ben):
        each.session.room.peering.report(each.session, 1, "connected")  # type: ignore[attr-defined]
    return ada, ben


def view(client: Client) -> TopologyChanged:
    return client.session.room.peering.view(client.session.id)


async def test_a_direct_call_is_never_left_for_somebody_hidden(join: Join) -> None:
    ada, ben = await direct_call(join)
    before = view(ada), view(ben)
    assert before[0].sending == ("peer",)
    for p2p in (False, True):
        eve = await join(grant=WATCHER, p2p=p2p)
        assert (view(ada), view(ben)) == before
        eve.session.leave()
        assert (view(ada), view(ben)) == before
    assert await join("Cy"), "for a participant it is"
    assert view(ada).sending == ("sfu", "peer")


async def test_a_direct_call_begins_whoever_watches_hidden(join: Join) -> None:
    """One alone is watched by the SFU; with the second the call is between the two."""
    eve = await join(grant=WATCHER)
    ada = await join("Ada", p2p=True)
    assert view(ada).sending == ("sfu",)
    ben = await join("Ben", p2p=True)
    assert view(ada).sending == view(ben).sending == ("peer",)
    assert view(eve).connection is None
    ben.session.leave()
    assert view(ada).sending == ("sfu",)
    eve.session.leave()
    assert view(ada).sending == ()


async def test_a_hidden_owner_cannot_end_a_direct_call() -> None:
    async with (
        live_server(topology="auto") as server,
        server.socket() as ada,
        server.socket() as ben,
        server.caller("standup", hidden=True, owner=True) as eve,
    ):
        for each in (ada, ben):
            await each.join("standup", server.token("standup"), capabilities=["p2p"])
        await eve.send("set-topology", topology="sfu")
        while (said := await eve.receive())["type"] != "error":
            pass
        assert said["error"] == "not-allowed"
        where = server.sfu.rooms.get("standup")
        assert where is not None
        assert where.peering.carrier == "peer"


async def test_a_room_of_two_alone_takes_nobody_hidden(join: Join) -> None:
    join.sfu.rooms.create("standup", topology="p2p")
    with pytest.raises(JoinError) as refused:
        await join(grant=WATCHER)
    assert refused.value.type == "not-allowed"


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="session")
async def test_two_browsers_stay_direct_and_show_who_watches_hidden(
    browser: Browser, open_direct: OpenPage, direct_server: ServerProcess, room: str
) -> None:
    pages = [await open_direct(browser, "Ada"), await open_direct(browser, "Ben")]
    await carried_by("peer", *pages)
    player, _ = new_connection()
    for kind in ("audio", "video"):
        player.addTransceiver(kind, "recvonly")
    await player.setLocalDescription(await player.createOffer())
    headers = {
        "Authorization": f"Bearer {Tokens(SECRET).sign(room, hidden=True)}",
        "Content-Type": "application/sdp",
    }
    async with httpx.AsyncClient(base_url=direct_server.url, verify=False) as http:
        offer = player.localDescription.sdp
        made = await http.post(f"/v1/whep/{room}", content=offer, headers=headers)
        assert made.status_code == 201, made.text
        await player.setRemoteDescription(RTCSessionDescription(made.text, "answer"))
        await shows_hidden(1, *pages)
        await http.delete(made.url.join(made.headers["location"]), headers=headers)
        await shows_hidden(0, *pages)
    await player.close()


SHOWN = """[
  call.participantCounts().present, call.participantCounts().hidden,
  document.getElementById('hidden-count').checkVisibility(),
]"""


async def shows_hidden(count: int, *pages: CallPage) -> None:
    """Wait until each page shows how many watch hidden; its call is a direct one all the time."""
    for page in pages:

        async def look(page: CallPage = page) -> bool:
            assert (await topology(page))["encryption"] == "end-to-end"
            return list(await page.evaluate(SHOWN)) == [2, count, count > 0]

        await until(f"{page.name} to show {count} hidden", look)
