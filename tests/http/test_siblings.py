"""Several processes of one application: the first serves, the others are refused."""

import asyncio
import multiprocessing
import os
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http.siblings import REFUSAL, refuse_siblings
from tests.support.server import DEFAULTS

SPAWN = multiprocessing.get_context("spawn")


def claims(end: Connection, options: dict[str, Any]) -> None:
    """In a process: say whether it may serve, and do so until told to stop."""
    try:
        for _ in range(2):
            refuse_siblings(Config(**options))
        end.send("serves")
    except ConfigError as error:
        end.send(error.info)
    end.recv()


class Process:
    """One of an application's."""

    def __init__(self, **options: Any) -> None:
        self._end, other = SPAWN.Pipe()
        self._process = SPAWN.Process(target=claims, args=(other, {**DEFAULTS, **options}))
        self._process.start()

    def said(self) -> str:
        assert self._end.poll(60)
        return str(self._end.recv())

    def end(self) -> None:
        self._end.send("stop")
        self._process.join()


def test_one_process_of_an_application_serves() -> None:
    first = Process()
    assert first.said() == "serves"
    second, other = Process(), Process(media_port=9)
    assert (second.said(), other.said()) == (REFUSAL, "serves")
    first.end()
    third = Process()
    assert third.said() == "serves", "its place is free again"
    for each in (second, other, third):
        each.end()


def test_a_process_that_no_server_has_made_is_not_meant() -> None:
    for _ in range(2):
        refuse_siblings(Config(**DEFAULTS))


async def test_uvicorn_with_two_workers_says_what_to_do() -> None:
    command = ["-m", "uvicorn", "tests.http.embedded:app", "--workers", "2", "--port", "0"]
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert running.stderr is not None
    try:
        async with asyncio.timeout(60):
            while REFUSAL.encode() not in (line := await running.stderr.readline()):
                assert line, "it has ended"
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        await running.wait()
