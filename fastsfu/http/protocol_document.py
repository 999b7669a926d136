"""docs/signaling.md, written from the models of messages.py; a test compares the two."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

from pydantic import BaseModel

from fastsfu.http import host_messages, peer_messages, protocol, refusals, values
from fastsfu.http.model import MAX_FIRST_BYTES, MAX_MESSAGE_BYTES, Model

MAX_KIB, FIRST_KIB = MAX_MESSAGE_BYTES // 1024, MAX_FIRST_BYTES // 1024
INTRODUCTION = f"""\
# Signaling

<!-- Printed by `python -m fastsfu.http.protocol_document`; change it there and in
fastsfu/http/messages.py instead. -->

A client opens a WebSocket to `/v1/signal` (WSS only) with the subprotocol `{protocol.SUBPROTOCOL}`.
Each message is one text frame with one JSON object, told apart by its member `type`, of at most
{MAX_KIB} KiB; of {FIRST_KIB} KiB until the client is in. Unknown members are ignored, members of
the wrong type are errors.

## The course of a call

1. The client sends `join` with the room and its token (never in the URL) and gets `joined`.
2. It makes one `RTCPeerConnection`: a `sendonly` transceiver for each of its tracks, and as many
   `recvonly` ones as `sections` says. It sends `offer` and gets `answer`. **Only the client
   offers**, so there is no glare; one offer is in flight at a time.
3. `answer.subscriptions` says whose source each media section carries from now on. One that is
   absent there carries nothing; a later answer can give it to somebody else.
4. Publications of others lead to `sections`: the client offers again with at least so many
   receiving sections. `sections` during a pending offer is remembered until its answer. A client
   that `maps` is asked for more sections than there is something for; what is published later then
   goes into those that carry nothing, without an offer: `sections.subscriptions` says so, and
   nothing comes before the client has said `confirm`. Each is filled once between two offers, and
   the microphone and the camera of somebody always come in one `MediaStream`. When more is
   published than one offer can have sections for, some 200 pairs, the rest waits (`no-capacity`):
   a client that declines what it does not show (`receive-settings`) gets others in its place.
5. Muting needs no offer: the client disables its track and says `update`, and `metadata` on its
   data channels (app-messages.md).
6. What a host has turned off (`muted`) stays off, whatever `update` says, until the client says
   `unmute`. What it may not publish is passed on in no case (`permissions`).
7. When the WebSocket drops, media goes on. The client connects again and sends `resume` with the
   `resume_key` within `config.resume_timeout` seconds. A WebSocket that still lives is replaced.
8. An offer with new ICE credentials (`iceRestart: true`) restarts ICE on the same session.
9. `leave` ends the session at once. A client that says nothing for three heartbeats is taken as
   dropped.
9. A server that is about to stop says `moved`. The client opens another WebSocket there, sends
   `join` with `replaces`, connects and offers, and says `leave` on the old one when all that it
   received comes by the new one. Until then both servers get its media.

A message that is malformed or comes at the wrong time gets an `error` that is not fatal and changes
nothing. Twenty of them in a row, a binary frame or a frame that is too large close the WebSocket. A
client that says more than 20 messages a second is told so by an `error` (`rate-limit`), read as
fast as that, and closed after 30 seconds of it; the `offer` and `confirm` that a `sections` brings
about do not count. A fatal `error` comes right before the close.
"""


def document() -> str:
    """The whole of docs/signaling.md."""
    parts = [INTRODUCTION]
    parts += _chapter("Client to server", protocol.CLIENT_MESSAGES)
    parts += _chapter("Server to client", protocol.SERVER_MESSAGES)
    parts += _chapter("Values", _VALUES)
    parts += ["## Errors", _table(("fatal `error`", "when"), refusals.FATAL_ERRORS.items())]
    parts += [_table(("other `error`", "when"), refusals.OTHER_ERRORS.items())]
    parts += ["## Close codes", _table(("code", "when"), _close_codes())]
    return "\n".join(parts)


_VALUES = (
    values.Participant,
    values.Permissions,
    values.Sections,
    values.RoomInfo,
    values.ClientConfig,
    values.Subscribed,
    values.ReceivingLimit,
    values.WaitingParticipant,
    host_messages.ParticipantUpdate,
    host_messages.PermissionsUpdate,
    values.PreviousSession,
    values.IceServer,
    values.ReceiveSettings,
    values.VideoWish,
    values.WantedEncoding,
    peer_messages.Topology,
    peer_messages.PeerConnection,
)


def _chapter(title: str, models: Iterable[type[Model]]) -> list[str]:
    return [f"## {title}\n", *(model_section(model) for model in models)]


def model_section(model: type[BaseModel]) -> str:
    """A message or value: its name, what it says, and its members as a table."""
    field = model.model_fields.get("type")
    title = f"`{field.default}`" if field else model.__name__
    text = f"### {title}\n\n{cleandoc(model.__doc__ or '')}\n"
    rows = _members(model.model_json_schema())
    return f"{text}\n{_table(('member', 'type', ''), rows)}" if rows else text


def _members(schema: Mapping[str, Any]) -> list[tuple[str, ...]]:
    required = schema.get("required", ())
    return [
        (
            name if name in required else f"{name}?",
            _type(member, schema.get("$defs", {})),
            member.get("description", ""),
        )
        for name, member in schema.get("properties", {}).items()
        if name != "type"
    ]


def _type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """A JSON schema as one would say it: `"audio" \\| "video"`, `string`, `Participant[]`."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        target = definitions[name]
        return name if target.get("type") == "object" else _type(target, definitions)
    if choices := schema.get("anyOf"):
        return " \\| ".join(dict.fromkeys(_type(choice, definitions) for choice in choices))
    if "enum" in schema:
        return " \\| ".join(f'"{value}"' for value in schema["enum"])
    kind = schema.get("type", "any JSON")
    if kind == "array":
        item = _type(schema["items"], definitions)
        return f"({item})[]" if "," in item or "|" in item else f"{item}[]"
    if kind == "object" and "additionalProperties" in schema:
        return f"{{[key]: {_type(schema['additionalProperties'], definitions)}}}"
    limit = f", at most {schema['maxLength']}" if kind == "string" and "maxLength" in schema else ""
    return f"{kind}{limit}"


def _close_codes() -> list[tuple[str, ...]]:
    return [(str(code.value), _CLOSE_CODES[code]) for code in protocol.CloseCode]


_CLOSE_CODES = {
    protocol.CloseCode.NORMAL: "after `leave` or `ejected`",
    protocol.CloseCode.GOING_AWAY: "the server stops",
    protocol.CloseCode.TOO_LARGE: "a message is too large",
    protocol.CloseCode.INTERNAL: "a fault in the server",
    protocol.CloseCode.TRY_AGAIN_LATER: "the server is full",
    protocol.CloseCode.BAD_MESSAGE: "no first message, too many malformed ones, a binary frame",
    protocol.CloseCode.NOT_ALLOWED: "the token or resume key is no good",
    protocol.CloseCode.REFUSED: "the room is full, over, not open or unknown; a refused origin",
    protocol.CloseCode.TIMEOUT: "no `join` or no `ping` in time, or the client does not read",
    protocol.CloseCode.REPLACED: "another WebSocket resumed this session; do not resume it again",
    protocol.CloseCode.RATE: "too many messages",
}


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
