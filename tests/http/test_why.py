"""`fastsfu why` in a process of its own, against a server that runs."""

import asyncio
import json
import os
import sys

from tests.http.conftest import API_KEY
from tests.support.server import PUBLISH, LiveServer


async def why(*arguments: str, key: str = API_KEY) -> tuple[int, str, str]:
    """(exit status, standard output, standard error)"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fastsfu", "why", *arguments),
        env={**os.environ, "FASTSFU_API_KEY": key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_it_says_of_each_how_their_media_is_doing(server: LiveServer, room: str) -> None:
    at = ("--url", server.url, "--no-verify")
    async with server.caller(room, name="Ada") as ada, server.caller(room, name="Ben") as ben:
        await ada.offer(PUBLISH)
        ids = [each.joined["session_id"] for each in (ada, ben)]
        status, out, _ = await why(room, *at)
        assert status == 0
        heads = [line for line in out.splitlines() if not line.startswith(" ")]
        assert heads[0] == f"Ada ({ids[0]}): its media does not come to the server"
        assert heads[1] == f"Ben ({ids[1]}): has offered no media yet"
        [got] = [line for line in out.splitlines() if "video of Ada" in line]
        assert got.split()[0] == "gets"
        assert "no-path: The client has not offered any media yet." in got
        _, out, _ = await why(room, "Ben", "--json", *at)
        assert json.loads(out)["session_id"] == ids[1]
        status, _, err = await why(room, "Eve", *at)
        assert (status, err) == (1, f"fastsfu: nobody in {room} is Eve\n")


async def test_what_does_not_work_is_one_sentence(server: LiveServer, room: str) -> None:
    at = ("--url", server.url)
    status, _, err = await why(room, *at)
    assert status == 1
    assert err.startswith("fastsfu: no server answers at https://localhost")
    assert "certificate" in err
    status, _, err = await why(room, *at, "--no-verify", key="another-key-0123456789-abcdef-ghij")
    assert (status, err) == (1, "fastsfu: 401: the API key is missing or wrong\n")
    status, _, err = await why(room, *at, "--no-verify", key="")
    assert (status, "FASTSFU_API_KEY is not set" in err) == (2, True)
