"""The port for http-01: open while a challenge is pending, and dumb to all else."""

import asyncio
import socket

import httpx
import pytest

from fastsfu.errors import ConfigError
from fastsfu.http.plain_challenges import MOST_BYTES, PlainChallenges
from tests.support.pebble import free_port

PATH, TEXT = "/.well-known/acme-challenge/token", "token.thumbprint"
LOOPBACK = "127.0.0.1"


async def said(port: int, request: bytes) -> bytes:
    """All that comes back."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:  # it has not read all that it was sent
        return b""
    finally:
        writer.close()


def is_open(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex((LOOPBACK, port)) == 0


async def test_it_is_open_only_while_something_is_pending() -> None:
    port = free_port()
    challenges = PlainChallenges(LOOPBACK, port)
    assert not is_open(port)
    with challenges.pending(PATH, TEXT):
        with challenges.pending(f"{PATH}2", "another"):
            for path, text in ((PATH, TEXT), (f"{PATH}2", "another")):
                async with httpx.AsyncClient() as client:
                    answer = await client.get(f"http://{LOOPBACK}:{port}{path}")
                assert (answer.status_code, answer.text) == (200, text)
        assert await said(port, f"GET {PATH}2 HTTP/1.1\r\n\r\n".encode()) == b""
        assert is_open(port)
    assert not is_open(port)


@pytest.mark.parametrize(
    "request_line",
    [
        "GET / HTTP/1.1",
        f"POST {PATH} HTTP/1.1",
        f"GET {PATH}",
        f"GET {PATH}/ HTTP/1.1",
        "",
        " " * 3,
    ],
)
async def test_it_says_nothing_to_whoever_asks_for_something_else(request_line: str) -> None:
    port = free_port()
    with PlainChallenges(LOOPBACK, port).pending(PATH, TEXT):
        assert await said(port, f"{request_line}\r\n\r\n".encode()) == b""
        assert await said(port, b"x" * (2 * MOST_BYTES)) == b""


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        challenges = PlainChallenges(LOOPBACK, taken.getsockname()[1])
        with pytest.raises(ConfigError, match="in use"), challenges.pending(PATH, TEXT):
            pass
