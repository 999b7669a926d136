"""dtls_receive on anything, as both roles, at each stage of a handshake: never more than a failed
association, and never keys."""

import itertools
from collections.abc import Hashable

import pytest

from tests.fuzz.harness import fuzz
from tests.native.crypto.dtls_peers import associations, shake


def captured() -> list[bytes]:
    """Every datagram of one handshake and its goodbye, in order."""
    datagrams: list[bytes] = []

    def network(flight: list[bytes]) -> list[bytes]:
        datagrams.extend(flight)
        return flight

    client, server = associations()
    shake(client, server, network)
    client.close()
    return datagrams + client.take()


CORPUS = captured()


INPUTS_EACH = 16  # into one association, unless it fails before


class Target:
    """An association at one of three stages of a true handshake, or after it; a new one when it is
    used up."""

    def __init__(self, role: str) -> None:
        self.role, self.stages = role, itertools.cycle(range(4))
        self.renew()

    def renew(self) -> None:
        ends = associations()
        self.other, self.end = ends if self.role == "server" else ends[::-1]
        self.inputs = 0
        ends[0].start()
        stage = next(self.stages)
        for _ in range(stage):
            for sender, receiver in (ends, ends[::-1]):
                for flight in sender.take():
                    receiver.receive(flight)
        self.released = stage == 3
        if self.released:
            self.end.release()

    def read(self, datagram: bytes) -> Hashable:
        before = self.end.state
        state = self.end.receive(datagram)
        error = self.end.error
        assert len(self.end.take()) <= 8
        assert (self.end.keys() is not None) == (state == "connected" and not self.released)
        assert state != "connected" or before == "connected"
        self.inputs += 1
        if self.inputs == INPUTS_EACH or state in ("closed", "failed"):
            self.renew()
        return before, state, error


@pytest.mark.parametrize("role", ["client", "server"])
def test_dtls(role: str) -> None:
    fuzz(f"dtls-{role}", Target(role).read, CORPUS, largest=2016)
