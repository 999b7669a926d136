"""A session that has ended is gone, without a search for cycles: its parts do not keep it alive."""

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

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
    session = ref(client.session)
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


async def test_who_has_data_channels(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    await ada.offer(sending().with_(ChannelsSection("d", "application")))
    connect(native)
    (transport,) = native.channels.opened
    native.channels.events.on_channels_up(transport)
    ada.session.channels.open("scores")
    await leave(ada)


async def test_who_is_lost(join: Join) -> None:
    ada = await join("Ada")
    ada.session.detach(ada)
    await leave(ada, "timeout")
