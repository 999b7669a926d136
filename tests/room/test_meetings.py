"""Meetings, as notices make them, against a slow reference; and those that are kept in memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.auth.permissions import Permissions
from fastsfu.events import Participant
from fastsfu.room.meetings import Meetings
from fastsfu.room.notices import Joined, Left, Notice, Updated
from fastsfu.room.records import InMemory, Wanted


def participant(who: str, name: str = "") -> Participant:
    return Participant(
        who, name, False, None, frozenset(), 0, 0.0, who, Permissions(), held=frozenset()
    )


def joined(room: str, who: str, at: float) -> Joined:
    return Joined(room=room, participant=participant(who), user_id=None, hidden=False, at=at)


def left(room: str, who: str, at: float) -> Left:
    return Left(
        room=room, participant=participant(who), user_id=None, hidden=False, reason="left", at=at
    )


# In which room somebody comes in, or goes out of who is in: a number that is taken modulo.
steps = st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(0, 9)), max_size=40)


def told(wanted: list[tuple[str, bool, int]]) -> list[Notice]:
    present: dict[str, list[str]] = {"a": [], "b": []}
    notices: list[Notice] = []
    for at, (room, comes, which) in enumerate(wanted):
        if comes:
            present[room].append(f"s{at}")
            notices.append(joined(room, f"s{at}", float(at)))
        elif present[room]:
            who = present[room].pop(which % len(present[room]))
            notices.append(left(room, who, float(at)))
    return notices


def spans(notices: list[Notice], room: str) -> list[tuple[float, float, int, list[str]]]:
    """The meetings of a room that ended: begin, end, the most at once, who."""
    found, inside, most, who, began = [], 0, 0, [], 0.0
    for notice in notices:
        if notice.room != room:
            continue
        if isinstance(notice, Joined):
            if not inside:
                began, most, who = notice.at, 0, []
            inside += 1
            most = max(most, inside)
            who.append(notice.participant.session_id)
        else:
            inside -= 1
            if not inside:
                found.append((began, notice.at, most, who))
    return found


@given(steps)
def test_each_is_from_the_first_to_the_last(wanted: list[tuple[str, bool, int]]) -> None:
    meetings, ended = Meetings(), []
    notices = told(wanted)
    for notice in notices:
        change = meetings.follow(notice)
        assert change is not None
        if change.ended:
            ended.append(change.meeting)
    for room in "ab":
        assert [
            (each.started_at, each.ended_at, each.most, list(each.attendances))
            for each in ended
            if each.room == room
        ] == spans(notices, room)
    for meeting in ended:
        assert all(each.left_at is not None for each in meeting.attendances.values())


def test_what_it_does_not_know_changes_nothing() -> None:
    meetings = Meetings()
    assert meetings.follow(left("a", "s", 1.0)) is None
    meetings.follow(joined("a", "s", 1.0))
    assert meetings.follow(left("a", "other", 2.0)) is None
    change = meetings.follow(Updated(room="a", participant=participant("s", "Ada"), user_id=None))
    assert change is not None
    assert change.attendance.name == "Ada"
    assert meetings.follow(left("a", "s", 2.0)).ended  # type: ignore[union-attr]
    assert meetings.follow(left("a", "s", 3.0)) is None
    assert meetings.of("a") is None


async def test_those_in_memory_come_in_pages_the_newest_first() -> None:
    records = InMemory()
    for at in range(5):
        records.noticed(joined("ab"[at % 2], f"s{at}", 10.0 * at))
        records.noticed(left("ab"[at % 2], f"s{at}", 10.0 * at + 5))

    async def begins(**wanted: object) -> list[float]:
        found = await records.meetings(Wanted(**wanted))  # type: ignore[arg-type]
        return [each.started_at for each in found]

    assert await begins() == [40, 30, 20, 10, 0]
    assert await begins(room="a", limit=2) == [40, 20]
    first = (await records.meetings(Wanted(limit=2)))[-1]
    assert await begins(after=first.id, limit=2) == [20, 10]
    assert await begins(since=10.0, until=30.0) == [20, 10]
    with pytest.raises(KeyError):
        await begins(after="nobody")
