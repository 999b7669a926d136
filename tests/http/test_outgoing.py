"""What waits for one client: order, coalescing of states, the close at the end."""

import asyncio

import pytest

from fastsfu.http import messages, participant_messages, values
from fastsfu.http.model import Model
from fastsfu.http.outgoing import SEND_SECONDS, Outgoing
from fastsfu.http.protocol import CloseCode
from tests.support.virtual_time import virtually

FIRST = messages.Pong(id=0)


def participant(name: str, *, audio: bool = False) -> values.Participant:
    return values.Participant(
        session_id=name,
        user_name=name,
        owner=False,
        audio=audio,
        joined_at=0.0,
        origin=name,
        permissions=values.Permissions(publish=[], subscribe=True, messages=True),
    )


def updated(name: str, *, audio: bool) -> Model:
    return participant_messages.ParticipantUpdated(participant=participant(name, audio=audio))


def sections(*, audio: int, video: int) -> Model:
    return messages.SectionsMessage(
        audio=audio, video=video, offer=True, subscriptions={}, revision=audio
    )


async def sent(outgoing: Outgoing) -> tuple[list[Model], list[int]]:
    """All that leaves: messages, then the close."""
    left: list[Model] = []
    codes: list[int] = []

    async def send(waiting: list[Model]) -> None:
        assert not codes
        left.extend(waiting)

    async def close(code: int, reason: str) -> None:
        codes.append(code)

    await outgoing.run(send, close)
    return left, codes


async def test_first_message_overtakes_what_came_before_it() -> None:
    outgoing = Outgoing()
    outgoing.put(messages.Pong(id=1))
    outgoing.start(FIRST)
    outgoing.put(messages.Pong(id=2))
    outgoing.finish(CloseCode.NORMAL)
    outgoing.finish(CloseCode.RATE)
    outgoing.put(messages.Pong(id=3))
    assert await sent(outgoing) == ([FIRST, messages.Pong(id=1), messages.Pong(id=2)], [1000])


async def test_nothing_leaves_before_the_start() -> None:
    outgoing = Outgoing()
    outgoing.put(messages.Pong(id=1))
    running = asyncio.create_task(sent(outgoing))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not running.done()
    outgoing.finish(CloseCode.REFUSED)
    assert await running == ([messages.Pong(id=1)], [4403])


async def test_newest_state_alone_is_sent_and_never_too_early() -> None:
    outgoing = Outgoing()
    outgoing.start(FIRST)
    outgoing.put(messages.ActiveSpeaker(session_id=None))
    outgoing.put(sections(audio=1, video=0))
    outgoing.put(updated("a", audio=False))
    outgoing.put(updated("b", audio=True))
    news = participant_messages.ParticipantJoined(participant=participant("c"))
    outgoing.put(news)
    outgoing.put(updated("a", audio=True))
    outgoing.put(messages.ActiveSpeaker(session_id="c"))
    outgoing.put(sections(audio=2, video=1))
    outgoing.finish(CloseCode.NORMAL)
    assert (await sent(outgoing))[0] == [
        FIRST,
        updated("b", audio=True),
        news,
        updated("a", audio=True),
        messages.ActiveSpeaker(session_id="c"),
        sections(audio=2, video=1),
    ]


async def test_what_is_already_sent_is_not_taken_back() -> None:
    left: asyncio.Queue[list[Model]] = asyncio.Queue()
    closed = asyncio.Event()

    async def close(code: int, reason: str) -> None:
        closed.set()

    outgoing = Outgoing()
    running = asyncio.create_task(outgoing.run(left.put, close))
    outgoing.start(FIRST)
    assert await left.get() == [FIRST]
    for number in range(3):
        wanted = sections(audio=number, video=0)
        outgoing.put(wanted)
        assert await left.get() == [wanted]
    assert not closed.is_set()
    outgoing.finish(CloseCode.NORMAL)
    await running
    assert closed.is_set()


@virtually
async def test_each_message_has_all_of_the_time_where_they_leave_one_by_one() -> None:
    left: list[Model] = []

    async def send(waiting: list[Model]) -> None:
        await asyncio.sleep(SEND_SECONDS - 1)
        left.extend(waiting)

    async def close(code: int, reason: str) -> None:
        pass

    outgoing = Outgoing()
    outgoing.start(FIRST)
    for number in range(3):
        outgoing.put(messages.Pong(id=number))
    outgoing.finish(CloseCode.NORMAL)
    await outgoing.run(send, close, at_once=1)
    assert left == [FIRST, *(messages.Pong(id=number) for number in range(3))]


async def test_a_gone_client_is_told_to_the_caller() -> None:
    async def gone(*_: object) -> None:
        raise ConnectionError

    outgoing = Outgoing()
    outgoing.start(FIRST)
    with pytest.raises(ConnectionError):
        await outgoing.run(gone, gone)
