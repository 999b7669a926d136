"""Topology in a real room: who is told what, what is relayed to whom, hooks, and its clock."""

import asyncio
from typing import Any

import pytest
import uvloop

from fastsfu.auth.permissions import NOTHING
from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.errors import JoinError, RequestError
from fastsfu.events import (
    ConnectionChanged,
    Failure,
    PeerCandidate,
    PeerConnection,
    PeerDescription,
    TopologyChanged,
)
from fastsfu.p2p.peering import SIGNALS_AT_MOST
from fastsfu.p2p.topology import CONNECT
from fastsfu.room.room import Room
from fastsfu.sfu import SFU
from tests.support.offers import sending
from tests.support.recording_engine import IceState, RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn
from tests.support.virtual_time import virtually

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True)
SFU_ONLY = TopologyChanged("sfu", ("sfu",), None)
OFFER = PeerDescription(1, "offer", "v=0")


def view(client: Client) -> TopologyChanged:
    return client.session.room.peering.view(client.session.id)  # type: ignore[attr-defined]


def say(client: Client, state: Any, number: int = 1) -> None:
    client.session.room.peering.report(client.session, number, state)


async def connected(join: Join) -> tuple[Client, Client]:
    ada, ben = await join("Ada", p2p=True), await join("Ben", p2p=True)
    say(ada, "connected")
    say(ben, "connected")
    return ada, ben


async def test_each_of_the_two_is_told_its_part(join: Join) -> None:
    ada, ben = await join("Ada", p2p=True), await join("Ben", p2p=True)
    assert ada.of(TopologyChanged) == [
        TopologyChanged("peer", ("peer",), PeerConnection(1, ben.session.id, False, False))
    ]
    assert ben.of(TopologyChanged) == [], "who joins reads it in the scene"
    assert view(ben) == TopologyChanged(
        "peer", ("peer",), PeerConnection(1, ada.session.id, True, False)
    )


async def test_the_third_has_no_part_in_the_switch(join: Join) -> None:
    ada, ben = await connected(join)
    cy = await join("Cy", p2p=True)
    assert view(cy) == SFU_ONLY
    assert view(ada).sending == ("sfu", "peer")
    for client in (ada, ben):
        client.session.room.peering.carried(client.session, 1, "sfu")
    assert [view(each) for each in (ada, ben, cy)] == [SFU_ONLY] * 3
    assert cy.of(TopologyChanged) == []


async def test_signals_go_to_the_other_of_the_two_only(join: Join) -> None:
    ada, ben = await connected(join)
    cy = await join("Cy", p2p=True)
    peering = ada.session.room.peering
    peering.relay(ada.session, OFFER)
    peering.relay(ben.session, PeerCandidate(1, "", "0", 0, None))
    peering.relay(cy.session, OFFER)
    peering.relay(ada.session, PeerDescription(2, "offer", "v=0"))
    assert ben.of(PeerDescription) == [OFFER]
    assert len(ada.of(PeerCandidate)) == 1
    assert cy.of(PeerDescription) == ada.of(PeerDescription) == []


async def test_signals_are_bounded_for_each_connection(join: Join) -> None:
    ada, ben = await join("Ada", p2p=True), await join("Ben", p2p=True)
    peering = ada.session.room.peering
    for _ in range(SIGNALS_AT_MOST):
        peering.relay(ada.session, OFFER)
    with pytest.raises(RequestError) as refused:
        peering.relay(ada.session, OFFER)
    assert refused.value.type == "rate-limit"
    peering.relay(ben.session, OFFER)
    peering.resumed(ben.session)
    peering.relay(ada.session, PeerDescription(2, "offer", "v=0"))
    assert len(ben.of(PeerDescription)) == SIGNALS_AT_MOST + 1


@pytest.mark.parametrize(
    "options",
    [
        {"p2p": False},
        {"p2p": True, "watch": "somebody"},
        {"p2p": True, "grant": Grant("standup", publish=NOTHING)},
        {"p2p": True, "grant": Grant("standup", subscribe=False)},
    ],
    ids=["old client", "watches one", "may not publish", "may not subscribe"],
)
async def test_who_forces_the_sfu(join: Join, options: dict[str, Any]) -> None:
    ada = await join("Ada", p2p=True)
    await join("Other", **options)
    assert view(ada) == SFU_ONLY


async def test_room_properties(sfu: SFU, join: Join) -> None:
    sfu.rooms.create("standup", topology="p2p", p2p_policy="relay", max_participants=9)
    ada = await join("Ada", p2p=True)
    await join("Ben", p2p=True)
    connection = view(ada).connection
    assert connection is not None
    assert connection.relayed
    with pytest.raises(JoinError) as refused:
        await join("Cy", p2p=True)
    assert refused.value.type == "meeting-full"
    with pytest.raises(RequestError):
        ada.session.room.peering.wish("sfu")
    ada.session.leave()
    with pytest.raises(JoinError) as refused:
        await join("Cy")
    assert refused.value.type == "not-allowed"
    with pytest.raises(RequestError):
        sfu.rooms.create("never", topology="p2p", p2p_policy="off")
    assert "never" not in sfu.rooms


async def test_an_owners_wish_is_followed(sfu: SFU, join: Join) -> None:
    ada, ben = await connected(join)
    ada.session.room.peering.wish("sfu")
    assert view(ben).carrier == "sfu"
    sfu.rooms.create("private", p2p_policy="off").peering.wish("sfu")
    with pytest.raises(RequestError):
        sfu.rooms.get("private").peering.wish("peer")  # type: ignore[union-attr]


async def test_the_hook_hears_of_each_change(native: RecordingEngine) -> None:
    heard: list[tuple[str, str]] = []

    async def on_topology(room: Room, carrier: str) -> None:
        heard.append((room.name, carrier))

    async with SFU(
        CONFIG, on_topology=on_topology, open_engines=lambda _: [media_engine(native)]
    ) as sfu:
        join = Join(sfu)
        ada, ben = await connected(join)
        cy = await join("Cy", p2p=True)
        for client in (ada, ben, cy):
            client.session.leave()
    carriers = ["peer", "sfu", "none"]
    assert heard == [("standup", carrier) for carrier in carriers]


@virtually
async def test_its_clock_runs(native: RecordingEngine) -> None:
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, back_to_p2p_after=60.0)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        join = Join(sfu)
        ada = await join("Ada", p2p=True)
        await join("Ben", p2p=True)
        await asyncio.sleep(CONNECT + 0.1)
        assert view(ada) == SFU_ONLY
        await asyncio.sleep(121)
        connection = view(ada).connection
        assert connection is not None
        assert connection.number == 2
        assert view(ada).sending == ("sfu",)


async def test_who_resumes_reads_the_scene_and_the_other_begins_anew(sfu: SFU, join: Join) -> None:
    ada, ben = await join("Ada", p2p=True), await join("Ben", p2p=True)
    ben.session.detach(ben)
    again = Client()
    sfu.resume(ben.session.id, ben.session.resume_key, again)
    assert again.of(TopologyChanged) == []
    number = 2
    assert view(ada).connection == PeerConnection(number, ben.session.id, False, False)
    assert ada.of(TopologyChanged)[-1] == view(ada)


@virtually
async def test_a_direct_call_outlives_an_sfu_that_cannot_be_reached(
    native: RecordingEngine,
) -> None:
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        join = Join(sfu)
        ada, ben = await connected(join)
        await ada.offer(sending())
        await asyncio.sleep(CONFIG.consent_timeout + 1)
        assert [each.error for each in ada.of(Failure)] == ["sfu-unreachable"]
        assert ada.session.ended is None
        await join("Cy")
        await asyncio.sleep(CONFIG.consent_timeout)
        assert ada.session.ended == "connection-error", "now media has to reach the server"
        assert ben.session.ended is None, "who has offered nothing is not waited for"


@virtually
async def test_a_direct_call_outlives_an_sfu_that_is_lost_for_a_while(
    native: RecordingEngine,
) -> None:
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
        join = Join(sfu)
        ada, _ = await connected(join)
        await ada.offer(sending())
        (transport,) = native.transports
        native.connect(transport)
        await turn()
        native.fire("on_ice", transport, IceState.EXPIRED, "", "")
        await asyncio.sleep(3 * CONFIG.consent_timeout)
        assert [each.error for each in ada.of(Failure)] == ["sfu-unreachable"], "once"
        native.fire("on_ice", transport, IceState.CONNECTED, "192.0.2.1:5000", "192.0.2.10:40000")
        await join("Cy")
        await asyncio.sleep(2 * CONFIG.consent_timeout)
        assert ada.session.ended is None
        states = [each.state for each in ada.of(ConnectionChanged)]
        assert states == ["connected", "interrupted", "connected"]
        native.fire("on_ice", transport, IceState.EXPIRED, "", "")
        await turn()
        assert ada.session.ended == "connection-error", "nothing else carries its media now"


def test_a_clock_that_is_due_at_once_is_set_anew_on_any_loop() -> None:
    """The handles of uvloop's do not know when, if it is now."""

    async def run() -> None:
        async with SFU(CONFIG, open_engines=lambda _: [media_engine(RecordingEngine())]) as sfu:
            ada, ben, cy = [await Join(sfu)(p2p=True) for _ in range(3)]
            cy.session.leave()
            peering = ada.session.room.peering
            for _ in range(2):
                peering.wish("peer")
            await turn()
            assert view(ben).connection is not None

    uvloop.run(run())
