"""Webhooks over REST, and what they bring to a receiver."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fastsfu.assembly import stored
from fastsfu.config import Config
from fastsfu.room.outbox import Endpoint, Letter
from fastsfu.transport.targets import Targets
from fastsfu.webhooks import sender
from fastsfu.webhooks.delivery import Deliveries
from tests.http.api.test_rooms import Client
from tests.http.conftest import API_KEY
from tests.support.receiver import Receiver, receiving
from tests.support.server import LiveServer, live_server

LOOPBACK = ["127.0.0.0/8", "::1/128"]
URL = "https://example.com/told"


class Silent:
    """An endpoint that does not answer."""

    async def post(self, endpoint: Endpoint, letter: Letter) -> None:
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None: ...


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "FAREWELL", 0.1)


@asynccontextmanager
async def serving(path: Path, receiver: Receiver | None = None) -> AsyncIterator[LiveServer]:
    options = {
        "api_key": API_KEY,
        "database": f"sqlite:///{path}/calls.db",
        "webhook_allowed_networks": LOOPBACK if receiver else [],
    }
    made = stored(Config(media_ips=["127.0.0.1"], **options))
    (webhooks,) = made["beside"]
    webhooks._open_post = Silent
    if receiver is not None:
        webhooks._open_post = lambda: Deliveries(Targets(LOOPBACK), receiver.trust)
    async with live_server(**options, sfu_options=made) as server:
        yield server


async def test_without_a_database_there_are_none(server: LiveServer) -> None:
    answer = await Client(server).ask("GET", "webhooks")
    assert (answer.status_code, answer.json()["error"]) == (403, "not-allowed")
    assert "FASTSFU_DATABASE" in answer.json()["info"]


async def test_they_are_made_changed_and_deleted(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        rest = Client(server)
        made = await rest.ask("POST", "webhooks", json={"url": URL, "types": ["room.started"]})
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        secret = made.json()["secret"]
        assert secret.startswith("whsec_")
        path = f"webhooks/{made.json()['id']}"
        shown = {name: value for name, value in made.json().items() if name != "secret"}
        assert await rest.done("GET", path) == shown
        assert await rest.done("GET", "webhooks") == {"total_count": 1, "data": [shown]}
        changed = await rest.done("PATCH", path, json={"types": []})
        assert changed == {**shown, "types": []}
        rotated = await rest.done("POST", f"{path}/rotate-secret", json={})
        assert rotated["secret"] not in (secret, None)
        assert await rest.done("GET", f"{path}/dead-letters") == {"total_count": 0, "data": []}
        assert await rest.done("POST", f"{path}/replay", json={}) == {"replayed": 0}
    async with serving(tmp_path) as server:
        rest = Client(server)
        assert await rest.done("GET", path) == changed
        assert (await rest.done("DELETE", path))["deleted"] is True
        for method, where in (("GET", path), ("DELETE", path), ("GET", f"{path}/dead-letters")):
            answer = await rest.ask(method, where)
            assert (answer.status_code, answer.json()["error"]) == (404, "no-webhook")


async def test_numbers_that_no_letter_has_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        rest = Client(server)
        made = await rest.done("POST", "webhooks", json={"url": URL})
        path = f"webhooks/{made['id']}"
        for number in (-1, 0, 2**63, 10**40):
            body = {"numbers": [number]}
            assert (await rest.ask("POST", f"{path}/replay", json=body)).status_code == 400
            params = {"starting_after": number}
            status = (await rest.ask("GET", f"{path}/dead-letters", params=params)).status_code
            assert status == (200 if number == 0 else 400)
        body = {"numbers": [2**63 - 1]}
        assert await rest.done("POST", f"{path}/replay", json=body) == {"replayed": 0}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"url": "http://example.com/"},
        {"url": "https://127.0.0.1/"},
        {"url": "https://[::ffff:169.254.169.254]/latest"},
        {"url": URL, "types": ["room.exploded"]},
        {"url": URL, "secret": "mine"},
    ],
)
async def test_what_is_wrong_makes_none(tmp_path: Path, given: dict[str, object]) -> None:
    async with serving(tmp_path) as server:
        rest = Client(server)
        answer = await rest.ask("POST", "webhooks", json=given)
        assert (answer.status_code, answer.json()["error"]) == (400, "bad-request")
        assert (await rest.done("GET", "webhooks"))["total_count"] == 0


async def test_a_call_is_told_of_before_its_client_hears_that_it_is_in(
    tmp_path: Path, room: str
) -> None:
    async with receiving(tmp_path) as receiver, serving(tmp_path, receiver) as server:
        rest = Client(server)
        made = await rest.done("POST", "webhooks", json={"url": receiver.url})
        receiver.secret = made["secret"]
        async with server.caller(room, name="Ada", user_id="u1") as ada:
            session_id = ada.joined["session_id"]
            await receiver.until(lambda: len(receiver.taken) >= 2)
            await ada.send("leave")
            await receiver.until(lambda: len(receiver.taken) >= 5)
    told = {each["type"]: each for each in receiver.taken}
    assert told.keys() >= {
        "room.started", "participant.joined", "participant.left", "room.ended", "usage",
    }  # fmt: skip
    assert told["participant.joined"]["data"]["session_id"] == session_id
    assert told["participant.joined"]["data"]["user_id"] == "u1"
    assert told["participant.left"]["data"]["reason"] == "left"
    assert len({each["id"] for each in receiver.taken}) == len(receiver.taken)


async def test_dead_letters_are_shown_and_replayed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        rest = Client(server)
        made = await rest.done("POST", "webhooks", json={"url": "https://nowhere.invalid/"})
        outbox = server.sfu.records.outbox
        assert outbox is not None
        async with server.caller("r"):
            for letter in await outbox.due(made["id"], 1e12, 10):
                outbox.given_up(letter, "tried for a day")
            await outbox.settled()
        path = f"webhooks/{made['id']}"
        page = await rest.done("GET", f"{path}/dead-letters", params={"limit": 1})
        (first,) = page["data"]
        assert (first["type"], first["error"]) == ("room.started", "tried for a day")
        rest_of = {"starting_after": first["number"]}
        assert (await rest.done("GET", f"{path}/dead-letters", params=rest_of))["total_count"] >= 1
        replayed = await rest.done("POST", f"{path}/replay", json={"numbers": [first["number"]]})
        assert replayed == {"replayed": 1}
