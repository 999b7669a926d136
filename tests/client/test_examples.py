"""The examples run."""

import asyncio
import wave
from pathlib import Path
from typing import Any

import numpy as np

from examples import echo_bot, player_bot, scribe_bot
from tests.client.test_call import heard, joining
from tests.support.aiortc_client import Tone
from tests.support.domain_peer import until
from tests.support.server import LiveServer

OUTBOUND = 1  # in the snapshot's column `row`


async def test_the_echo_bot_says_back_what_it_hears(server: LiveServer, room: str) -> None:
    url = str(server.http.base_url)
    async with joining(server, room, "Ada") as ada:
        joined = asyncio.create_task(heard(ada, "participant-joined"))
        await asyncio.sleep(0)
        bot = asyncio.create_task(echo_bot.run(url, room, server.token(room), insecure=True))
        echo: dict[str, Any] = (await joined)["participant"]
        ada.publish(audio=Tone())
        answered = asyncio.create_task(heard(ada, "app-message"))
        await asyncio.sleep(0)
        ada.send_app_message("hello", echo["session_id"])
        assert (await answered)["data"] == {"echo": "hello"}
        async with asyncio.timeout(60):
            async for frame in await ada.track(echo["session_id"]):
                if frame.to_ndarray().any():
                    break
    async with asyncio.timeout(60):
        await bot


def sent(server: LiveServer) -> int:
    """Packets to all receivers so far."""
    rows = server.sfu.snapshot()
    return int(rows["packets"][rows["row"] == OUTBOUND].sum())


def tone(seconds: float, rate: int, loudness: float = 8000.0) -> Any:
    """16-bit samples of 440 Hz."""
    times = np.arange(round(seconds * rate)) / rate
    return (loudness * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def written(path: Path, samples: Any, rate: int) -> str:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return str(path)


async def test_the_player_bot_plays_a_file_and_leaves(
    server: LiveServer, room: str, tmp_path: Path
) -> None:
    url, file = str(server.http.base_url), written(tmp_path / "a.wav", tone(3, 48_000), 48_000)
    async with joining(server, room, "Ada") as ada:
        joined = asyncio.create_task(heard(ada, "participant-joined"))
        left = asyncio.create_task(heard(ada, "participant-left"))
        await asyncio.sleep(0)
        bot = asyncio.create_task(player_bot.run(url, room, server.token(room), file, True))
        player: dict[str, Any] = (await joined)["participant"]
        async with asyncio.timeout(60):
            async for frame in await ada.track(player["session_id"]):
                if frame.to_ndarray().any():
                    break
            await bot
        assert (await left)["participant"]["user_name"] == "Player"


async def test_the_scribe_bot_writes_down_who_speaks(
    server: LiveServer, room: str, tmp_path: Path
) -> None:
    url = str(server.http.base_url)
    async with joining(server, room, "Ada B.") as ada:
        joined = asyncio.create_task(heard(ada, "participant-joined"))
        await asyncio.sleep(0)
        folder = str(tmp_path)
        bot = asyncio.create_task(scribe_bot.run(url, room, server.token(room), folder, True))
        await joined
        ada.publish(audio=Tone())
        await until("a second of speech to be with the bot", lambda: sent(server) >= 75)
    async with asyncio.timeout(60):
        await bot
    (file,) = tmp_path.glob("*.wav")
    assert file.name == "0001-Ada_B_.wav"
    with wave.open(str(file)) as spoken:
        assert (spoken.getframerate(), spoken.getnchannels()) == (16_000, 1)
        assert spoken.getnframes() >= 0.3 * 16_000


def test_what_is_said_is_cut_where_somebody_pauses() -> None:
    said: list[int] = []
    segments = scribe_bot.Segments(lambda samples: said.append(len(samples)))
    rate, step = scribe_bot.RATE, 320
    silence = np.zeros(rate, np.int16)
    parts = (silence, tone(1, rate), silence, tone(0.1, rate), silence, tone(2, rate))
    sound = np.concatenate(parts)
    for begin in range(0, len(sound), step):
        segments.add(sound[begin : begin + step])
    segments.end()
    pause = round(scribe_bot.PAUSE * rate)
    assert len(said) == 2, "the cough is left out"
    assert abs(said[0] - rate - pause) <= step
    assert abs(said[1] - 2 * rate) <= step
