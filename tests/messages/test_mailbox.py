"""A mailbox on its way from one process to another."""

import json

from fastsfu.messages.mailbox import Mailbox
from fastsfu.transport import frames


def test_a_mailbox_goes_to_another_process_whole_and_in_order() -> None:
    before, after, link = Mailbox("ada"), Mailbox("ada"), Frames()
    before.received = 7
    before.open(link)
    for number in range(3):
        before.put(frames.fragment(number, b"1", "ben", "ben"))
    before.flush()
    before.acknowledge(1)
    before.put(frames.fragment(3, b"1", "ben", "ben"))
    mail = before.pack()

    after.hold()
    after.put(frames.fragment(4, b"1", "ben", "ben"))
    opened: list[int] = []
    after.when_whole(lambda: opened.append(after.received))
    assert opened == []
    after.complete(mail)
    after.complete(None)
    assert opened == [7]
    after.open(link)
    link.numbers.clear()
    after.flush()
    assert link.numbers == [1, 2, 3, 4]


def test_a_mailbox_whose_rest_does_not_come_is_opened_all_the_same() -> None:
    mailbox, link = Mailbox("ada"), Frames()
    mailbox.hold()
    mailbox.put(frames.fragment(1, b"1", "ben", "ben"))
    mailbox.when_whole(lambda: mailbox.open(link))
    mailbox.complete(None)
    mailbox.flush()
    assert link.numbers == [1]


class Frames:
    """A channel with room; `numbers` are those of the messages that were written."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def write(self, frame: bytes) -> bool:
        self.numbers += [each["number"] for each in json.loads(frame)["messages"]]
        return True
