"""A bot that says what it hears: it sends the microphone of whoever spoke last back into the call.

    python examples/echo_bot.py https://localhost:8443 standup TOKEN

With `--insecure` it takes the self-signed certificate of a server on trial. App messages are
answered, too. It leaves when the last one has left.
"""

import argparse
import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from aiortc import MediaStreamTrack

import fastsfu.client


class Voice(MediaStreamTrack):
    """What the bot says: frames that are put in."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: asyncio.Queue[Any] = asyncio.Queue(50)

    def say(self, frame: Any) -> None:
        with suppress(asyncio.QueueFull):
            self._frames.put_nowait(frame)

    async def recv(self) -> Any:
        return await self._frames.get()


async def sounds(call: fastsfu.client.Call, session_id: str) -> AsyncIterator[Any]:
    """The frames of somebody's microphone, also of one that is unplugged and plugged in again."""
    with suppress(fastsfu.client.CallError):
        while True:
            async for frame in await call.track(session_id, "audio"):
                yield frame


async def echo(call: fastsfu.client.Call, voice: Voice, session_id: str) -> None:
    pts = 0
    async for frame in sounds(call, session_id):
        frame.pts = pts
        pts += frame.samples
        voice.say(frame)


async def run(url: str, room: str, token: str, insecure: bool = False) -> None:
    tls = ssl._create_unverified_context() if insecure else None
    async with (
        fastsfu.client.join(
            url, room=room, token=token, name="Echo", receive={"*": {"video": False}}, ssl=tls
        ) as call,
        asyncio.TaskGroup() as listening,
    ):
        voice, empty = Voice(), asyncio.Event()
        call.publish(audio=voice)
        call.on(
            "app-message",
            lambda event: call.send_app_message({"echo": event["data"]}, event["fromId"]),
        )
        call.on("participant-left", lambda event: len(call.participants()) > 1 or empty.set())

        def listen(event: dict[str, Any]) -> None:
            listening.create_task(echo(call, voice, event["participant"]["session_id"]))

        call.on("participant-joined", listen)
        for session_id in call.participants().keys() - {"local"}:
            listening.create_task(echo(call, voice, session_id))
        await empty.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "room", "token"):
        parser.add_argument(name)
    parser.add_argument("--insecure", action="store_true")
    asyncio.run(run(**vars(parser.parse_args())))
