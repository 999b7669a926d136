"""After a mute or a lost right not one packet more is forwarded, of a client that goes on sending.

aiortc on the other side knows nothing of either: it sends and asks for all, whatever it is told.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from fastsfu.auth.permissions import Permissions
from fastsfu.config import Config
from fastsfu.room.room import Room
from fastsfu.sfu import SFU
from fastsfu.terms import Publishable
from tests.support.domain_peer import CONFIG, DomainPeer, until

INBOUND, OUTBOUND = 0, 1  # in the snapshot's column `row`


@dataclass(frozen=True)
class Order:
    """`stops` are the kinds of which nothing more leaves for anybody, until `takes_back`."""

    gives: Callable[[Room, DomainPeer, DomainPeer], None]
    takes_back: Callable[[Room, DomainPeer, DomainPeer], None]
    stops: tuple[int, ...] = (0, 1)  # audio, video


def mute(*sources: Publishable) -> Order:
    return Order(
        lambda room, eve, _: room.mute(eve.session.id, sources=set(sources)),
        lambda _, eve, __: eve.session.unmute(set(sources)),
        tuple(kind for kind, name in enumerate(("audio", "video")) if name in sources),
    )


def publish(*sources: Publishable) -> Order:
    rights = Permissions(publish=frozenset(sources))
    return Order(
        lambda room, eve, _: room.permit(eve.session.id, rights),
        lambda room, eve, _: room.permit(eve.session.id, Permissions()),
        tuple(kind for kind, name in enumerate(("audio", "video")) if name not in sources),
    )


DEAFENED = Order(
    lambda room, _, host: room.permit(host.session.id, Permissions(subscribe=False)),
    lambda room, _, host: room.permit(host.session.id, Permissions()),
)
ORDERS = [mute("audio"), mute("audio", "video"), publish("video"), publish(), DEAFENED]


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
async def sfu(request: pytest.FixtureRequest) -> AsyncIterator[SFU]:
    spread = {"workers": request.param, "spread_at": 0}
    async with SFU(Config(**{**CONFIG.model_dump(), **spread})) as sfu:
        yield sfu


def packets(sfu: SFU, row: int, kinds: tuple[int, ...]) -> list[int]:
    """Of each of these kinds, so far."""
    rows = sfu.snapshot()
    rows = rows[rows["row"] == row]
    return [int(rows["packets"][rows["kind"] == kind].sum()) for kind in kinds]


async def more(sfu: SFU, row: int, kinds: tuple[int, ...], count: int) -> None:
    """Wait until so many packets more of each have come (INBOUND), or gone on (OUTBOUND)."""
    before = packets(sfu, row, kinds)
    await until(
        f"{count} more packets",
        lambda: all(
            now >= then + count for now, then in zip(packets(sfu, row, kinds), before, strict=True)
        ),
    )


async def in_force(sfu: SFU) -> None:
    """Wait until all workers have carried out what they were told."""
    await asyncio.sleep(0)  # they are woken at the end of the turn
    before = [engine.beat() for engine in sfu.engines]
    await until(
        "two whole turns of each",
        lambda: all(
            engine.beat() > beats + 2 for engine, beats in zip(sfu.engines, before, strict=True)
        ),
    )


@pytest.mark.parametrize("tries", [5, pytest.param(100, marks=pytest.mark.slow)])
async def test_nothing_of_it_leaves_for_anybody(sfu: SFU, tries: int) -> None:
    eve, host = await DomainPeer().join(sfu), await DomainPeer().join(sfu, sends=False)
    room = eve.session.room
    assert isinstance(room, Room)
    for kind in ("audio", "video"):
        await host.receives(kind)
    for number in range(tries):
        order = ORDERS[number % len(ORDERS)]
        order.gives(room, eve, host)
        await in_force(sfu)
        before = packets(sfu, OUTBOUND, order.stops)
        await more(sfu, INBOUND, order.stops, 3)
        assert packets(sfu, OUTBOUND, order.stops) == before, number
        order.takes_back(room, eve, host)
        await more(sfu, OUTBOUND, order.stops, 1)
    for peer in (eve, host):
        await peer.close()
