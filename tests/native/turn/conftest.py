"""A TURN server on virtual time, and a client that has been challenged."""

import pytest

from tests.native.faces.turn import Turn
from tests.support.turn import (
    ALLOCATE,
    UDP,
    Client,
    error_of,
    options,
    plain,
)

CLIENT = ("198.51.100.9", 4000)
PEER = ("192.0.2.77", 5000)
SECOND = 1_000_000


class Caller(Client):
    """A client at CLIENT that has been challenged."""

    def __init__(self, turn: Turn, source: tuple[str, int] = CLIENT, user: str = "ada") -> None:
        super().__init__(user, expires_at=turn.unix_s + 1000)
        self.turn, self.source = turn, source
        self.challenged(turn.receive(plain(ALLOCATE, UDP), source)[0])

    def ask(self, kind: int, *attributes: tuple[int, bytes], transaction: bytes = b"") -> int:
        """The error code, 0 for a success."""
        self.answer = self.turn.receive(
            self.request(kind, *attributes, transaction=transaction or b"0123456789ab"),
            self.source,
        )[0]
        return error_of(self.answer)


@pytest.fixture
def turn() -> Turn:
    return Turn(options())


@pytest.fixture
def ada(turn: Turn) -> Caller:
    caller = Caller(turn)
    assert caller.ask(ALLOCATE, UDP) == 0
    return caller
