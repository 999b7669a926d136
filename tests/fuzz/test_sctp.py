"""SCTP packets of every kind, damaged under a right checksum: at worst the association ends."""

import itertools
from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.sctp import Association, checksummed

MAX_MESSAGE = 4096
INPUTS_EACH = 32  # into one association, unless it ends before


def captured() -> list[bytes]:
    """All packets of an association that sends, resets and aborts."""
    ends = [Association(5000, MAX_MESSAGE), Association(5000, MAX_MESSAGE)]
    packets: list[bytes] = []

    def run() -> None:
        while moved := [ends[0].take(), ends[1].take()]:
            if not any(moved):
                return
            for near, far in ((0, 1), (1, 0)):
                for packet in moved[near]:
                    packets.append(packet)
                    ends[far].receive(packet)
                ends[far].read()

    for end in ends:
        end.connect()
    run()
    for near in (0, 1):
        ends[near].send(1, b"text", 51)
        ends[near].send(2, bytes(3000), 53, True, 0)
    run()
    ends[0].reset(1)
    run()
    ends[0].close()
    packets += ends[0].take()
    ends[1].close()
    return packets


class Target:
    """An association before, during and after its handshake; a new one when it is used up."""

    def __init__(self) -> None:
        self.ends: list[Association] = []
        self.stages = itertools.cycle(range(3))
        self.renew()

    def renew(self) -> None:
        for end in self.ends:
            end.close()
        self.ends = [Association(5000, MAX_MESSAGE), Association(5000, MAX_MESSAGE)]
        self.inputs = 0
        for end in self.ends:
            end.connect()
        for _ in range(2 * next(self.stages)):
            for near, far in ((0, 1), (1, 0)):
                for packet in self.ends[near].take():
                    self.ends[far].receive(packet)
        self.ends[1].read()

    def read(self, packet: bytes) -> Hashable:
        tag = packet[4:8]
        if last := self.ends[0].take():  # a packet of the peer's carries the tag that is believed
            tag = last[-1][4:8]
        self.ends[1].receive(checksummed(packet[:4] + tag + packet[8:]))
        events = self.ends[1].read()
        assert all(len(event[3]) <= MAX_MESSAGE for event in events if event[0] == "message")
        answers = self.ends[1].take()
        assert sum(map(len, answers)) <= 16 * (len(packet) + 256)
        self.ends[0].send(0, b"more")
        self.inputs += 1
        if self.inputs == INPUTS_EACH or ("down",) in events:
            self.renew()
        return tuple(event[0] for event in events), tuple(each[12:13] for each in answers)


def test_sctp() -> None:
    target = Target()
    fuzz("sctp", target.read, captured())
    for end in target.ends:
        end.close()
