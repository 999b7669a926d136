"""Channels that clients open by themselves: none outlives what its client does to it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from fastsfu.messages.exchange import AppMessage
from fastsfu.session.channel import Channel
from fastsfu.session.channels import MAX_CHANNELS
from fastsfu.session.session import Session
from fastsfu.sfu import SFU
from fastsfu.transport import dcep, frames
from fastsfu.transport.dcep import ChannelOpen
from tests.support.offers import Section, sending
from tests.support.recording_engine import RecordingEngine
from tests.support.sessions import Join, turn

OPEN = dcep.write(ChannelOpen("label", "", True, None, None))
Says = Callable[[int, int, bytes], Awaitable[None]]


class ChannelsSection(Section):
    def lines(self) -> list[str]:
        media = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"
        return [media, "c=IN IP4 0.0.0.0", f"a=mid:{self.mid}", "a=sctp-port:5000"]


@pytest.fixture
async def faults() -> list[dict[str, Any]]:
    """What the event loop is told of."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: told.append(fault))
    return told


@pytest.fixture
async def says(native: RecordingEngine, join: Join) -> Says:
    """`await says(stream, ppid, data)`: a message of a client whose association stands."""
    client = await join()
    await client.offer(sending().with_(ChannelsSection("d", "application")))
    (transport,) = native.channels.opened
    native.channels.events.on_channels_up(transport)

    async def say(stream: int, ppid: int, data: bytes) -> None:
        native.channels.events.on_message(transport, stream, ppid, data)
        await turn()

    return say


async def test_garbage_on_a_channel_closes_it(
    sfu: SFU, says: Says, native: RecordingEngine
) -> None:
    channels: list[Channel] = []
    readers: set[asyncio.Task[None]] = set()

    async def read(channel: Channel) -> None:
        channels.append(channel)
        async for _ in channel:
            pass

    def on_channel(session: Session, channel: Channel) -> None:
        reader = asyncio.create_task(read(channel))
        readers.add(reader)
        reader.add_done_callback(readers.discard)

    (room,) = sfu.rooms
    room.on_channel = on_channel
    for _ in range(MAX_CHANNELS + 1):
        await says(2, dcep.PPID, OPEN)
        await says(2, dcep.PPID, b"garbage")
    assert not readers
    assert [channel.closed for channel in channels] == [True] * (MAX_CHANNELS + 1)
    assert len(native.channels.resets) == MAX_CHANNELS + 1


async def test_garbage_costs_the_app_messages_nothing(says: Says, native: RecordingEngine) -> None:
    await says(frames.CHANNEL_ID, dcep.PPID, b"garbage")
    assert native.channels.resets == []
    await says(4, dcep.PPID, b"garbage")
    assert [stream for _, stream in native.channels.resets] == [4]


async def test_opening_twice_closes(sfu: SFU, says: Says, native: RecordingEngine) -> None:
    """RFC 8832 section 6: one on a stream that is in use already."""
    (room,) = sfu.rooms
    channels: list[Channel] = []
    room.on_channel = lambda session, channel: channels.append(channel)
    await says(0, dcep.PPID, OPEN)
    assert native.channels.sent[-1][1:] == (0, dcep.PPID, dcep.ACK)
    await says(0, dcep.PPID, OPEN)
    assert [stream for _, stream in native.channels.resets] == [0]
    assert [each.closed for each in channels] == [True]


async def test_client_may_number_its_channels_from_one(
    sfu: SFU, says: Says, native: RecordingEngine
) -> None:
    """werift does so as a DTLS client, since it goes by its part in ICE."""
    (room,), (session,) = sfu.rooms, sfu.sessions.values()
    channels: list[Channel] = []
    room.on_channel = lambda session, channel: channels.append(channel)
    await says(1, dcep.PPID, OPEN)
    assert native.channels.sent[-1][1:] == (1, dcep.PPID, dcep.ACK)
    assert [channel.closed for channel in channels] == [False]
    assert session.channels.open("own").id == 3


def test_browsers_and_server_mean_the_same_channel() -> None:
    source = (Path(frames.__file__).parents[1] / "web/sdk/message-link.js").read_text()
    init = (
        f"negotiated: true, id: {frames.CHANNEL_ID}, ordered: true, protocol: '{frames.PROTOCOL}'"
    )
    assert f"label: '{frames.LABEL}'" in source
    assert init in source


async def test_who_is_ended_over_one_message_is_read_no_further(
    sfu: SFU, join: Join, native: RecordingEngine, faults: list[dict[str, Any]]
) -> None:
    """The application ends it in the middle of a frame, and nothing else holds the session."""
    client = await join("Ada")
    await client.offer(sending().with_(ChannelsSection("d", "application")))
    (transport,) = native.channels.opened
    native.channels.events.on_channels_up(transport)
    (room,) = sfu.rooms
    heard: list[Any] = []

    def end(session: Session, message: AppMessage) -> None:
        heard.append(message.data)
        session.leave("ejected")

    room.on_app_message = end
    client.events.clear()
    del client.session
    said = [frames.WireMessage(number=number, data=number) for number in (1, 2, 3)]
    frame = frames.write(frames.Messages(messages=said))
    native.channels.events.on_message(transport, frames.CHANNEL_ID, dcep.PPID_TEXT, frame)
    assert (heard, faults) == ([1], [])
