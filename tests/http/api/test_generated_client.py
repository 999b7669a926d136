"""A client that is generated from the OpenAPI document does all that the document says."""

import asyncio
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fastsfu.http.api.document import document
from tests.http.api.test_webhooks import serving
from tests.http.conftest import API_KEY
from tests.support.domain_peer import until
from tests.support.server import PUBLISH, LiveServer

NAME = "generated_client"


class Generated:
    """`client.call("rooms.make_room", body={...})`: its answer, as the package parses it."""

    def __init__(self, package: ModuleType, server: LiveServer, key: str = API_KEY) -> None:
        self.models = importlib.import_module(f"{package.__name__}.models")
        self._client = importlib.import_module(f"{package.__name__}.client").AuthenticatedClient(
            base_url=server.url, token=key, verify_ssl=server.tls, raise_on_unexpected_status=True
        )

    async def call(self, operation: str, *path: str, **options: Any) -> Any:
        module = importlib.import_module(f"{NAME}.api.{operation}")
        return await module.asyncio(*path, client=self._client, **options)

    async def refused(self, operation: str, *path: str, **options: Any) -> str:
        answer = await self.call(operation, *path, **options)
        assert isinstance(answer, self.models.Refusal)
        return str(answer.error)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(document()))
    (folder / "config.yml").write_text("post_hooks: []\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"),
            *("--path", "openapi.json", "--config", "config.yml"),
            *("--meta", "none", "--output-path", NAME),
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(NAME)
    finally:
        sys.path.remove(str(folder))


@pytest.fixture
def client(package: ModuleType, server: LiveServer) -> Generated:
    return Generated(package, server)


async def test_rooms(client: Generated, room: str) -> None:
    models, exp = client.models, time.time() + 600
    properties = models.RoomProperties(max_participants=7, exp=exp)
    made = await client.call("rooms.make_room", body=models.NewRoom(room, properties))
    assert (made.name, made.config.max_participants, made.config.exp) == (room, 7, exp)
    update = models.RoomUpdate(models.RoomProperties(exp=None))
    for operation in ("rooms.patch_room", "rooms.update_room"):
        changed = await client.call(operation, room, body=update)
        assert (changed.config.max_participants, changed.config.exp) == (7, None)
    assert (await client.call("rooms.get_room", room)) == changed
    page = await client.call("rooms.list_rooms", limit=1, starting_after=room[:-1])
    assert page.data[0].name >= room
    assert (await client.call("rooms.delete_room", room)).deleted
    assert await client.refused("rooms.get_room", room) == "no-room"
    assert await client.refused("rooms.delete_room", room) == "no-room"


async def test_tokens(client: Generated, server: LiveServer, room: str) -> None:
    models = client.models
    wanted = models.MeetingToken(room, name="Ada", owner=True, user_id="u1")
    signed = await client.call("meeting_tokens.make_meeting_token", body=wanted)
    assert server.sfu.tokens.verify(signed.token, room).user_id == "u1"
    given = models.GivenToken(signed.token)
    granted = await client.call("meeting_tokens.inspect_meeting_token", body=given)
    assert (granted.name, granted.owner, granted.publish) == (
        "Ada", True, [each.value for each in granted.publish],
    )  # fmt: skip
    no_token = models.GivenToken("x")
    operation = "meeting_tokens.inspect_meeting_token"
    assert await client.refused(operation, body=no_token) == "not-allowed"


async def test_people(client: Generated, server: LiveServer, room: str) -> None:
    models = client.models
    async with server.caller(room, name="Ada", user_id="u1") as ada:
        await ada.offer(PUBLISH)
        (present,) = (await client.call("presence.get_room_presence", room)).data
        assert (present.user_name, present.user_id) == ("Ada", "u1")
        rooms = await client.call("presence.get_presence", starting_after=room[:-1])
        assert rooms[room][0].id == present.id
        (listed,) = (await client.call("participants.list_participants", room)).data
        assert listed.tracks["audio"] is True
        said = models.SaidMessage({"hello": 1})
        assert await client.call("rooms.send_app_message", room, body=said) is None
        mute = models.Mute.from_dict({"session_id": present.id, "sources": ["audio"]})
        assert await client.call("moderation.mute", room, body=mute) is None
        rights = models.PermissionsUpdate(messages=False)
        update = models.SessionPermissions(present.id, rights)
        changed = await client.call("moderation.set_permissions", room, body=update)
        assert (changed.permissions.messages, changed.permissions.subscribe) == (False, True)
        data = models.NewSessionData({"topic": "rain"})
        assert (await client.call("rooms.set_session_data", room, body=data)).data
        ejection = models.Ejection(user_ids=["u1"])
        ejected = await client.call("moderation.eject", room, body=ejection)
        assert ejected.ejected_ids == [present.id]
        await ada.closed()
    await until("the room to be gone", lambda: room not in server.sfu.rooms)
    (meeting,) = (await client.call("meetings.list_meetings", room=room)).data
    assert meeting.participants[0].reason == "ejected"


async def test_one_participant(client: Generated, server: LiveServer, room: str) -> None:
    models = client.models
    async with server.caller(room, name="Ada") as ada:
        await ada.offer(PUBLISH)
        session_id = ada.joined["session_id"]
        path = room, session_id
        assert (await client.call("participants.get_participant", *path)).user_name == "Ada"
        update = models.ParticipantUpdate(user_name="Ada L.")
        changed = await client.call("moderation.update_participant", *path, body=update)
        assert changed.user_name == "Ada L."
        for operation, where in (("get_session", path[1:]), ("get_why", path)):
            assert (await client.call(f"sessions.{operation}", *where)).session_id == session_id
        assert (await client.call("rooms.get_session_data", room)).data is None
        await client.call("participants.eject_participant", *path)
        await ada.closed()
        assert await client.refused("participants.get_participant", *path) == "no-room"


async def test_who_waits(client: Generated, server: LiveServer, room: str) -> None:
    models = client.models
    properties = models.RoomProperties(enable_knocking=True)
    await client.call("rooms.make_room", body=models.NewRoom(room, properties))
    async with server.socket() as eve:
        await eve.send("join", room=room, token=server.token(room), capabilities=["knocks"])
        await eve.expect("waiting")
        await eve.send("request-access", name="Eve")
        operation = "waiting_participants.list_waiting_participants"
        while not (waiting := (await client.call(operation, room)).data):
            await asyncio.sleep(0.01)
        assert waiting[0].user_name == "Eve"
        operation = "waiting_participants.answer_waiting_participant"
        answer = models.Verdict(True)
        assert await client.call(operation, room, waiting[0].id, body=answer) is None
        await eve.expect("joined")


async def test_webhooks(package: ModuleType, tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        client = Generated(package, server)
        models = client.models
        new = models.NewWebhook("https://example.com/told")
        made = await client.call("webhooks.make_webhook", body=new)
        assert made.secret.startswith("whsec_")
        assert (await client.call("webhooks.list_webhooks")).data[0].id == made.id
        for number, verb in enumerate(("update_webhook", "post_webhook")):
            url = f"https://example.com/{number}"
            update = models.WebhookUpdate(url=url)
            assert (await client.call(f"webhooks.{verb}", made.id, body=update)).url == url
        assert (await client.call("webhooks.get_webhook", made.id)).url == url
        rotated = await client.call("webhooks.rotate_secret", made.id)
        assert rotated.secret != made.secret
        assert (await client.call("webhooks.list_dead_letters", made.id)).data == []
        replay = models.Replay()
        assert (await client.call("webhooks.replay", made.id, body=replay)).replayed == 0
        await client.call("webhooks.delete_webhook", made.id)
        assert await client.refused("webhooks.get_webhook", made.id) == "no-webhook"


async def test_who_has_no_key(package: ModuleType, server: LiveServer) -> None:
    stranger = Generated(package, server, key="wrong")
    assert await stranger.refused("rooms.list_rooms") == "not-allowed"
    assert await stranger.refused("webhooks.list_webhooks") == "not-allowed"


def test_each_operation_is_called_here() -> None:
    here = Path(__file__).read_text()
    for operations in document()["paths"].values():
        for operation in operations.values():
            module = f"{operation['tags'][0].replace('-', '_')}.{operation['operationId']}"
            verb = f'"{operation["operationId"]}"'
            assert f'"{module}"' in here or verb in here, module


def test_there_is_a_module_for_each_operation(package: ModuleType) -> None:
    for operations in document()["paths"].values():
        for operation in operations.values():
            tag = operation["tags"][0].replace("-", "_")
            assert importlib.import_module(f"{NAME}.api.{tag}.{operation['operationId']}")
    assert package.__file__ is not None
    assert Path(package.__file__).exists()
