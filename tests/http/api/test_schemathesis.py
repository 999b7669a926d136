"""What Schemathesis makes of the OpenAPI document, within it and beside it: no request brings about
a fault, each answer is one that the document says, and what is refused changes nothing.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS

from fastsfu.http.api.document import document
from tests.http.api.test_webhooks import URL, serving
from tests.http.conftest import API_KEY
from tests.support.server import LiveServer

TOO_LARGE = 413
EXAMPLES = 12  # requests of each kind to each operation
SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = [
    f"{method.upper()} {path}"
    for path, operations in document()["paths"].items()
    for method in operations
]
# Some are about requests in a row, which these are not. What the document allows may be refused for
# what there is: there is no such meeting.
LEFT_OUT = {"use_after_free", "ensure_resource_availability", "positive_data_acceptance"}
LEFT_OUT |= {"ignored_auth"}  # sends without the key, which counts as a guess (test_access.py)


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_each_operation_is_as_the_document_says(
    server: LiveServer, room: str, operation: str, tmp_path: Path
) -> None:
    if "/webhooks" not in operation:
        await attend(server, room, operation, tmp_path, {})
        return
    async with serving(tmp_path) as stored:
        http = {"headers": {"Authorization": f"Bearer {API_KEY}"}}
        made = await stored.http.post("v1/webhooks", json={"url": URL}, **http)
        await attend(stored, room, operation, tmp_path, {"webhook_id": made.json()["id"]})


async def attend(
    server: LiveServer, room: str, operation: str, folder: Path, known: dict[str, str]
) -> None:
    """With somebody in the room; `known` are path parameters of what is there besides."""
    certificate = folder / "certificate.pem"
    certificate.write_bytes(server.certificate.pair.chain)
    async with server.caller(room) as ada:
        known = {"room": room, "session_id": ada.joined["session_id"], **known}
        loop = asyncio.get_running_loop()

        def look() -> dict[str, Any]:
            return asyncio.run_coroutine_threadsafe(state(server, room), loop).result()

        await asyncio.to_thread(check, server.url, str(certificate), operation, known, look)


def check(
    url: str, certificate: str, name: str, known: dict[str, str], look: Callable[[], dict[str, Any]]
) -> None:
    method, path = name.split()
    operation = SCHEMA[path][method]
    checks = [CHECKS.get_one(each) for each in CHECKS.get_all_names() if each not in LEFT_OUT]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation), is_known=st.booleans())
    def attempt(case: Case, is_known: bool) -> None:
        if is_known:  # somebody who is there, and a room
            case.path_parameters = {
                each: known.get(each, value) for each, value in (case.path_parameters or {}).items()
            }
        before = look()
        headers = {"Authorization": f"Bearer {API_KEY}"}
        answer = case.call(base_url=url.rstrip("/"), headers=headers, verify=certificate)
        if answer.status_code != TOO_LARGE:  # that comes before anything else is looked at
            case.validate_response(answer, checks=checks)
        if answer.status_code >= 400:
            refusal = answer.json()
            assert refusal.keys() == {"error", "info"}
            assert all(refusal.values())
            after = look()
            assert after.pop("rooms") <= before.pop("rooms"), "no other room was made"
            assert after == before

    attempt()


async def state(server: LiveServer, room: str) -> dict[str, Any]:
    """All that requests can change: the rooms there are, and what this one and its people are."""
    here = server.sfu.rooms.get(room)
    outbox = getattr(server.sfu.records, "outbox", None)
    return {
        "rooms": {each.name for each in server.sfu.rooms},
        "room": here and (here.options, here.session_data, here.waiting),
        "people": here and [each.participant for each in here.sessions.values()],
        "webhooks": outbox and list(outbox.endpoints()),
    }


def cases(operation: Any) -> st.SearchStrategy[Case]:
    """Requests that the document allows, and some that it does not."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of(*(operation.as_strategy(generation_mode=each) for each in modes))
