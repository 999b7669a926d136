"""Cameras by who spoke last: only so many are received, and they do not flap."""

import asyncio
from collections.abc import Awaitable, Callable

from fastsfu.config import Config
from fastsfu.events import SectionsWanted
from fastsfu.sfu import SFU
from fastsfu.tracks import Wish
from tests.support.offers import OfferText, sending
from tests.support.recording_engine import RecordingEngine, media_engine
from tests.support.sessions import Client
from tests.support.virtual_time import virtually

CONFIG = Config(media_ips=["192.0.2.10"], open_rooms=True)
LOUD, SILENT = 110, 0
TURN = 1.0  # seconds that somebody speaks


class Call:
    """Some who publish, and one who watches the last to speak of them."""

    def __init__(self, sfu: SFU, native: RecordingEngine) -> None:
        self._sfu, self._native = sfu, native
        self.people: list[Client] = []

    async def come(self, text: OfferText | None = None) -> Client:
        client = Client()
        client.session = await self._sfu.open_session("standup", signaler=client)
        if text is not None:
            await client.offer(text)
            self.people.append(client)
        return client

    async def speak(self, client: Client) -> None:
        room = client.session.room
        room.heard(client.session.id, LOUD)
        await asyncio.sleep(TURN)
        room.heard(client.session.id, SILENT)

    def shown(self, watcher: Client) -> list[int]:
        """The places of those whose cameras come to the watcher."""
        ids = [each.session.id for each in self.people]
        return sorted(
            ids.index(each.publication.session_id)
            for each in watcher.session.subscriber.subscriptions.values()
            if each.publication.source == "video" and not each.paused
        )


def in_a_call(
    test: Callable[[Call], Awaitable[None]],
) -> Callable[[], None]:
    @virtually
    async def test_in_a_call() -> None:
        native = RecordingEngine()
        async with SFU(CONFIG, open_engines=lambda _: [media_engine(native)]) as sfu:
            await test(Call(sfu, native))

    test_in_a_call.__name__ = test.__name__
    return test_in_a_call


async def watching(call: Call, count: int, last_n: int) -> Client:
    """Who watches so many of `count` cameras, and has offered to receive them."""
    for _ in range(count):
        await call.come(sending())
    watcher = await call.come()
    watcher.session.update_receive_settings({"*": {"video": Wish(last_n=last_n)}})
    await watcher.receive_all(OfferText())
    return watcher


@in_a_call
async def test_only_so_many_are_received_and_have_sections(call: Call) -> None:
    watcher = await watching(call, 4, 2)
    assert call.shown(watcher) == [0, 1], "nobody has spoken: who came first"
    assert watcher.session.wanted_sections() == {"audio": 4, "video": 2}


@in_a_call
async def test_who_speaks_takes_the_place_of_who_was_silent_for_longest(call: Call) -> None:
    watcher = await watching(call, 4, 2)
    await call.speak(call.people[3])
    assert SectionsWanted in map(type, watcher.events), "there is no section for it yet"
    await watcher.receive_all(OfferText())
    assert call.shown(watcher) == [0, 3]
    await call.speak(call.people[2])
    await watcher.receive_all(OfferText())
    assert call.shown(watcher) == [2, 3]
    sections = watcher.session.wanted_sections()
    await call.speak(call.people[3])
    await call.speak(call.people[0])
    assert call.shown(watcher) == [0, 3], "what was paused has its section still"
    assert watcher.session.wanted_sections() == sections


@in_a_call
async def test_speakers_who_are_shown_change_nothing(call: Call) -> None:
    watcher = await watching(call, 3, 2)
    for speaker in [0, 1, 0, 1, 1, 0]:
        await call.speak(call.people[speaker])
        assert call.shown(watcher) == [0, 1]
    pauses = [len(each.pauses) for each in call._native.outbounds.values()]
    assert pauses == [0] * len(pauses)


@in_a_call
async def test_own_settings_are_apart_and_the_next_takes_the_place_of_who_goes(call: Call) -> None:
    watcher = await watching(call, 4, 1)
    ids = [each.session.id for each in call.people]
    watcher.session.update_receive_settings({ids[0]: {"video": True}, ids[1]: {"video": False}})
    await watcher.receive_all(OfferText())
    assert call.shown(watcher) == [0, 2]
    call.people[2].session.leave()
    await asyncio.sleep(1)
    await watcher.receive_all(OfferText())
    assert call.shown(watcher) == [0, 3]
    watcher.session.update_receive_settings({"*": {"video": True}})
    await watcher.receive_all(OfferText())
    assert call.shown(watcher) == [0, 3], "Ben stays declined"


@in_a_call
async def test_one_who_comes_later_is_received_while_there_is_a_place(call: Call) -> None:
    watcher = await watching(call, 1, 2)
    for _ in range(2):
        await call.come(sending())
    await asyncio.sleep(1)
    await watcher.receive_all(OfferText())
    assert call.shown(watcher) == [0, 1]
