"""A bot that plays a file into a call, its sound and its picture, and leaves at its end.

    python examples/player_bot.py https://localhost:8443 standup TOKEN film.mp4

Anything that ffmpeg reads is a file, also a URL. With `--insecure` it takes the self-signed
certificate of a server on trial.
"""

import argparse
import asyncio
import ssl

from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamTrack

import fastsfu.client


def ending(track: MediaStreamTrack) -> asyncio.Event:
    """Set when the track has."""
    ended = asyncio.Event()
    track.on("ended", ended.set)
    return ended


async def run(url: str, room: str, token: str, file: str, insecure: bool = False) -> None:
    tls = ssl._create_unverified_context() if insecure else None
    nothing = {"*": {"audio": False, "video": False, "screenVideo": False, "screenAudio": False}}
    async with fastsfu.client.join(
        url, room=room, token=token, name="Player", receive=nothing, ssl=tls
    ) as call:
        player = MediaPlayer(file)
        tracks = [each for each in (player.audio, player.video) if each is not None]
        ends = [ending(each) for each in tracks]
        call.publish(audio=player.audio, video=player.video)
        await asyncio.gather(*(end.wait() for end in ends))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "room", "token", "file"):
        parser.add_argument(name)
    parser.add_argument("--insecure", action="store_true")
    asyncio.run(run(**vars(parser.parse_args())))
