"""One of two processes of a takeover fails, hangs or is gone, at each of its steps."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from fastsfu.errors import ConfigError
from fastsfu.http import control, server, takeover
from fastsfu.http.takeover import Predecessor
from tests.http.test_takeover import MOVES, join
from tests.support.server import live_server, successor_of

PATIENCE = 2.0  # seconds, in the place of those of a takeover: what is in time comes within them


async def test_a_successor_that_fails_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c"
    async with live_server(control=path) as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        for asked in (["listener"], ["listener", "rooms"], ["nonsense"]):
            await asyncio.to_thread(ask_and_go, path, asked)
        async with asyncio.timeout(10):
            while not one.sfu.ready:
                await asyncio.sleep(0.01)
        async with one.socket() as again:
            await join(one, again)
        await before.send("ping", id=1)
        assert await before.expect("pong")


async def test_a_successor_that_hangs_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the server's clients nor the next one that would take over."""
    monkeypatch.setattr(control, "ASK_SECONDS", PATIENCE)
    monkeypatch.setattr(control, "START_SECONDS", PATIENCE)
    path = tmp_path / "c"
    async with live_server(control=path) as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        for asked in ([], ["listener"], ["listener", "rooms"]):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hangs:
                await asyncio.to_thread(ask, hangs, path, asked)
                assert await asyncio.to_thread(hangs.recv, 1) == b""
            async with one.socket() as again:
                await join(one, again)
        await before.send("ping", id=1)
        assert await before.expect("pong")
        monkeypatch.undo()
        async with successor_of(one):
            assert (await before.expect("moved"))["url"] is None
            await before.send("leave")


async def test_a_successor_that_stops_reading_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than the sockets take is on its way to it."""
    monkeypatch.setattr(control, "ASK_SECONDS", PATIENCE)
    path = tmp_path / "c"
    async with live_server(control=path) as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        for number in range(10_000):
            one.sfu.rooms.bans.ban("r", f"somebody-of-a-long-list-{number}", None)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hangs:
            await asyncio.to_thread(ask, hangs, path, ["listener", "rooms"])
            async with one.socket() as again:
                await join(one, again)
        assert one.sfu.ready
        monkeypatch.undo()
        async with successor_of(one):
            assert (await before.expect("moved"))["url"] is None
            await before.send("leave")


@pytest.mark.parametrize("said", [["listener"], ["listener", "rooms"], ["rooms"]])
async def test_one_that_is_gone_when_it_is_answered_costs_nothing(
    tmp_path: Path, said: list[str]
) -> None:
    path = tmp_path / "c"
    async with live_server(control=path) as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            await asyncio.to_thread(ask, asking, path, said[:-1])
            asking.sendall(json.dumps(said[-1]).encode() + b"\n")
        async with successor_of(one):
            assert (await before.expect("moved"))["url"] is None
            await before.send("leave")


async def test_one_that_is_gone_before_it_hears_that_all_move_costs_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c"
    async with live_server(control=path) as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            await asyncio.to_thread(ask, asking, path, ["listener", "rooms"])
            asking.sendall(b'"accepting"\n')
        async with one.socket() as again:
            await join(one, again)
        await before.send("ping", id=1)
        assert await before.expect("pong")


async def test_a_predecessor_that_hangs_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a server that waits for ever."""
    path = tmp_path / "c"
    async with live_server(control=path) as one:
        found = await asyncio.to_thread(Predecessor.find, path)
        assert found is not None
        await found.estate()

        async def never(*_: object) -> None:
            await asyncio.get_running_loop().create_future()

        monkeypatch.setattr(takeover, "ASK_SECONDS", 0.2)
        monkeypatch.setattr(control.Control, "_say", never)
        with pytest.raises(ConfigError, match="does not answer"):
            await found.accept()
        found.listener.close()
        assert one.sfu.running


async def test_a_successor_that_comes_too_late_does_not_accept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There would be two servers at one port."""
    path = tmp_path / "c"
    async with live_server(control=path) as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        late = await asyncio.to_thread(Predecessor.find, path)
        assert late is not None
        monkeypatch.setattr(control, "ASK_SECONDS", PATIENCE)
        assert [each.name for each in (await late.estate()).rooms] == ["r"]
        async with one.socket() as again:
            await join(one, again)
        with pytest.raises(ConfigError, match="kept its calls"):
            await late.accept()
        late.listener.close()


async def test_a_successor_goes_on_alone_when_the_one_before_dies(tmp_path: Path) -> None:
    path = tmp_path / "c"
    async with live_server(control=path):
        found = await asyncio.to_thread(Predecessor.find, path)
        assert found is not None
        await found.estate()
    await found.accept()
    assert [mail async for mail in found.mail()] == []
    found.listener.close()


def ask_and_go(path: Path, what: list[str]) -> None:
    """Another process that dies halfway."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        ask(asking, path, what)


def ask(asking: socket.socket, path: Path, what: list[str]) -> None:
    asking.settimeout(30)
    asking.connect(str(path))
    for each in what:
        asking.sendall(json.dumps(each).encode() + b"\n")
        asking.recv(65536)


@pytest.mark.parametrize("what", ["open_acme", "Control"])
async def test_a_successor_that_cannot_open_all_that_it_needs_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ConfigError("no such thing")

    async with live_server(control=tmp_path / "c") as one, one.socket() as before:
        await join(one, before, capabilities=MOVES)
        with monkeypatch.context() as patched:
            patched.setattr(server, what, fails)
            with pytest.raises(ConfigError, match="no such thing"):
                async with successor_of(one):
                    raise AssertionError
        async with asyncio.timeout(10):
            while not one.sfu.ready:
                await asyncio.sleep(0.01)
        assert [each.name for each in tmp_path.iterdir()] == ["c"]
        async with one.socket() as again:
            await join(one, again)
        async with successor_of(one):
            assert (await before.expect("moved"))["url"] is None
            await before.send("leave")
