"""Where sessions go, what crosses from one worker to another, and workers that stop."""

from collections.abc import AsyncIterator

import pytest

from fastsfu.config import Config
from fastsfu.engine.workers import WATCH_INTERVAL, Worker
from fastsfu.errors import JoinError
from fastsfu.events import Ended, Failure
from fastsfu.sfu import SFU
from tests.support.offers import sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Join, turn

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True, spread_at=0)


@pytest.fixture
def natives() -> list[RecordingEngine]:
    return [RecordingEngine(first_handle=(i + 1) << 40) for i in range(3)]


@pytest.fixture
async def sfu(natives: list[RecordingEngine]) -> AsyncIterator[SFU]:
    """Three workers over which each room spreads from the beginning."""
    async with SFU(CONFIG, open_engines=lambda _: [media_engine(each) for each in natives]) as sfu:
        yield sfu
    assert all(each.is_empty and each.closed for each in natives)


async def test_a_room_stays_on_one_worker_that_has_capacity(natives: list[RecordingEngine]) -> None:
    config = CONFIG.model_copy(update={"spread_at": 0.7})
    async with SFU(config, open_engines=lambda _: [media_engine(n) for n in natives]) as sfu:
        one, other = Join(sfu), Join(sfu, "elsewhere")
        for join in (one, one, other, one, other):
            await (await join()).offer(sending())
        assert [len(each.transports) for each in natives] == [3, 2, 0]


async def test_a_room_goes_on_where_there_is_capacity(
    natives: list[RecordingEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CONFIG.model_copy(update={"spread_at": 0.7})
    async with SFU(config, open_engines=lambda _: [media_engine(n) for n in natives]) as sfu:
        join = Join(sfu)
        await (await join()).offer(sending())
        workers = sfu._workers._workers  # type: ignore[union-attr]
        workers[0].load, workers[1].load = 0.8, 0.4
        for _ in range(2):
            await (await join()).offer(sending())
        assert [len(each.transports) for each in natives] == [1, 0, 2]


async def test_a_full_server_says_so(natives: list[RecordingEngine]) -> None:
    small = [media_engine(each, max_transports=2) for each in natives]
    async with SFU(CONFIG, open_engines=lambda _: small) as sfu:
        join = Join(sfu)
        first, *_ = [await join() for _ in range(6)]
        with pytest.raises(JoinError, match="full") as refused:
            await Join(sfu, "another")()
        assert refused.value.type == "no-capacity"
        assert "another" not in sfu.rooms
        first.session.leave()
        await (await join()).offer(sending())


async def test_who_is_not_known_yet_comes_to_a_worker_that_lives(sfu: SFU) -> None:
    """TURN by TCP has no ufrag."""
    assert sfu.engine_of("") is sfu.engines[0]
    sfu.engines[0].lost = True
    assert sfu.engine_of("") is sfu.engines[1]
    for engine in sfu.engines:
        engine.lost = True
    assert sfu.engine_of("") is sfu.engines[0]


async def test_whose_ufrag_is_known_comes_to_its_worker(sfu: SFU, join: Join) -> None:
    await (await join()).offer(sending())
    second = await join()
    await second.offer(sending())
    session = second.session
    assert session.engine is sfu.engines[1]
    assert session.ice is not None
    before = session.ice.ufrag
    assert sfu.engine_of(before) is session.engine
    after = session.restart_ice("next", "p" * 22).ufrag
    assert sfu.engine_of(after) is session.engine
    assert sfu.engine_of(before) is sfu.engines[0], "what it was before the restart is nobody's"
    session.leave()
    assert sfu.engine_of(after) is sfu.engines[0]


async def test_a_stream_crosses_once_to_each_worker_that_has_receivers(
    sfu: SFU, join: Join, natives: list[RecordingEngine]
) -> None:
    ada = await join()
    await ada.offer(sending())
    others = [await join() for _ in range(5)]  # on workers 1, 2, 0, 1, 2
    for each in others:
        await each.offer(sending())
        await each.receive_all(sending())
    home, *rest = natives
    crossing = [r for each in rest for r in each.replicas.values() if r.source is home]
    streams = list(home.inbounds)[:2]  # hers were the first
    by_ada = [r for r in crossing if r.inbound in streams]
    assert len(by_ada) == 2 * 2  # audio and video, to two workers
    assert {(r.kind, r.clock_rate) for r in by_ada} == {(0, 48000), (1, 90000)}
    for each in natives:
        for outbound in each.outbounds.values():
            assert outbound.inbound in each.inbounds or outbound.inbound in each.replicas
    others[0].session.leave()
    assert len(natives[1].replicas) > 0  # others[3] is still there
    others[3].session.leave()
    assert len(natives[1].replicas) == 0
    ada.session.leave()
    assert not [r for r in natives[2].replicas.values() if r.inbound in streams]


async def test_a_replica_goes_when_there_is_no_room_for_its_first_receiver(
    join: Join, natives: list[RecordingEngine]
) -> None:
    ada, bob = await join(), await join()
    await ada.offer(sending())
    await bob.offer(sending())
    natives[1].room_left = 1  # for the replica
    answer = await bob.receive_all(sending())
    assert len(answer.subscriptions) == 2, "they come when there is room again"
    assert [each.error for each in bob.of(Failure)] == ["no-capacity"]
    assert not natives[1].replicas
    assert not bob.session.ended


def looks(count: int, *workers: Worker) -> None:
    for _ in range(count):
        for worker in workers:
            worker.look(CONFIG.worker_timeout)


@pytest.fixture
def workers(sfu: SFU) -> list[Worker]:
    assert sfu._workers is not None
    return sfu._workers._workers


async def test_sessions_of_a_worker_that_stops_end_and_the_others_go_on(
    sfu: SFU, join: Join, natives: list[RecordingEngine], workers: list[Worker]
) -> None:
    clients = [await join() for _ in range(6)]
    for each in clients:
        await each.offer(sending())
        await each.receive_all(sending())
    patience = round(CONFIG.worker_timeout / WATCH_INTERVAL)
    looks(1, *workers)
    natives[1].stuck = True
    looks(patience - 1, *workers)
    assert not any(each.session.ended for each in clients)
    looks(1, *workers)
    await turn()
    ended = [each for each in clients if each.session.ended]
    assert ended == [clients[1], clients[4]]
    for each in ended:
        last = each.events[-1]
        assert isinstance(last, Ended)
        assert last.reason == "connection-error"
        assert "worker" in last.info
    assert not natives[1].transports
    assert not [r for n in natives for r in n.replicas.values() if r.source is natives[1]]
    for _ in range(2):
        await (await join()).offer(sending())
    assert not natives[1].transports  # it is avoided
    natives[1].stuck = False
    looks(1, *workers)
    assert workers[1].alive
    await (await join()).offer(sending())
    assert len(natives[1].transports) == 1


async def test_without_a_worker_nobody_is_let_in(
    sfu: SFU, join: Join, natives: list[RecordingEngine], workers: list[Worker]
) -> None:
    assert sfu.ready
    for each in natives:
        each.stuck = True
    looks(1 + round(CONFIG.worker_timeout / WATCH_INTERVAL), *workers)
    assert not sfu.ready
    with pytest.raises(JoinError, match="takes no new calls"):
        await join()


async def test_load_is_the_time_in_which_a_worker_does_not_wait(
    natives: list[RecordingEngine], workers: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("fastsfu.engine.workers.time.monotonic", lambda: now[0])
    looks(1, workers[0])
    now[0] += 2.0
    natives[0].busy += 500_000
    looks(1, workers[0])
    assert workers[0].load == pytest.approx(0.25)
