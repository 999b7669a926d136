"""A bot that writes down who speaks: a WAV file (16 kHz, mono) for each thing that somebody says,
which is what models of speech recognition take.

    python examples/scribe_bot.py https://localhost:8443 standup TOKEN folder

The files are called NUMBER-NAME.wav. It leaves when the last one has left. With `--insecure` it
takes the self-signed certificate of a server on trial.
"""

import argparse
import asyncio
import re
import ssl
import wave
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from av import AudioResampler

import fastsfu.client

RATE = 16_000  # samples a second
LOUD = 500.0  # root mean square of 16-bit samples, from which on it is speech
PAUSE = 0.6  # seconds of silence that end what is said
SHORTEST = 0.3  # seconds; less is a cough


class Segments:
    """Cuts somebody's sound into what they say; `said` gets the samples of each."""

    def __init__(self, said: Callable[[Any], None]) -> None:
        self._said = said
        self._speech: list[Any] = []
        self._silent = 0  # samples since the last loud ones

    def add(self, samples: Any) -> None:
        """The next samples, 16 bit each."""
        is_loud = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) >= LOUD
        if is_loud or self._speech:
            self._speech.append(samples)
            self._silent = 0 if is_loud else self._silent + len(samples)
        if self._silent >= PAUSE * RATE:
            self.end()

    def end(self) -> None:
        """Nothing more comes of this."""
        if self._speech:
            spoken = np.concatenate(self._speech)
            if len(spoken) - self._silent >= SHORTEST * RATE:
                self._said(spoken)
        self._speech, self._silent = [], 0


async def listen(call: fastsfu.client.Call, session_id: str, segments: Segments) -> None:
    """Until they have left."""
    with suppress(fastsfu.client.CallError):
        while True:
            await follow(await call.track(session_id, "audio"), segments)
            segments.end()
    segments.end()


async def follow(track: fastsfu.client.Track, segments: Segments) -> None:
    """Until the microphone is unplugged, or they have left."""
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    async for frame in track:
        for each in resampler.resample(frame):
            segments.add(each.to_ndarray()[0])


def write(folder: Path, numbers: Iterator[int], name: str, samples: Any) -> None:
    safe = re.sub(r"[^\w-]+", "_", name)[:40] or "somebody"
    with wave.open(str(folder / f"{next(numbers):04d}-{safe}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())


async def run(url: str, room: str, token: str, folder: str, insecure: bool = False) -> None:
    tls = ssl._create_unverified_context() if insecure else None
    where, numbers, empty = Path(folder), count(1), asyncio.Event()
    async with (
        fastsfu.client.join(
            url, room=room, token=token, name="Scribe", receive={"*": {"video": False}}, ssl=tls
        ) as call,
        asyncio.TaskGroup() as listening,
    ):

        def begin(participant: dict[str, Any]) -> None:
            name = participant["user_name"]
            segments = Segments(lambda samples: write(where, numbers, name, samples))
            listening.create_task(listen(call, participant["session_id"], segments))

        call.on("participant-joined", lambda event: begin(event["participant"]))
        call.on("participant-left", lambda event: len(call.participants()) > 1 or empty.set())
        for participant in call.participants().values():
            if not participant["local"]:
                begin(participant)
        await empty.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "room", "token", "folder"):
        parser.add_argument(name)
    parser.add_argument("--insecure", action="store_true")
    asyncio.run(run(**vars(parser.parse_args())))
