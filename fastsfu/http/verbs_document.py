"""docs/verbs.md: what can be done, and by which word in each of the languages that we speak. A test
finds each word in the code, and each verb of a room here.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Verb(NamedTuple):
    """One thing that can be done to a room or somebody in it, by its words."""

    python: str  # of Room, or of SFU and its rooms
    message: str  # by which an owner asks for it, and the member that says it
    route: tuple[str, ...]  # below /v1
    sdk: str
    event: str  # by which those concerned learn of it, as the library names it
    notice: str  # by which observers do


class Own(NamedTuple):
    """One thing that each participant can do."""

    python: str  # of Session
    message: str
    sdk: str
    right: str


HOSTS = (
    Verb(
        "eject",
        "update-participants: eject, ban",
        ("POST /rooms/{room}/eject", "DELETE /rooms/{room}/participants/{session_id}"),
        "updateParticipant",
        "participant-left",
        "Left",
    ),
    Verb(
        "mute",
        "update-participants: mute",
        ("POST /rooms/{room}/mute",),
        "updateParticipant",
        "muted-by-host",
        "Updated",
    ),
    Verb(
        "permit",
        "update-participants: permissions",
        ("POST /rooms/{room}/permissions", "PATCH /rooms/{room}/participants/{session_id}"),
        "updateParticipant",
        "participant-updated",
        "Updated",
    ),
    Verb(
        "rename",
        "update-participants: user_name",
        ("PATCH /rooms/{room}/participants/{session_id}",),
        "updateParticipant",
        "participant-updated",
        "Updated",
    ),
    Verb(
        "answer",
        "update-waiting-participants: participants",
        ("POST /rooms/{room}/waiting-participants/{waiting_id}",),
        "updateWaitingParticipant",
        "waiting-participant-removed",
        "KnockEnded",
    ),
    Verb(
        "update",
        "update-room: max_participants, ends_at, enable_knocking",
        ("POST /rooms/{room}", "PATCH /rooms/{room}"),
        "updateRoom",
        "room-updated",
        "RoomUpdated",
    ),
    Verb(
        "lock",
        "update-room: locked",
        ("POST /rooms/{room}", "PATCH /rooms/{room}"),
        "updateRoom",
        "room-updated",
        "RoomUpdated",
    ),
    Verb(
        "set_session_data",
        "set-session-data: data",
        ("POST /rooms/{room}/session-data",),
        "setMeetingSessionData",
        "meeting-session-state-updated",
        "",
    ),
    Verb(
        "send_app_message",
        "",
        ("POST /rooms/{room}/send-app-message",),
        "sendAppMessage",
        "app-message",
        "",
    ),
)

PARTICIPANTS = (
    Own("update_local", "update", "setLocalAudio", "publish"),
    Own("update_local", "update", "setUserData", "publish or messages"),
    Own("update_local", "update", "setUserName", "a name that is not given"),
    Own("unmute", "unmute", "setLocalAudio", "publish"),
    Own("update_receive_settings", "receive-settings", "updateReceiveSettings", "subscribe"),
    Own("renew", "refresh-token", "refreshToken", "a newer token"),
    Own("leave", "leave", "leave", ""),
)

OPERATORS = (
    ("rooms.create", "POST /rooms"),
    ("rooms.delete", "DELETE /rooms/{room}"),
    ("rooms.page", "GET /rooms"),
    ("rooms.get", "GET /rooms/{room}"),
    ("token", "POST /meeting-tokens"),
    ("sessions", "GET /presence"),
    ("records.meetings", "GET /meetings"),
)


def document() -> str:
    """The whole of docs/verbs.md."""
    heads = ("Python", "message of an owner", "REST, below `/v1`", "library", "event", "notice")
    parts = [_HEAD, "## What hosts can do", _table(heads, map(_host, HOSTS))]
    own = [(f"session.{each.python}", each.message, each.sdk, each.right) for each in PARTICIPANTS]
    parts += ["## What each participant can do", _table(("Python", "message", "library", "right"),
              (tuple(map(_code, row[:3])) + row[3:] for row in own))]  # fmt: skip
    parts += ["## What who runs the server can do"]
    rows = ((_code(f"sfu.{python}"), _code(route)) for python, route in OPERATORS)
    parts += [_table(("Python", "REST, below `/v1`"), rows)]
    return "\n\n".join(parts) + "\n"


def _host(verb: Verb) -> tuple[str, ...]:
    message = _code(verb.message) or "a data channel ([app messages](app-messages.md))"
    routes = ", ".join(map(_code, verb.route))
    words = (verb.sdk, verb.event, verb.notice)
    return (_code(f"room.{verb.python}"), message, routes, *map(_code, words))


def _code(word: str) -> str:
    return f"`{word}`" if word else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_HEAD = """# Verbs

What can be done, and its word in Python, in the protocol, over REST and in the browser's library.
Hosts are those with the right `owner`; REST takes an API key; the application itself may do all.

This page is written by `python -m fastsfu.http.verbs_document`."""

if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
