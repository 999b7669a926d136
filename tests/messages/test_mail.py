"""A session's end of the channel of app messages: what it takes over, and what leaves it."""

import asyncio
import json
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.auth.permissions import Permissions
from fastsfu.config import Config
from fastsfu.errors import RequestError
from fastsfu.events import Participant
from fastsfu.messages.exchange import AppMessage, Exchange
from fastsfu.messages.mail import ACK_MESSAGES, Mail
from fastsfu.messages.mailbox import Mailbox, MessageCounts
from fastsfu.transport import frames
from tests.support.sessions import Join, turn

NAN = float("nan")
INFINITE = st.sampled_from([NAN, float("inf"), -float("inf")])
SCALARS = st.none() | st.integers() | st.floats() | st.text(max_size=5) | INFINITE
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.fixed_dictionaries({"x": inner}),
    max_leaves=5,
)
METADATA = {"type": "metadata", "revision": 1, **dict.fromkeys(frames.SOURCES, True)}
SAID = (
    st.lists(VALUES, max_size=3).map(lambda data: messages(*data))
    | VALUES.map(lambda user_data: {**METADATA, "user_data": user_data})
    | VALUES
).map(lambda value: json.dumps(value).encode())
FRAMES = st.binary(max_size=20) | SAID | SAID.map(lambda text: text.replace(b"Infinity", b"1e999"))


class Channel:
    """A channel, or a mailbox's link, that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def send_frame(self, frame: bytes) -> bool:
        self.written.append(frame)
        return True

    write = send_frame

    def pause(self, why: str, paused: bool) -> None:
        """There is always room."""

    @property
    def read(self) -> list[Any]:
        """As a browser reads it: NaN and Infinity are words that JSON does not have."""
        return [json.loads(frame, parse_constant=refuse) for frame in self.written]


def refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


class Wire:
    """Ada's mail, and what leaves for her and for Bob; needs a running loop."""

    def __init__(self) -> None:
        self.ada, self.bob = Channel(), Channel()
        self.exchange = Exchange(4096, MessageCounts(), lambda: None)
        self.hook = lambda message: None
        ada, bob = Mailbox("ada"), Mailbox("bob")
        for mailbox in (ada, bob):
            self.exchange.enter(mailbox, Owner(mailbox.origin))
        bob.open(self.bob)
        self.mail = Mail(
            ada,
            self.exchange,
            Config(),
            may_send=lambda: True,
            check=lambda message: self.hook(message),
            describe=self._describe,
        )
        self.mail.open(self.ada)

    async def take(self, frame: bytes | dict[str, Any]) -> None:
        self.mail.receive(frame if isinstance(frame, bytes) else json.dumps(frame).encode())
        await turn()

    def _describe(self, said: frames.Metadata) -> None:
        sources = frozenset(source for source, is_on in said.sources.items() if is_on)
        self.exchange.describe(
            Participant(
                "ada",
                "Ada",
                False,
                said.user_data,
                sources,
                said.revision,
                0.0,
                "ada",
                Permissions(),
                frozenset(),
            )
        )


class Owner:
    may_return_for = 0.0

    def __init__(self, session_id: str) -> None:
        self.id = session_id

    def matches(self, resume_key: str) -> bool:
        return False


def messages(*data: Any) -> dict[str, Any]:
    numbered = [{"number": number, "data": each} for number, each in enumerate(data, 1)]
    return {"type": "messages", "messages": numbered}


@given(FRAMES)
def test_whatever_is_said_what_leaves_is_json(frame: bytes) -> None:
    async def run() -> None:
        wire = Wire()
        await wire.take(frame)
        wire.mail.close()
        assert all(frame["type"] in ("messages", "metadata") for frame in wire.bob.read)
        assert all(frame["type"] in ("ack", "refused") for frame in wire.ada.read)

    asyncio.run(run())


@pytest.mark.parametrize("data", [NAN, float("inf"), {"x": [1, -float("inf")]}])
async def test_what_json_does_not_have_costs_nobody_else_a_message(data: Any) -> None:
    wire = Wire()
    await wire.take(messages("one", data, "NaN", "Infinity"))
    (frame,) = wire.bob.read
    assert [each["data"] for each in frame["messages"]] == ["one", "NaN", "Infinity"]
    (refused,) = wire.ada.read
    assert (refused["number"], refused["error"]) == (2, "bad-request")
    assert "JSON" in refused["info"]


async def test_what_a_hook_makes_of_it_is_json_too() -> None:
    wire = Wire()

    def hook(message: AppMessage) -> None:
        message.data = {"score": NAN}

    wire.hook = hook
    await wire.take(messages("one"))
    assert wire.bob.read == []
    assert [each["number"] for each in wire.ada.read] == [1]


async def test_messages_that_cannot_be_read_are_acknowledged_too() -> None:
    wire = Wire()
    frame = messages(*range(ACK_MESSAGES))
    frame["messages"][-1]["number"] = "last"
    for said in (frame, b"[]", b"no frame", messages("next")):
        await wire.take(said)
    wire.mail.close()
    assert [each["number"] for each in wire.ada.read if each["type"] == "refused"] == [0, 0, 0]
    assert {"type": "ack", "count": ACK_MESSAGES} in wire.ada.read
    (frame,) = wire.bob.read
    assert [each["data"] for each in frame["messages"]] == ["next"]


async def test_user_data_is_json_whoever_gives_it(join: Join) -> None:
    with pytest.raises(RequestError, match="JSON"):
        await join("Ada", user_data=NAN)
    ada = await join("Ada", user_data={"hand": "up"})
    with pytest.raises(RequestError, match="JSON"):
        ada.session.update_local(name="Eve", user_data=[NAN])
    assert (ada.session.name, ada.session.user_data) == ("Ada", {"hand": "up"})
    with pytest.raises(RequestError, match="JSON"):
        ada.session.room.send_app_message(NAN)
