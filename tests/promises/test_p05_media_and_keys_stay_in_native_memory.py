"""P5: plaintext media and media keys are in native memory only, locked, undumped, wiped when freed.

A real server process is searched from outside for the keys that its clients know and for the media
that they send: every byte of Python's heap, of the C heap, of the stacks.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import fastsfu._native
from benchmarks.load.server import SECRET, ServerProcess
from fastsfu._native.engine import channels, engine, relay_commands, streams, transports
from fastsfu.auth.tokens import Tokens
from fastsfu.sfu import SFU
from tests.support.calls import calling
from tests.support.domain_peer import CONFIG, DomainPeer, until
from tests.support.memory import find
from tests.support.secrets import keys_of, media_of
from tests.support.syntax import syntax_of

NATIVE = Path(next(iter(fastsfu._native.__path__)))
TOKEN = Tokens(SECRET).sign("room")


@pytest.mark.parametrize("crypto", ["auto", "openssl"])
async def test_keys_and_media_are_in_kept_memory_only_and_wiped_when_freed(crypto: str) -> None:
    environment = {"FASTSFU_CRYPTO": crypto, "FASTSFU_MAX_BUFFERS": "4096"}
    with ServerProcess(environment=environment) as server:
        pid = server.process.pid
        async with calling(server.url, "room", TOKEN) as clients:
            secrets = {}
            for client in clients:
                secrets |= keys_of(client.connection)
                secrets |= media_of(client.connection)
            during = find(pid, {"known": SECRET.encode(), **secrets})
        await until("an empty server", lambda: server.metrics()["fastsfu_worker_transports"] == 0)
        await until("free buffers", lambda: server.metrics()["fastsfu_worker_buffers_used"] == 0)
        after = find(pid, secrets)
        said = server.output()
    assert during.pop("known"), "the search finds nothing in ordinary memory"
    outside = {
        name: [region for region in regions if not region.is_kept]
        for name, regions in during.items()
    }
    assert not any(outside.values()), {name: found for name, found in outside.items() if found}
    assert sum(bool(found) for name, found in during.items() if "session key" in name) == 8
    assert any(found for name, found in during.items() if "payload" in name)
    assert not any(after.values()), {name: found for name, found in after.items() if found}
    assert TOKEN not in said
    assert not any(secret.hex() in said.lower() for secret in secrets.values())


async def test_a_call_shows_numbers_only() -> None:
    async with SFU(CONFIG) as sfu:
        peers = [await DomainPeer().join(sfu) for _ in range(2)]
        for peer in peers:
            await peer.receives("video")
        rows = sfu.snapshot()
        assert len(rows) == 2 + 8
        assert {rows.dtype[name].kind for name in rows.dtype.names or ()} <= {"u", "i", "f"}
        assert all(rows.dtype[name].itemsize <= 8 for name in rows.dtype.names or ())
        assert all(type(value) is int and value < 1 << 64 for value in sfu.counters().values())
        for peer in peers:
            await peer.close()


def test_the_engine_has_no_member_beyond_its_contract_and_none_returns_bytes() -> None:
    assert returned("engine", engine.Engine) == {
        "int", "int | None", "str", "None", "float | None", "npt.NDArray[Any]", "dict[str, int]",
        "Channels", "RelayCommands", "Streams", "Transports",
    }  # fmt: skip


def test_channels_give_app_messages_to_their_events_and_nothing_else() -> None:
    assert returned("channels", channels.Channels) == {
        "ChannelEvents", "None", "bool", "bool | None"
    }  # fmt: skip


def test_the_relay_takes_orders_and_tells_only_whose_a_port_is() -> None:
    assert returned("relay_commands", relay_commands.RelayCommands) == {"None", "bool"}


def test_orders_about_transports_and_streams_give_handles_only() -> None:
    assert returned("transports", transports.Transports) == {"int", "None"}
    assert returned("streams", streams.Streams) == {"int", "None"}


def returned(module: str, kind: type) -> set[str]:
    """What the members of a class give, by the contract that has to name each of them."""
    contract = next(
        node
        for node in syntax_of(NATIVE / "engine" / f"{module}.pyi").body
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    promised = dict(members(contract))
    assert set(public(kind)) == promised.keys() - {"__init__"}
    return {result for name, result in promised.items() if name != "__init__"}


def members(contract: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Attributes and methods, with the type of their value."""
    for node in contract.body:
        if isinstance(node, ast.AnnAssign):
            yield ast.unparse(node.target), ast.unparse(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            yield node.name, ast.unparse(node.returns) if node.returns else ""


def test_shipped_native_modules_offer_python_nothing_but_the_engine() -> None:
    """Their verbs are C functions, which Python cannot call; enumerations are only numbers."""
    callables = set()
    for library in sorted(NATIVE.glob("*/*.so")):
        name = f"fastsfu._native.{library.parent.name}.{library.name.partition('.')[0]}"
        for member, value in vars(import_module(name)).items():
            is_enumeration = isinstance(value, type) and issubclass(value, int)
            if callable(value) and not member.startswith("__") and not is_enumeration:
                callables.add((name.rpartition(".")[2], member))
    assert callables == {
        ("engine", "Engine"),
        ("engine", "Channels"),
        ("channels", "Channels"),
        ("relay_commands", "RelayCommands"),
        ("streams", "Streams"),
        ("transports", "Transports"),
        ("voices", "RoomVoices"),
        # without Python methods:
        ("associations", "Associations"),
        ("commands", "Commands"),
        ("engine", "Links"),
        ("links", "Links"),
    }
    for module, name in (("associations", "Associations"), ("commands", "Commands")):
        assert public(getattr(import_module(f"fastsfu._native.engine.{module}"), name)) == []
    assert public(import_module("fastsfu._native.engine.links").Links) == []
    assert public(import_module("fastsfu._native.engine.voices").RoomVoices) == ["set_limit"]


def public(kind: type) -> list[str]:
    return [name for name in dir(kind) if not name.startswith("_")]
