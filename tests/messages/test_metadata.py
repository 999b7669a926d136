"""Mute states and user data through a real server: by data channel, by signaling, or both."""

from typing import Any

import pytest

from fastsfu.session.metadata import LEAP
from tests.messages.conftest import Joins
from tests.support.messages_client import MessagesClient
from tests.support.server import LiveServer

OFF = {"audio": False, "video": False, "screenVideo": False, "screenAudio": False}


def said(revision: int, user_data: Any = None, **on: bool) -> dict[str, Any]:
    return {"revision": revision, **OFF, **on, "user_data": user_data}


def heard(client: MessagesClient, of: MessagesClient) -> list[dict[str, Any]]:
    """What a client was told of another one by data channel."""
    own = ("type", "from")
    return [
        {name: value for name, value in frame.items() if name not in own}
        for frame in client.of("metadata")
        if frame["from"] == of.session_id
    ]


async def test_it_needs_no_signaling(server: LiveServer, joined: Joins) -> None:
    ada, ben = await joined(), await joined()
    for client in (ada, ben):
        await client.socket.connection.close()
    ada.write({"type": "metadata", **said(1, {"hand": "up"})})
    ada.write({"type": "metadata", **said(2, {"hand": "down"})})
    await ben.until(lambda: heard(ben, ada)[-1:] == [said(2, {"hand": "down"})])
    assert heard(ben, ada) == sorted(heard(ben, ada), key=lambda each: each["revision"])
    await ada.until(lambda: heard(ada, ada)[-1:] == [said(2, {"hand": "down"})])
    cyd = await joined()
    (seen,) = [each for each in cyd.participants if each["session_id"] == ada.session_id]
    assert (seen["revision"], seen["user_data"]) == (2, {"hand": "down"})


async def test_both_ways_are_one(joined: Joins) -> None:
    ada, ben = await joined(), await joined()
    await ada.socket.send("update", **said(2, "by signaling"))
    news = (await ben.socket.expect("participant-updated"))["participant"]
    assert (news["revision"], news["user_data"]) == (2, "by signaling")
    ada.write({"type": "metadata", **said(1, "late")})
    ada.write({"type": "metadata", **said(2, "again")})
    ada.write({"type": "metadata", **said(3, "by channel")})
    await ben.until(lambda: len(heard(ben, ada)) == 2)
    assert heard(ben, ada) == [said(2, "by signaling"), said(3, "by channel")]
    await ada.socket.send("update", **said(2, "late"))
    await ada.socket.send("update", user_data="newest")
    await ben.until(lambda: heard(ben, ada)[-1] == said(3 + LEAP, "newest"))
    seen = [
        (await ben.socket.expect("participant-updated"))["participant"]["user_data"]
        for _ in range(2)
    ]
    assert seen == ["by channel", "newest"]


async def test_only_what_is_published_is_told_as_on(joined: Joins) -> None:
    ada, ben = await joined(), await joined()
    ada.write({"type": "metadata", **said(1, audio=True, screenVideo=True)})
    await ben.until(lambda: bool(heard(ben, ada)))
    assert heard(ben, ada) == [said(1)]


async def test_it_needs_no_right_to_send_messages(joined: Joins) -> None:
    ada, ben = await joined(claims={"messages": False}), await joined()
    ada.write({"type": "metadata", **said(1, "hello")})
    await ben.until(lambda: heard(ben, ada) == [said(1, "hello")])
    ada.send("hello")
    await ada.until(lambda: bool(ada.of("refused")))
    assert ada.of("refused")[0]["error"] == "not-allowed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"user_data": "x" * 4095},
        {"audio": None},
        {"video": 1},
        {"revision": 0},
        {"revision": "2"},
    ],
    ids=str,
)
async def test_what_is_wrong_is_refused_and_the_channel_goes_on(
    joined: Joins, wrong: dict[str, Any]
) -> None:
    ada, ben = await joined(), await joined()
    ada.write({"type": "metadata", **said(1), **wrong})
    ada.write({"type": "metadata", **said(1, "x" * 4094)})
    await ben.until(lambda: heard(ben, ada) == [said(1, "x" * 4094)])
    refused = [(each["number"], each["error"]) for each in ada.of("refused")]
    assert refused == [(0, "bad-message")]


async def test_nobody_speaks_for_another_one(joined: Joins) -> None:
    ada, ben = await joined(), await joined()
    ada.write({"type": "metadata", "from": ben.session_id, **said(1, "forged")})
    await ben.until(lambda: bool(ben.of("metadata")))
    assert heard(ben, ben) == []
    assert heard(ben, ada) == [said(1, "forged")]
