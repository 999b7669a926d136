"""What is shipped for the tests of applications says what is wrong, and leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.errors import TokenError
from fastsfu.events import Ended, Muted, ParticipantJoined
from fastsfu.sfu import SFU
from fastsfu.testing import guest, guests, loopback, serving
from fastsfu.testing.fixtures import sfu, sfu_config  # noqa: F401


async def test_guests_hear_what_happens_in_its_order(sfu: SFU) -> None:  # noqa: F811
    async with guest(sfu, "r", "Ada", grant=Grant("r", owner=True)) as ada:
        async with guest(sfu, "r", "Bob") as bob, guest(sfu, "r", "Cem"):
            for name in ("Bob", "Cem"):
                assert (await ada.expect(ParticipantJoined)).participant.name == name
            assert [each.participant.name for each in ada.of(ParticipantJoined)] == ["Bob", "Cem"]
            room = sfu.rooms.get("r")
            assert room is not None
            room.mute(bob.session.id, sources={"audio"})
            assert (await bob.expect(Muted)).sources == {"audio"}
        assert (await bob.expect(Ended)).reason == "left"
    assert not sfu.sessions
    with pytest.raises(TokenError):
        async with guest(sfu, "r", token="none"):
            pass


async def test_what_does_not_come_is_said_with_what_came(
    sfu: SFU,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guests, "SECONDS", 0.01)
    async with guest(sfu, "r") as ada:
        with pytest.raises(AssertionError, match="no Muted came, but: nothing"):
            await ada.expect(Muted)
        async with guest(sfu, "r"):
            with pytest.raises(AssertionError, match="no Muted came, but: ParticipantJoined"):
                await ada.expect(Muted)


def test_a_configuration_is_small_and_may_be_changed() -> None:
    config: Config = loopback(max_transports=7)
    assert (config.host, config.udp_port, config.workers) == ("127.0.0.1", 0, 1)
    assert config.max_transports == 7


async def test_an_application_that_does_not_start_says_so() -> None:
    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        raise ValueError("no")
        yield

    with pytest.raises(RuntimeError, match="did not start"):
        async with serving(Starlette(lifespan=lifespan)):
            pass


async def test_what_is_served_is_gone_afterwards() -> None:
    before = asyncio.all_tasks()
    async with serving(Starlette()) as served, httpx.AsyncClient(verify=served.ssl) as http:
        assert (await http.get(served.url)).status_code == 404
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient(verify=served.ssl) as http:
            await http.get(served.url)
    assert asyncio.all_tasks() == before
