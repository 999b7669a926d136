"""Observers: what they are told, in which order, and that they cost nobody anything."""

import asyncio
from collections.abc import Callable

import pytest

from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.room import observer
from fastsfu.room.notices import (
    CarrierChanged,
    Joined,
    Left,
    Notice,
    Published,
    RoomClosed,
    RoomOpened,
    RoomUpdated,
    Unpublished,
    Updated,
)
from fastsfu.room.observer import Observer, Observers
from fastsfu.room.options import RoomOptions
from fastsfu.sfu import SFU
from tests.support.offers import sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Join, turn

COURSE = [RoomOpened, Joined, CarrierChanged, Left, CarrierChanged, RoomClosed]  # of one alone


class Notes:
    """An observer that keeps all that it is told."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def noticed(self, notice: Notice) -> None:
        self.notices.append(notice)

    def kinds(self) -> list[type]:
        return [type(each) for each in self.notices]


def observed(*observers: Observer) -> SFU:
    return observed_by(RecordingEngine(), *observers)


def observed_by(native: RecordingEngine, *observers: Observer) -> SFU:
    """Over this engine."""
    config = Config(media_ips=["192.0.2.10"], open_rooms=True)
    return SFU(
        config,
        observers=observers,
        open_engines=lambda _: [media_engine(native)],
    )


def opened(number: int) -> RoomOpened:
    return RoomOpened(room=f"{number}", options=RoomOptions())


async def test_the_life_of_a_room_in_its_order() -> None:
    notes = Notes()
    async with observed(notes) as sfu:
        join = Join(sfu)
        ada = await join("Ada", grant=Grant("standup", user_id="u1"), p2p=True)
        await ada.offer(sending())
        ben = await join("Ben", p2p=True)
        ben.session.update_local(name="Benjamin")
        await turn()
        ada.session.leave("ejected")
        ben.session.leave()
    assert notes.kinds() == [
        RoomOpened,
        *(Joined, Published, Published, Updated),
        *(Joined, CarrierChanged, Updated),
        *(Unpublished, Unpublished, Left, CarrierChanged),
        *(Left, RoomClosed),
    ]
    assert {each.room for each in notes.notices} == {"standup"}
    times = [each.at for each in notes.notices]
    assert times == sorted(times)
    (joined, _), (left, _) = (
        [each for each in notes.notices if isinstance(each, kind)] for kind in (Joined, Left)
    )
    assert joined.participant.origin == left.participant.origin == ada.session.id
    assert (joined.user_id, left.user_id, left.reason) == ("u1", "u1", "ejected")
    published = [each for each in notes.notices if isinstance(each, Published)]
    assert [each.source for each in published] == ["audio", "video"]
    assert notes.notices[-1] == RoomClosed(room="standup", reason="empty", at=times[-1])


async def test_rooms_made_before_are_opened_with_the_sfu_and_closed_once() -> None:
    notes = Notes()
    sfu = observed(notes)
    room = sfu.rooms.create("standup", max_participants=5)
    room.update(RoomOptions(max_participants=4))
    sfu.rooms.delete("standup")
    sfu.rooms.create("standup", max_participants=5)
    assert RoomOpened not in notes.kinds()
    async with sfu:
        await Join(sfu)()
        standup = sfu.rooms.get("standup")
        assert standup is not None
        standup.update(RoomOptions(max_participants=6))
        assert [each.options for each in notes.notices if isinstance(each, RoomUpdated)][-1] == (
            standup.options
        )
        standup.close("exp-room")
        sfu.rooms.delete("standup")
    assert notes.kinds().count(RoomOpened) == notes.kinds().count(RoomClosed) == 1
    assert notes.kinds()[-2:] == [Left, RoomClosed]


async def test_who_is_hidden_is_told_of_as_such() -> None:
    notes = Notes()
    async with observed(notes) as sfu:
        watcher = await Join(sfu)(grant=Grant("standup", hidden=True))
        watcher.session.leave()
    told = [each for each in notes.notices if isinstance(each, Joined | Left)]
    assert [each.hidden for each in told] == [True, True]


class Calling:
    """An observer that does this."""

    def __init__(self, noticed: Callable[[Notice], object]) -> None:
        self.noticed = noticed


async def test_a_fault_costs_nobody_anything() -> None:
    faults: list[BaseException] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))

    async def late(_: Notice) -> None:
        await asyncio.sleep(0)
        raise ValueError("later")

    def at_once(_: Notice) -> None:
        raise ValueError("at once")

    notes = Notes()
    async with observed(Calling(at_once), Calling(late), notes) as sfu:  # type: ignore[arg-type]
        (await Join(sfu)()).session.leave()
    assert notes.kinds() == COURSE
    assert sorted(str(each) for each in faults) == ["at once"] * 6 + ["later"] * 6


async def test_a_slow_one_gets_all_in_order_and_holds_up_nobody() -> None:
    go = asyncio.Event()
    heard: list[Notice] = []
    notes = Notes()

    async def slowly(notice: Notice) -> None:
        await go.wait()
        heard.append(notice)

    async with observed(Calling(slowly), notes) as sfu:  # type: ignore[arg-type]
        (await Join(sfu)()).session.leave()
        assert notes.kinds() == COURSE
        assert heard == []
        go.set()
    assert heard == notes.notices, "the SFU's end waits for it"


async def test_one_that_hangs_does_not_keep_the_sfu_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer, "GRACE", 0)
    ended = asyncio.Event()

    async def never(_: Notice) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with observed(Calling(never)) as sfu:  # type: ignore[arg-type]
        (await Join(sfu)()).session.leave()
        await turn()
    assert ended.is_set()


async def test_what_is_too_much_for_one_is_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(observer, "MAX_WAITING", 2)
    go = asyncio.Event()
    heard: list[Notice] = []

    async def slowly(notice: Notice) -> None:
        await go.wait()
        heard.append(notice)

    observers = Observers([Calling(slowly)])  # type: ignore[list-item]
    for number in range(5):
        observers.tell(opened(number))
    assert observers.dropped == 2
    go.set()
    await observers.close()
    assert [each.room for each in heard] == ["0", "1", "2"]
    observers.tell(opened(5))
    await observers.close()
    assert heard[-1].room == "5", "it goes on"
