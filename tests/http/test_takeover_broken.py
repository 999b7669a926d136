"""A takeover in which something breaks: an answer cut short, of another version or too late, the
database, a signal at the wrong moment.
"""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fastsfu.errors import ConfigError, RecordError
from fastsfu.http import takeover
from fastsfu.http.takeover import Introduction, Predecessor
from tests.http.test_takeover import MOVES, join
from tests.http.test_takeover_failing import ask
from tests.support.server import live_server, successor_of

ESTATE = '{"rooms": [], "bans": []}'
ALTERNATE = "https://other.example/"


async def find_one_that_says(path: Path, answer: str) -> Predecessor | None:
    """What is found of a process that gives this answer and ends."""

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer.encode())
        writer.close()

    async with await asyncio.start_unix_server(answers, path):
        return await asyncio.to_thread(Predecessor.find, path)


@contextmanager
def predecessor_that_says(*lines: str) -> Iterator[tuple[Predecessor, socket.socket]]:
    """One that has been found; and its end of the connection."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(30)
    with theirs, socket.socket() as listener:
        theirs.sendall("".join(f"{line}\n" for line in lines).encode())
        told = Introduction(media_ports=[], turn_port=None)
        yield Predecessor(Path("nowhere"), ours, listener, told), theirs


@pytest.mark.parametrize("answer", ["", '{"media_ports": ['])
async def test_one_that_ends_within_its_answer_is_an_error(tmp_path: Path, answer: str) -> None:
    with pytest.raises(ConfigError, match="has ended"):
        await find_one_that_says(tmp_path / "c", answer)


@pytest.mark.parametrize("answer", ['{"secret": "hidden"}\n', '{"secret": "hidden", \n', "7\n"])
async def test_one_of_another_version_is_an_error_without_its_secrets(
    tmp_path: Path, answer: str
) -> None:
    with pytest.raises(ConfigError, match="another version") as raised:
        await find_one_that_says(tmp_path / "c", answer)
    assert "hidden" not in raised.value.info


async def test_rooms_of_another_version_are_an_error() -> None:
    with predecessor_that_says('{"rooms": "hidden"}') as (found, _):
        with pytest.raises(ConfigError, match="another version") as raised:
            await found.estate()
        assert "hidden" not in raised.value.info
        found.close()


async def test_mail_of_another_version_costs_its_room_alone() -> None:
    lines = (ESTATE, '{"name": "r"}', '{"name": "s", "boxes": []}', "null")
    with predecessor_that_says(*lines) as (found, _):
        await found.estate()
        assert [mail.name async for mail in found.mail()] == ["s"]


async def test_one_that_hears_too_late_that_we_accept_finds_us_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else it would give way to a process that ends."""
    with predecessor_that_says(ESTATE) as (found, theirs):
        await found.estate()
        monkeypatch.setattr(takeover, "ASK_SECONDS", 0.01)
        with pytest.raises(ConfigError, match="does not answer"):
            await found.accept()
        heard = await asyncio.to_thread(theirs.makefile("rb").read)
        assert heard == b'"rooms"\n"accepting"\n'


async def test_rooms_that_cannot_be_handed_over_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> None:
        raise RecordError("no database")

    path = tmp_path / "c"
    async with live_server(control=path) as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        with monkeypatch.context() as patched:
            patched.setattr(one.sfu.records, "hand_over", fails)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
                await asyncio.to_thread(ask, asking, path, ["listener", "rooms"])
        assert one.sfu.ready
        async with one.socket() as again:
            await join(one, again)
        async with successor_of(one):
            assert (await before.expect("moved"))["url"] is None
            await before.send("leave")


async def test_a_signal_during_a_takeover_that_fails_is_heeded_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients are sent to another server, as without the takeover."""
    path, waiting = tmp_path / "c", asyncio.Event()
    live = live_server(control=path, drain_timeout=30, alternates=[ALTERNATE])
    async with live as one, one.socket() as before:
        vacate = one.sfu.vacate

        async def noted(timeout: float) -> None:
            waiting.set()
            await vacate(timeout)

        monkeypatch.setattr(one.sfu, "vacate", noted)
        await join(one, before, capabilities=MOVES)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            await asyncio.to_thread(ask, asking, path, ["listener", "rooms"])
            one.uvicorn.handle_exit(signal.SIGTERM, None)
            await waiting.wait()
        assert (await before.expect("moved"))["url"] == ALTERNATE
        assert not one.sfu.ready
        await before.send("leave")
