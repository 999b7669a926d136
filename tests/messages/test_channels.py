"""Channels of the application's own, through a real server: DCEP, both ways, limits."""

import asyncio
from typing import Any

import pytest

from fastsfu.errors import RequestError
from fastsfu.session.channel import Channel
from fastsfu.session.session import Session
from tests.messages.conftest import Joins
from tests.support.messages_client import MessagesClient
from tests.support.server import LiveServer


@pytest.fixture
async def echo(server: LiveServer, joined: Joins) -> tuple[MessagesClient, list[Channel]]:
    """A client in a room whose application sends back what comes."""
    client, channels = await joined(), []

    def on_channel(session: Session, channel: Channel) -> None:
        if channel.label == "no":
            raise RequestError("Not here.")
        channels.append(channel)
        channel.task = asyncio.create_task(send_back(channel))  # type: ignore[attr-defined]

    async def send_back(channel: Channel) -> None:
        async for message in channel:
            await channel.send(message)

    room = server.sfu.rooms.get("r")
    assert room is not None
    room.on_channel = on_channel
    return client, channels


async def opened(client: MessagesClient, label: str, **how: Any) -> tuple[Any, list[Any]]:
    channel = client.connection.createDataChannel(label, **how)
    got: list[Any] = []
    channel.on("message", got.append)
    return channel, got


async def test_every_channel_of_a_client_is_answered_the_first_too(
    echo: tuple[MessagesClient, list[Channel]],
) -> None:
    """A DTLS client numbers its channels 0, 2, 4, ... (RFC 8832 section 6)."""
    client, channels = echo
    mine = [await opened(client, label) for label in ("first", "second", "third")]
    await client.until(lambda: all(channel.readyState == "open" for channel, _ in mine))
    assert [(channel.id, channel.label) for channel, _ in mine] == [
        (0, "first"),
        (2, "second"),
        (4, "third"),
    ]
    for channel, _ in mine:
        channel.send(channel.label)
    await client.until(lambda: [got for _, got in mine] == [["first"], ["second"], ["third"]])
    assert [each.id for each in channels] == [0, 2, 4]


async def test_what_comes_goes_back(echo: tuple[MessagesClient, list[Channel]]) -> None:
    client, channels = echo
    reliable, got = await opened(client, "tall", protocol="p")
    await client.until(lambda: reliable.readyState == "open")
    messages = ["text", b"bytes", "", b"x" * 60_000]
    for message in messages:
        reliable.send(message)
    await client.until(lambda: len(got) == 4)
    assert got == messages
    lossy, heard = await opened(client, "short", ordered=False, maxRetransmits=0)
    await client.until(lambda: lossy.readyState == "open")
    lossy.send(b"1")
    await client.until(lambda: heard == [b"1"])
    assert [(each.label, each.protocol, each.reliable, each.ordered) for each in channels] == [
        ("tall", "p", True, True),
        ("short", "", False, False),
    ]
    reliable.close()
    await client.until(lambda: channels[0].closed)
    with pytest.raises(RequestError, match="closed"):
        await channels[0].send("too late")


async def test_who_is_refused_sees_the_channel_close(
    echo: tuple[MessagesClient, list[Channel]],
) -> None:
    client, channels = echo
    refused, _ = await opened(client, "no")
    await client.until(lambda: refused.readyState == "closed")
    assert channels == []
    client.send("the association goes on")
    await client.until(lambda: bool(client.of("ack")))


async def test_the_application_opens_one(server: LiveServer, joined: Joins) -> None:
    client = await joined()
    offered: list[Any] = []
    client.connection.on("datachannel", offered.append)
    session = server.sfu.sessions[client.session_id]
    channel = session.channels.open("news", lifetime_ms=500, ordered=False)
    await client.until(lambda: bool(offered))
    assert (offered[0].label, offered[0].maxPacketLifeTime, offered[0].ordered) == (
        "news",
        500,
        False,
    )
    got: list[Any] = []
    offered[0].on("message", got.append)
    await channel.send("first")
    await client.until(lambda: got == ["first"])
    offered[0].send("back")
    assert await asyncio.wait_for(channel.receive(), 5) == "back"
    channel.close()
    await client.until(lambda: offered[0].readyState == "closed")
    assert await channel.receive() is None


async def test_what_is_not_received_waits_at_the_client(server: LiveServer, joined: Joins) -> None:
    client, held = await joined(), []
    room = server.sfu.rooms.get("r")
    assert room is not None
    room.on_channel = lambda session, channel: held.append(channel)
    channel, _ = await opened(client, "full")
    await client.until(lambda: channel.readyState == "open")
    for number in range(400):
        channel.send(number.to_bytes(2, "big") + bytes(3000))
    await client.until(lambda: channel.bufferedAmount > 0 and len(held[0]._received) > 256)
    assert len(held[0]._received) <= 260
    numbers = [int.from_bytes((await held[0].receive())[:2], "big") for _ in range(400)]
    assert numbers == list(range(400))
