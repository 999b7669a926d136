"""Order, retries and independence of the senders, over a real outbox; what is sent goes nowhere."""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fastsfu.events import WaitingParticipant
from fastsfu.room.notices import CarrierChanged, Knocked, KnockEnded, Published, Updated
from fastsfu.room.outbox import Endpoint, Letter
from fastsfu.store.store import Store
from fastsfu.webhooks import sender
from fastsfu.webhooks.delivery import Refused
from fastsfu.webhooks.payloads import told_of
from fastsfu.webhooks.sender import Webhooks
from tests.room.test_meetings import joined, left, participant
from tests.support.domain_peer import until


class Posts:
    """Keeps what arrives; `fails` says whether an attempt does."""

    def __init__(self) -> None:
        self.arrived: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.attempts = 0
        self.closed = 0
        self.held = asyncio.Event()
        self.held.set()
        self.slow: str | None = None

    def fails(self, letter: Letter) -> bool:
        return False

    async def post(self, endpoint: Endpoint, letter: Letter) -> None:
        self.attempts += 1
        if endpoint.id == self.slow:
            await self.held.wait()
        await asyncio.sleep(0)
        if self.fails(letter):
            raise Refused("the answer was 500")
        self.arrived[endpoint.id].append(json.loads(letter.body))

    async def close(self) -> None:
        self.closed += 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "FIRST_RETRY", 0.001)


@asynccontextmanager
async def sending(path: Path, posts: Posts) -> AsyncIterator[Store]:
    store = Store(f"sqlite:///{path}/calls.db", tells=told_of)
    await store.open()
    async with Webhooks(store.outbox, lambda: posts):
        yield store
    await store.close()


async def test_what_is_told_of_a_meeting(tmp_path: Path) -> None:
    posts, endpoint = Posts(), Endpoint("https://example.com")
    async with sending(tmp_path, posts) as store:
        store.noticed(joined("r", "early", time.time()))  # nobody wants to hear of it
        await store.outbox.put_endpoint(endpoint)
        for notice in (
            left("r", "early", time.time()),
            joined("r", "ada", 1000.0),
            Published(room="r", session_id="ada", source="audio", at=1001.0),
            Updated(room="r", participant=participant("ada", "Ada"), user_id=None, at=1002.0),
            CarrierChanged(room="r", carrier="sfu", at=1003.0),
            left("r", "ada", 1010.0),
            left("r", "nobody", 1011.0),
        ):
            store.noticed(notice)
        await until("all to arrive", lambda: len(posts.arrived[endpoint.id]) >= 11)
    told = posts.arrived[endpoint.id]
    of_ada = [each for each in told if each["data"].get("origin") == "ada"]
    assert [each["type"] for each in of_ada] == [
        "participant.joined", "track.published", "participant.updated", "participant.left",
    ]  # fmt: skip
    assert of_ada[2]["data"]["user_name"] == "Ada"
    assert of_ada[3]["data"]["duration"] == 10.0
    meeting = of_ada[0]["data"]["meeting_id"]
    mine = [each for each in told if each["data"]["meeting_id"] == meeting]
    assert sorted(each["sequence"] for each in mine) == list(range(1, 9))
    of_room = [each["type"] for each in sorted(mine, key=lambda each: each["sequence"])]
    assert of_room == [
        "room.started", "participant.joined", "track.published", "participant.updated",
        "topology", "participant.left", "room.ended", "usage",
    ]  # fmt: skip
    assert posts.closed == 1


async def test_who_knocks_is_told_of_also_while_nobody_is_in(tmp_path: Path) -> None:
    posts, endpoint = Posts(), Endpoint("https://example.com")
    asks = WaitingParticipant("w1", "Ada", "u1", 999.0)
    async with sending(tmp_path, posts) as store:
        await store.outbox.put_endpoint(endpoint)
        for notice in (
            Knocked(room="r", participant=asks, at=1000.0),
            joined("r", "host", 1001.0),
            KnockEnded(room="r", participant=asks, outcome="granted", at=1002.0),
        ):
            store.noticed(notice)
        await until("all to arrive", lambda: len(posts.arrived[endpoint.id]) >= 4)
    of_ada = [each for each in posts.arrived[endpoint.id] if "waiting_id" in each["data"]]
    assert [each["type"] for each in of_ada] == [
        "waiting-participant.joined", "waiting-participant.left",
    ]  # fmt: skip
    first, second = of_ada
    assert first["sequence"] is None
    assert first["data"] == {
        "room": "r", "meeting_id": None, "started_at": None, "waiting_id": "w1",
        "user_id": "u1", "user_name": "Ada", "since": 999.0,
    }  # fmt: skip
    assert (second["sequence"], second["data"]["outcome"]) == (3, "granted")
    assert second["data"]["meeting_id"] is not None


async def test_each_lane_is_in_order_though_attempts_fail(tmp_path: Path) -> None:
    posts, endpoint = Posts(), Endpoint("https://example.com", ("participant.updated",))
    dice = random.Random(5)
    posts.fails = lambda _: dice.random() < 0.3  # type: ignore[method-assign]
    async with sending(tmp_path, posts) as store:
        await store.outbox.put_endpoint(endpoint)
        for who in range(10):
            store.noticed(joined("r", f"s{who}", 1000.0))
        for number in range(30):
            for who in range(10):
                named = participant(f"s{who}", f"{number}")
                store.noticed(Updated(room="r", participant=named, user_id=None))
        await until("all to arrive", lambda: len(posts.arrived[endpoint.id]) == 300)
    for who in range(10):
        names = [
            each["data"]["user_name"]
            for each in posts.arrived[endpoint.id]
            if each["data"]["origin"] == f"s{who}"
        ]
        assert names == [f"{number}" for number in range(30)]
    assert posts.attempts > 350


async def test_a_slow_endpoint_delays_no_other(tmp_path: Path) -> None:
    posts = Posts()
    slow, quick = Endpoint("https://slow.example"), Endpoint("https://quick.example")
    posts.slow = slow.id
    posts.held.clear()
    async with sending(tmp_path, posts) as store:
        for endpoint in (slow, quick):
            await store.outbox.put_endpoint(endpoint)
        for who in range(50):
            store.noticed(joined("r", f"s{who}", 1000.0))
        await until("the quick one's", lambda: len(posts.arrived[quick.id]) == 51)
        assert not posts.arrived[slow.id]
        posts.held.set()
        await until("the slow one's", lambda: len(posts.arrived[slow.id]) == 51)


async def test_what_never_arrives_is_dead_until_it_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts, endpoint = Posts(), Endpoint("https://example.com", ("participant.joined",))
    posts.fails = lambda letter: "s1" in letter.body  # type: ignore[method-assign]
    monkeypatch.setattr(sender, "GIVEN_UP_AFTER", 0.0)
    async with sending(tmp_path, posts) as store:
        outbox = store.outbox
        await outbox.put_endpoint(endpoint)
        for who in ("s1", "s2"):
            store.noticed(joined("r", who, 1000.0))
        async with asyncio.timeout(10):
            while not (dead := await outbox.dead_letters(endpoint.id, 0, 10)):
                await asyncio.sleep(0.02)
        (letter,) = dead
        assert letter.attempts >= 1
        assert letter.error == "the answer was 500"
        assert len(posts.arrived[endpoint.id]) == 1
        assert await outbox.replay(endpoint.id, [letter.number + 1]) == 0
        posts.fails = lambda _: False  # type: ignore[method-assign]
        assert await outbox.replay(endpoint.id, None) == 1
        await until("the dead one", lambda: len(posts.arrived[endpoint.id]) == 2)
        assert await outbox.dead_letters(endpoint.id, 0, 10) == []


async def test_what_is_left_is_sent_after_the_next_start(tmp_path: Path) -> None:
    posts, endpoint = Posts(), Endpoint("https://example.com")
    posts.fails = lambda _: True  # type: ignore[method-assign]
    async with sending(tmp_path, posts) as store:
        await store.outbox.put_endpoint(endpoint)
        store.noticed(joined("r", "s", 1000.0))
        await until("an attempt", lambda: posts.attempts > 1)
    again = Posts()
    async with sending(tmp_path, again) as store:
        assert [each.id for each in store.outbox.endpoints()] == [endpoint.id]
        await until("both", lambda: len(again.arrived[endpoint.id]) == 2)


async def test_an_endpoint_that_is_removed_hears_no_more(tmp_path: Path) -> None:
    posts, endpoint = Posts(), Endpoint("https://example.com")
    async with sending(tmp_path, posts) as store:
        await store.outbox.put_endpoint(endpoint)
        store.noticed(joined("r", "s", 1000.0))
        await store.outbox.remove_endpoint(endpoint.id)
        await until("its sender to end", lambda: posts.closed == 1)
        heard = len(posts.arrived[endpoint.id])
        store.noticed(left("r", "s", 1001.0))
        await store.settled()
        assert len(posts.arrived[endpoint.id]) == heard
