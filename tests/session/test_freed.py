"""A session that has ended is gone, without a search for cycles: its parts do not keep it alive."""

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from fastsfu.sfu import SFU
from fastsfu.tracks import Publication
from fastsfu.transport import dcep, frames
from tests.session.test_channels import ChannelsSection
from tests.support.offers import sending
from tests.support.recording_engine import DtlsState, IceState, RecordingEngine
from tests.support.sessions import Client, Join, turn


@pytest.fixture(autouse=True)
def no_search() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def leave(client: Client, reason: str = "left") -> None:
    """And look whether anything is left of its session."""
    session, session_id = ref(client.session), client.session.id
    parts = [
        ref(part)
        for part in vars(client.session).values()
        if type(part).__module__.startswith("fastsfu.session")
    ]
    assert len(parts) > 8
    client.session.leave(reason)
    await turn()
    del client.session
    client.events.clear()
    assert session() is None
    assert [type(part).__name__ for each in parts if (part := each()) is not None] == []
    assert published_by(session_id) == []


def published_by(session_id: str) -> list[Publication]:
    """All that there is: they have no room for weak references."""
    there = [each for each in gc.get_objects() if type(each) is Publication]
    return [each for each in there if each.session_id == session_id]


def connect(native: RecordingEngine) -> None:
    """All transports."""
    for transport in native.transports:
        native.fire("on_ice", transport, IceState.CONNECTED, "192.0.2.1:1", "192.0.2.10:1")
        native.fire("on_dtls", transport, DtlsState.CONNECTED, "AEAD_AES_128_GCM")


async def test_who_has_done_nothing(join: Join) -> None:
    await leave(await join("Ada"))


async def test_who_sends_and_receives(join: Join, native: RecordingEngine) -> None:
    ada, bob = await join("Ada", limits=True, maps=True), await join("Bob")
    for each in (ada, bob):
        await each.receive_all(sending())
    connect(native)
    await ada.receive_all(sending())
    await leave(bob)
    await leave(ada)


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
async def test_what_it_published_in_several_encodings(
    join: Join, native: RecordingEngine, codec: str
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.session.offer(str(sending()).replace("VP8", codec))
    await bob.receive_all(sending())
    connect(native)
    assert published_by(ada.session.id)
    await leave(ada)


async def test_who_has_a_mailbox(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada", listens=True)
    await say_hello(ada, native)
    await leave(ada)


async def test_whose_room_is_closed(sfu: SFU, join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada", listens=True)
    await say_hello(ada, native)
    (room,) = sfu.rooms
    ending = ref(ada.session), ref(ada.session.channels), ref(ada.session.mailbox)
    room.close("exp-room")
    await turn()
    del ada.session
    ada.events.clear()
    assert [each() for each in ending] == [None] * 3


async def say_hello(client: Client, native: RecordingEngine) -> None:
    """Over its channel of app messages, which its mailbox is read through from then on."""
    await client.offer(sending().with_(ChannelsSection("d", "application")))
    connect(native)
    (transport,) = native.channels.opened
    events = native.channels.events
    events.on_channels_up(transport)
    events.on_message(transport, frames.CHANNEL_ID, dcep.PPID_TEXT, frames.write(frames.Hello()))


async def test_who_has_data_channels(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    await ada.offer(sending().with_(ChannelsSection("d", "application")))
    connect(native)
    (transport,) = native.channels.opened
    native.channels.events.on_channels_up(transport)
    ada.session.channels.open("scores")
    await leave(ada)


async def test_who_is_lost_is_kept_while_it_may_come_back(join: Join) -> None:
    ada = await join("Ada", listens=True)
    session = ref(ada.session)
    ada.session.leave("timeout")
    await turn()
    del ada.session
    ada.events.clear()
    assert session() is not None
    (room,) = join.sfu.rooms
    room.exchange.close()  # as at the end of that time
    assert session() is None


async def test_who_is_lost(join: Join) -> None:
    ada = await join("Ada")
    ada.session.detach(ada)
    await leave(ada, "timeout")
