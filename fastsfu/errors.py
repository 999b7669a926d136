"""What can go wrong on the control path, as few classes, each with a word for the wire.

`type` is a kebab-case word that clients may branch on, `info` one sentence for a person that says
what was expected and what came. Neither ever holds a secret, a token or media.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pydantic import ValidationError

TokenErrorType = Literal["not-allowed", "exp-token", "nbf-token"]
JoinErrorType = Literal[
    "no-room",
    "meeting-full",
    "exp-room",
    "nbf-room",
    "not-allowed",
    "no-capacity",
    "end-of-life",
]


class FastSFUError(Exception):
    """Anything that fastsfu refuses; `{"error": type, "info": info}` on the wire."""

    def __init__(self, error_type: str, info: str) -> None:
        super().__init__(info)
        self.type = error_type
        self.info = info

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({self.type!r}, {self.info!r})"


class ConfigError(FastSFUError):
    """Options that cannot be used; `info` names each one."""

    def __init__(self, info: str) -> None:
        super().__init__("bad-config", info)


class OfferError(FastSFUError):
    """A session description that cannot be read or answered."""

    def __init__(self, info: str) -> None:
        super().__init__("bad-offer", info)


class TokenError(FastSFUError):
    """A meeting token that does not open the room: no good, too late or too early."""

    def __init__(self, error_type: TokenErrorType, info: str) -> None:
        super().__init__(error_type, info)


class JoinError(FastSFUError):
    """A room that cannot be entered: unknown, full, over, not yet open, or refused by a hook; or a
    server that is full or stops.
    """

    def __init__(self, error_type: JoinErrorType, info: str) -> None:
        super().__init__(error_type, info)


class RecordError(FastSFUError):
    """What is to outlive the rooms cannot be kept now: the database is not to be reached."""

    def __init__(self, info: str) -> None:
        super().__init__("unavailable", info)


class RequestError(FastSFUError):
    """A message or request that makes no sense now; `bad-request` unless there is a better word."""

    def __init__(self, info: str, error_type: str = "bad-request") -> None:
        super().__init__(error_type, info)


def all_faults(error: "ValidationError") -> str:
    """What is wrong with options, a sentence for each. It never quotes the input, as below."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'options'}: {each['msg'].removeprefix(_PREFIX)}"
        for each in problems
    )


def first_fault(error: "ValidationError") -> str:
    """What is wrong first, in one sentence. It never quotes the input, which may hold a token."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return fault_said(fault["type"], fault["loc"], fault["msg"])


def fault_said(kind: str, place: Sequence[int | str], message: str) -> str:
    """A fault that pydantic has found, as one sentence."""
    if kind == "json_invalid":
        return "the message is not JSON"
    said = message.removeprefix(_PREFIX)
    return f"{'.'.join(map(str, place))}: {said}" if place else said


_PREFIX = "Value error, "  # of pydantic
