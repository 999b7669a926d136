"""The protocol's one definition: what parses, what is written, and the document made of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.http import frames_document, messages, protocol
from fastsfu.http.model import Model
from fastsfu.http.protocol import MessageError
from fastsfu.http.protocol_document import document
from fastsfu.transport.frames import MAX_USER_DATA_BYTES

ROOT = Path(__file__).resolve().parent.parent.parent

PARTICIPANT = {
    "session_id": "s",
    "user_name": "Ada",
    "owner": False,
    "user_data": {"a": [1, None]},
    "audio": True,
    "video": False,
    "screenVideo": False,
    "screenAudio": False,
    "revision": 3,
    "joined_at": 1.5,
    "origin": "s",
    "user_id": "u1",
    "permissions": {"publish": ["audio", "screen"], "subscribe": True, "messages": False},
    "held": ["audio"],
    "limited_by": ["cpu"],
}
ROOM = {
    "name": "r",
    "max_participants": 2,
    "ends_at": None,
    "locked": False,
    "enable_knocking": True,
}
WAITING = {"id": "w", "user_name": "Eve", "user_id": None, "since": 1.5}
TOPOLOGY = {
    "topology": "sfu",
    "sending": ["sfu", "peer"],
    "peer": {"number": 3, "session_id": "t", "polite": True, "relay": False},
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "joined": {
        "session_id": "s",
        "resume_key": "k",
        "room": ROOM,
        "session_data": {"slide": 3},
        "waiting_participants": [WAITING],
        "you": PARTICIPANT,
        "participants": [PARTICIPANT],
        "hidden_participants": 1,
        "active_speaker": "s",
        "sections": {"audio": 1, "video": 0},
        "topology": {"topology": "none", "sending": [], "peer": None},
        "heartbeat": 10.0,
        "ice_servers": [
            {"urls": ["turn:a"], "username": "1:s", "credential": "c", "peer_only": True}
        ],
        "config": {
            "resume_timeout": 30.0,
            "max_message_bytes": 262144,
            "max_user_data_bytes": 4096,
            "max_app_message_bytes": 4096,
            "can_send_messages": True,
        },
        "alternates": ["https://b.example/"],
    },
    "resumed": {
        "session_id": "s",
        "room": ROOM,
        "session_data": None,
        "waiting_participants": [],
        "you": PARTICIPANT,
        "participants": [],
        "hidden_participants": 0,
        "active_speaker": None,
        "sections": {"audio": 0, "video": 0},
        "ice_servers": [
            {"urls": ["stun:a"], "username": None, "credential": None, "peer_only": False}
        ],
        "topology": TOPOLOGY,
    },
    "answer": {
        "id": 1,
        "sdp": "v=0",
        "subscriptions": {"0": {"session_id": "s", "source": "screenAudio"}},
        "revision": 3,
    },
    "sections": {
        "audio": 1,
        "video": 2,
        "offer": False,
        "subscriptions": {"1": {"session_id": "s", "source": "video"}},
        "revision": 4,
    },
    "hidden-participants": {"count": 2},
    "video-suspended": {"session_id": "s", "source": "video", "suspended": True},
    "limits": {"sources": [{"session_id": "s", "source": "video", "limit": "bandwidth"}]},
    "participant-joined": {"participant": PARTICIPANT},
    "participant-updated": {"participant": PARTICIPANT},
    "batch": {
        "messages": [{"type": "participant-left", "session_id": "abc", "reason": "left"}],
    },
    "participant-left": {"session_id": "s", "reason": "left"},
    "active-speaker": {"session_id": None},
    "encodings": {
        "source": "video",
        "encodings": [{"rid": "0", "active": True, "max_height": 360, "max_framerate": None}],
    },
    "connection": {"state": "interrupted"},
    "topology": TOPOLOGY,
    "peer-description": {"number": 3, "kind": "offer", "sdp": "v=0"},
    "peer-candidate": {
        "number": 3,
        "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host",
        "sdp_mid": "0",
        "sdp_mline_index": 0,
        "username_fragment": "abcd",
    },
    "muted": {"sources": ["audio", "screen"]},
    "room-updated": {"room": ROOM},
    "session-data": {"data": [1, None]},
    "done": {"id": 0},
    "waiting": {"id": "w", "heartbeat": 10.0},
    "waiting-participants": {"participants": [WAITING]},
    "token-refreshed": {"id": 0, "expires_at": None},
    "pong": {"id": 0},
    "error": {"fatal": True, "error": "no-room", "info": "i", "re": None},
    "moved": {"url": None, "alternates": ["https://b.example/"]},
    "ejected": {"reason": "ejected"},
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
member_names = st.sampled_from(
    sorted({name for model in protocol.CLIENT_MESSAGES for name in model.model_fields})
)
type_names = st.sampled_from(
    [model.model_fields["type"].default for model in protocol.CLIENT_MESSAGES]
)


@pytest.mark.parametrize("name", EXAMPLES)
def test_server_messages_are_written_in_full(name: str) -> None:
    text = json.dumps({"type": name, **EXAMPLES[name]})
    assert json.loads(protocol.write(protocol.read_server(text))) == json.loads(text)


def test_every_server_message_has_an_example() -> None:
    assert EXAMPLES.keys() == {
        model.model_fields["type"].default for model in protocol.SERVER_MESSAGES
    }


def test_unknown_members_are_ignored() -> None:
    assert protocol.read_client('{"type": "ping", "id": 1, "new": true}') == messages.Ping(id=1)


def test_absent_user_data_is_not_null() -> None:
    absent = protocol.read_client('{"type": "update"}')
    null = protocol.read_client('{"type": "update", "user_data": null}')
    assert "user_data" not in absent.model_fields_set
    assert "user_data" in null.model_fields_set


def test_a_revision_is_of_all_or_nothing() -> None:
    sources = {"audio": True, "video": False, "screenVideo": False, "screenAudio": False}
    update = {"type": "update", "revision": 1, "user_data": None, **sources}
    assert protocol.read_client(json.dumps(update)) == messages.Update(**update)
    for member in ("user_data", "screenAudio"):
        less = {name: value for name, value in update.items() if name != member}
        with pytest.raises(MessageError, match="all of the rest"):
            protocol.read_client(json.dumps(less))
    for wrong in (0, -1, 2**53, 1.5, "1"):
        with pytest.raises(MessageError, match="revision"):
            protocol.read_client(json.dumps({**update, "revision": wrong}))


def test_user_data_limit_counts_bytes() -> None:
    within = MAX_USER_DATA_BYTES - 2  # the quotes
    messages.Update(user_data="x" * within)
    for user_data in ("x" * (within + 1), "ä" * (within // 2 + 1)):
        with pytest.raises(MessageError, match="4096 bytes"):
            protocol.read_client(json.dumps({"type": "update", "user_data": user_data}))


def test_faults_name_the_member_and_quote_nothing() -> None:
    join = {"type": "join", "room": "a b", "token": "s3cret-token"}
    with pytest.raises(MessageError) as fault:
        protocol.read_client(json.dumps(join))
    assert str(fault.value).startswith("join.room: ")
    with pytest.raises(MessageError) as fault:
        protocol.read_client(json.dumps({**join, "room": "a", "token": ["s3cret-token"]}))
    assert "s3cret-token" not in str(fault.value)


@pytest.mark.parametrize("model", [messages.Join, messages.Resume, messages.Joined])
def test_secrets_are_not_shown(model: type[Model]) -> None:
    values = {
        "room": {"name": "r", "max_participants": 1},
        **EXAMPLES["joined"],
        "token": "s3cret",
        "resume_key": "s3cret",
        "ice_servers": [{"urls": ["turn:a"], "username": "1:s", "credential": "s3cret"}],
    }
    if model is messages.Join:
        values["room"] = "r"
    assert "s3cret" not in repr(model.model_validate(values))


@given(st.text())
def test_any_text_is_a_message_or_an_error(text: str) -> None:
    _read(text)


@given(st.dictionaries(member_names, json_values), type_names)
def test_any_members_are_a_message_or_an_error(members: dict[str, Any], name: str) -> None:
    _read(json.dumps({**members, "type": name}))


def _read(text: str) -> None:
    try:
        message = protocol.read_client(text)
    except MessageError:
        return
    assert isinstance(message, protocol.CLIENT_MESSAGES)
    assert protocol.read_client(protocol.write(message)) == message


def test_document_is_current() -> None:
    assert (ROOT / "docs" / "signaling.md").read_text() == document()
    assert (ROOT / "docs" / "app-messages.md").read_text() == frames_document.document()
