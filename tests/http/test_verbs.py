"""docs/verbs.md has all that can be done, and nothing that cannot."""

import inspect
import re
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

import fastsfu
from fastsfu.http import host_messages, hosting
from fastsfu.http.api.document import document as openapi
from fastsfu.http.protocol import CLIENT_MESSAGES
from fastsfu.http.verbs_document import HOSTS, OPERATORS, PARTICIPANTS, Own, Verb, document
from fastsfu.room.admission import Admission
from fastsfu.room.moderation import Moderated
from fastsfu.session.session import Session

ROOT = Path(__file__).resolve().parents[2]
FACE = (ROOT / "fastsfu/web/sdk/fastsfu.d.ts").read_text()
MESSAGES: dict[str, Any] = {each.model_fields["type"].default: each for each in CLIENT_MESSAGES}
ROUTES = {
    f"{method.upper()} {path.removeprefix('/v1')}"
    for path, operations in openapi()["paths"].items()
    for method in operations
}
# Of a room's REST routes, what asks and changes nothing.
READS = "GET"
# What its sessions and sfu call, not an application.
INNER = {"possible", "update_limits", "rights_changed", "granted", "asks_for", "changed", "asks"}


def has_method(name: str) -> bool:
    return re.search(rf"^  {name}\(", FACE, re.M) is not None


def fields(message: str) -> set[str]:
    model = MESSAGES[message]
    inner = host_messages.ParticipantUpdate if message == "update-participants" else model
    return set(inner.model_fields)


@pytest.mark.parametrize("verb", HOSTS, ids=lambda verb: verb.python)
def test_each_word_of_a_host_s_verb_is_there(verb: Verb) -> None:
    assert callable(getattr(fastsfu.Room, verb.python))
    assert has_method(verb.sdk)
    assert f"  '{verb.event}': " in FACE
    assert ROUTES.issuperset(verb.route)
    assert verb.route
    assert not verb.notice or hasattr(fastsfu, verb.notice)
    if verb.message:
        message, _, members = verb.message.partition(": ")
        assert fields(message).issuperset(members.split(", "))


@pytest.mark.parametrize("own", PARTICIPANTS, ids=lambda own: own.sdk)
def test_each_word_of_a_participant_s_verb_is_there(own: Own) -> None:
    assert callable(getattr(Session, own.python))
    assert own.message in MESSAGES
    assert has_method(own.sdk)


@pytest.mark.parametrize(("python", "route"), OPERATORS)
def test_each_word_of_an_operator_s_verb_is_there(python: str, route: str) -> None:
    assert attrgetter(python)(fastsfu.SFU(fastsfu.Config())) is not None
    assert route in ROUTES


def test_no_verb_of_a_room_is_missing() -> None:
    verbs = {
        name
        for kind in (Moderated, Admission)
        for name, each in vars(kind).items()
        if inspect.isfunction(each) and not name.startswith("_")
    }
    assert verbs - INNER <= {each.python for each in HOSTS}


def test_no_message_and_no_route_of_hosts_is_missing() -> None:
    asked = {each.model_fields["type"].default for each in hosting.HANDLERS}
    assert asked == {each.message.partition(":")[0] for each in HOSTS if each.message}
    changing = {each for each in ROUTES if "/rooms/{room}" in each and not each.startswith(READS)}
    known = {route for each in HOSTS for route in each.route} | {route for _, route in OPERATORS}
    assert changing <= known


def test_the_page_is_as_the_code_says() -> None:
    assert (ROOT / "docs/verbs.md").read_text() == document()
