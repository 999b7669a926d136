"""Signaling frames: any bytes are one of the protocol's messages or a MessageError."""

import json
from collections.abc import Hashable

from fastsfu.http import protocol
from tests.fuzz.harness import fuzz

CORPUS = [
    {"type": "join", "room": "r", "token": "t", "name": "n", "user_data": {"a": [1.5e3, None]}},
    {"type": "resume", "session_id": "s", "resume_key": "k"},
    {"type": "offer", "id": 1, "sdp": "v=0\r\n", "tracks": {"0": "audio", "1": "screenVideo"}},
    {"type": "update", "audio": False, "screenAudio": None, "user_data": "\u00e9\U0001f600"},
    {"type": "receive-settings", "settings": {"*": {"video": False}, "s": {"audio": True}}},
    {"type": "receive-settings", "settings": {"s": {"video": {"max_height": 90, "layer": None}}}},
    {"type": "ping", "id": 9007199254740992},
    {"type": "leave"},
]


def read(data: bytes) -> Hashable:
    try:
        message = protocol.read_client(data)
    except protocol.MessageError as error:
        return str(error)
    assert isinstance(message, protocol.CLIENT_MESSAGES)
    assert protocol.read_client(protocol.write(message)) == message
    return type(message), frozenset(message.model_fields_set)


def test_messages() -> None:
    fuzz("messages", read, [json.dumps(message).encode() for message in CORPUS])
