"""An SFU over the recording engine, and clients that keep what they are told."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest

from fastsfu.config import Config
from fastsfu.events import Event
from fastsfu.session.session import Answer, Session
from fastsfu.sfu import SFU
from tests.support.offers import OfferText, receiving
from tests.support.recording_engine import RecordingEngine, media_engine

T = TypeVar("T")


class Client:
    """A signaler that keeps its events, with the session that it belongs to."""

    session: Session

    def __init__(self) -> None:
        self.events: list[Event] = []

    def send(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    async def offer(self, text: OfferText, tracks: dict[str, str] | None = None) -> Answer:
        """Offer `text`, and let the room tell everybody."""
        answer = await self.session.offer(str(text), tracks)  # type: ignore[arg-type]
        await turn()
        return answer

    async def receive_all(self, text: OfferText) -> Answer:
        """Offer `text` with as many receiving sections as are wanted."""
        return await self.offer(text.with_(*receiving(**self.session.wanted_sections())))


async def turn() -> None:
    """One turn of the event loop, and the callbacks that it queued."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


@pytest.fixture
def native() -> RecordingEngine:
    return RecordingEngine()


@pytest.fixture
def config() -> Config:
    return Config(media_ips=["192.0.2.10"], open_rooms=True)


@pytest.fixture
async def sfu(native: RecordingEngine, config: Config) -> AsyncIterator[SFU]:
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        yield sfu
    assert native.is_empty
    assert native.closed


class Join:
    """`await join("Ada")` is a client in the room "standup"."""

    def __init__(self, sfu: SFU, room: str = "standup") -> None:
        self.sfu = sfu
        self.room = room

    async def __call__(self, name: str = "", **options: object) -> Client:
        client = Client()
        client.session = await self.sfu.open_session(
            self.room, name=name, signaler=client, **options
        )  # type: ignore[arg-type]
        return client


@pytest.fixture
def join(sfu: SFU) -> Join:
    return Join(sfu)
