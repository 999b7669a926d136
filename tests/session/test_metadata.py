"""What participants say of themselves, whichever way and in whatever order it comes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fastsfu.events import ParticipantUpdated
from fastsfu.messages.mailbox import Mailbox
from fastsfu.session.metadata import LEAP, Metadata
from tests.support.offers import sending
from tests.support.sessions import Join, turn


@given(st.data())
def test_two_ways_in_any_order_end_at_the_last_revision(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 6))
    arrivals = data.draw(st.permutations([*range(1, count + 1)] * 2))
    metadata = Metadata(None)
    for revision in arrivals:
        is_news = revision > metadata.revision
        assert metadata.update({"audio": revision % 2 == 0}, revision, revision) is is_news
    assert (metadata.revision, metadata.user_data) == (count, count)
    assert ("audio" in metadata.muted) is (count % 2 == 1)


def test_what_has_no_revision_is_newer_than_all_before() -> None:
    metadata = Metadata(1)
    assert metadata.update({}, 2)
    assert metadata.update({"video": False})
    assert not metadata.update({})
    known = metadata.revision, metadata.user_data, metadata.muted
    assert known == (2 * LEAP, 2, {"video"})
    assert not metadata.update({"video": True}, 3, revision=1000)
    assert metadata.update({"video": True}, 3, revision=2 * LEAP + 1)
    assert (metadata.user_data, metadata.muted) == (3, set())


async def test_the_same_revision_is_told_once(join: Join) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    bob.events.clear()
    for _ in range(2):
        ada.session.update_local({"audio": False}, user_data=1, revision=5)
        await turn()
    (told,) = bob.of(ParticipantUpdated)
    assert told.participant == ada.session.participant
    assert (told.participant.revision, told.participant.sources) == (5, {"video"})


class Link:
    """Takes so many frames."""

    def __init__(self) -> None:
        self.room = 0
        self.frames: list[bytes] = []

    def write(self, frame: bytes) -> bool:
        if self.room == 0:
            return False
        self.room -= 1
        self.frames.append(frame)
        return True


def test_of_what_waits_for_a_slow_client_the_newest_is_told() -> None:
    mailbox, link = Mailbox("ada"), Link()
    mailbox.describe("bob", b"nobody listens yet")
    mailbox.open(link)
    waiting: list[tuple[str, Any]] = [("bob", b"1"), ("cyd", b"2"), ("dan", b"3"), ("bob", b"4")]
    for session_id, frame in waiting:
        mailbox.describe(session_id, frame)
    mailbox.put(b'"a message"')
    mailbox.forget("cyd")
    link.room = 2
    mailbox.flush()
    assert sorted(link.frames) == [b"3", b"4"]
    link.room = 1
    mailbox.flush()
    assert b"a message" in link.frames[-1]
