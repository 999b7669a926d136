"""WHIP and WHEP as HTTP: RFC 9725's rules, errors, rights. Media is tested in interop/."""

import re
import time
from typing import Any

import httpx
import pytest

from fastsfu.messages.mailbox import MAX_KEPT
from tests.support.offers import OfferText, Section
from tests.support.server import PUBLISH, WATCH, LiveServer, asked_for, live_server

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"


def fragment(ufrag: str = "cufr", password: str = "clientPasswordOf22Chars") -> str:
    return (
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\n"
        f"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n{CANDIDATE}a=end-of-candidates\r\n"
    )


def bearer(server: LiveServer, room: str, **claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token(room, **claims)}"}


async def post(
    server: LiveServer, path: str, offer: str = PUBLISH, **headers: str
) -> httpx.Response:
    return await server.http.post(f"v1/{path}", content=offer, headers={**SDP, **headers})


def address(made: httpx.Response) -> httpx.URL:
    """Of what a POST made, resolved as RFC 9110 section 10.2.2 says."""
    return made.url.join(made.headers["location"])


async def test_whip_from_post_to_delete(server: LiveServer, room: str) -> None:
    token = bearer(server, room, name="OBS")
    async with server.caller(room) as ada:
        made = await post(server, f"whip/{room}", **token)
        assert (made.status_code, made.headers["content-type"]) == (201, "application/sdp")
        assert re.fullmatch(rf"{room}/[\w-]{{20,}}", made.headers["location"])
        ufrag = re.search(r"a=ice-ufrag:(\S+)", made.text)
        assert ufrag is not None
        assert made.headers["etag"] == f'"{ufrag[1]}"'
        assert made.headers["accept-patch"] == FRAGMENT["Content-Type"]
        exposed = made.headers["access-control-expose-headers"].lower()
        assert set(exposed.split(", ")) == {"location", "etag", "link", "retry-after"}
        assert made.text.count("a=recvonly") == 2
        assert await ada.expect("sections") == asked_for(audio=1, video=1)
        ended = await server.http.delete(address(made), headers=token)
        assert ended.status_code == 200
        assert (await ada.expect("participant-left"))["reason"] == "left"
        gone = await server.http.delete(address(made), headers=token)
        assert (gone.status_code, gone.json()["error"]) == (404, "no-session")


async def test_no_app_messages_are_kept_for_who_cannot_read_them(
    server: LiveServer, room: str
) -> None:
    counts = server.sfu.rooms.message_counts
    missed = counts.missed
    async with server.caller(room) as ada:
        await ada.offer(PUBLISH)
        for path, offer in ((f"whip/{room}", PUBLISH), (f"whep/{room}", WATCH)):
            made = await post(server, path, offer, **bearer(server, room))
            assert made.status_code == 201
        where = server.sfu.rooms.get(room)
        assert where is not None
        deaf = where.sessions.keys() - {ada.joined["session_id"]}
        assert len(deaf) == 2
        for number in range(MAX_KEPT + 1):
            where.send_app_message(number, [*deaf])
        assert counts.missed == missed


async def test_whip_session_that_ends_by_itself_is_forgotten(server: LiveServer, room: str) -> None:
    token = bearer(server, room)
    made = await post(server, f"whip/{room}", **token)
    where = server.sfu.rooms.get(room)
    assert where is not None
    where.eject(next(iter(where.sessions)))
    gone = await server.http.delete(address(made), headers=token)
    assert gone.status_code == 404


async def test_trickled_candidates_are_taken(server: LiveServer, room: str) -> None:
    token = bearer(server, room)
    made = await post(server, f"whip/{room}", **token)
    headers = {**token, **FRAGMENT, "If-Match": made.headers["etag"]}
    answer = await server.http.patch(address(made), content=fragment(), headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")


async def test_ice_restart(server: LiveServer, room: str) -> None:
    token = bearer(server, room)
    made = await post(server, f"whip/{room}", **token)
    headers = {**token, **FRAGMENT, "If-Match": "*"}
    answer = await server.http.patch(
        address(made), content=fragment("newu", "n" * 24), headers=headers
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == FRAGMENT["Content-Type"]
    assert answer.headers["etag"] != made.headers["etag"]
    ufrag = re.search(r"^a=ice-ufrag:(\S+)\r$", answer.text, re.M)
    assert ufrag is not None
    assert f'"{ufrag[1]}"' == answer.headers["etag"]
    for line in (r"a=ice-lite", r"a=ice-pwd:\S{22,}", r"a=mid:0", r"a=candidate:\S+ 1 .*"):
        assert re.search(rf"^{line}\r$", answer.text, re.M | re.I), line
    assert answer.text.endswith("a=end-of-candidates\r\n")
    stale = await server.http.patch(
        address(made),
        content=fragment(),
        headers={**headers, "If-Match": made.headers["etag"]},
    )
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, fragment(), 428),
        ({"If-Match": "*", "Content-Type": "application/sdp"}, fragment(), 415),
        ({"If-Match": "*"}, "a=ice-ufrag:abcd\r\n", 400),
        ({"If-Match": "*"}, "", 400),
        ({"If-Match": '"another"'}, fragment(), 412),
    ],
)
async def test_bad_patch(
    server: LiveServer, room: str, headers: dict[str, str], body: str, status: int
) -> None:
    token = bearer(server, room)
    made = await post(server, f"whip/{room}", **token)
    answer = await server.http.patch(
        address(made), content=body, headers={**token, **FRAGMENT, **headers}
    )
    assert (answer.status_code, answer.json()["error"]) == (status, "bad-request")
    assert len(server.sfu.rooms.get(room).sessions) == 1


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("protocol", ["whip", "whep"])
async def test_options(server: LiveServer, protocol: str, end: str) -> None:
    answer = await server.http.options(f"v1/{protocol}/r{end}")
    assert answer.status_code == 204
    assert answer.headers["accept-post"] == "application/sdp"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    answer = await server.http.options(f"v1/{protocol}/r/x{end}")
    assert answer.headers["access-control-allow-methods"] == "PATCH, DELETE, OPTIONS"


async def test_other_methods(server: LiveServer, room: str) -> None:
    token = bearer(server, room)
    made = await post(server, f"whip/{room}", **token)
    for method in ("GET", "POST", "PUT", "HEAD"):
        answer = await server.http.request(method, address(made), headers=token)
        assert answer.status_code == 405


@pytest.mark.parametrize("protocol", ["whip", "whep"])
async def test_who_may_not(server: LiveServer, room: str, protocol: str) -> None:
    offer = PUBLISH if protocol == "whip" else WATCH
    path = f"{protocol}/{room}"
    refused = [
        (await post(server, path, offer), 401, "not-allowed"),
        (await post(server, path, offer, Authorization="Bearer x"), 403, "not-allowed"),
        (await post(server, path, offer, **bearer(server, "other")), 403, "not-allowed"),
        (
            await post(server, path, offer, **bearer(server, room, now=time.time() - 9999)),
            401,
            "exp-token",
        ),
        (
            await post(server, path, offer, **bearer(server, room, publish=False, subscribe=False)),
            403,
            "not-allowed",
        ),
    ]
    for answer, status, error in refused:
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert (status == 401) == ("www-authenticate" in answer.headers)
    assert room not in server.sfu.rooms


async def test_resource_needs_a_token_of_its_room(server: LiveServer, room: str) -> None:
    made = await post(server, f"whip/{room}", **bearer(server, room))
    path = address(made).path
    assert (await server.http.delete(path)).status_code == 401
    other = bearer(server, "another")
    assert (await server.http.delete(path, headers=other)).status_code == 403
    moved = path.replace(f"/{room}/", "/another/")
    assert (await server.http.delete(moved, headers=other)).status_code == 404
    assert len(server.sfu.rooms.get(room).sessions) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status", "error"),
    [
        ("hello", "application/sdp", 400, "bad-offer"),
        ("", "application/sdp", 400, "bad-offer"),
        (PUBLISH, "text/plain", 415, "bad-request"),
        (b"\xff\xfe", "application/sdp", 400, "bad-request"),
        ("x" * 300_000, "application/sdp", 413, "bad-request"),
        (PUBLISH.replace("BUNDLE", "LS"), "application/sdp", 400, "bad-offer"),
        (PUBLISH.replace("VP8", "VP7"), "application/sdp", 400, "bad-offer"),
        (PUBLISH.replace("opus", "speex"), "application/sdp", 400, "bad-offer"),
        (PUBLISH.replace("a=rtcp-mux\r\n", ""), "application/sdp", 400, "bad-offer"),
    ],
)
async def test_bad_offer(
    server: LiveServer, room: str, body: Any, content_type: str, status: int, error: str
) -> None:
    headers = {**bearer(server, room), "Content-Type": content_type}
    answer = await server.http.post(f"v1/whip/{room}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["info"]
    assert room not in server.sfu.rooms


async def test_full_room(server: LiveServer, room: str) -> None:
    server.sfu.rooms.create(room, max_participants=1)
    async with server.caller(room):
        answer = await post(server, f"whip/{room}", **bearer(server, room))
        assert (answer.status_code, answer.json()["error"]) == (409, "meeting-full")


async def test_whep_shows_who_publishes(server: LiveServer, room: str) -> None:
    token = bearer(server, room)
    early = await post(server, f"whep/{room}", WATCH, **token)
    assert (early.status_code, early.json()["error"]) == (409, "no-publisher")
    assert early.headers["retry-after"]
    assert room not in server.sfu.rooms
    async with server.caller(room, name="Ada") as ada, server.caller(room, name="Bob") as bob:
        await ada.offer(PUBLISH)
        await bob.offer(str(OfferText((Section("0", "audio"),))))
        made = await post(server, f"whep/{room}", WATCH, **token)
        assert made.status_code == 201
        assert made.text.count("a=sendonly") == 2
        only_bob = await post(server, f"whep/{room}?participant=Bob", WATCH, **token)
        assert only_bob.text.count("a=sendonly") == 1
        by_id = f"whep/{room}?participant={ada.joined['session_id']}"
        only_ada = await post(server, by_id, WATCH, **token)
        assert only_ada.text.count("a=sendonly") == 2
        assert ada.joined["session_id"] in only_ada.text
        nobody = await post(server, f"whep/{room}?participant=Eve", WATCH, **token)
        assert (nobody.status_code, nobody.json()["error"]) == (404, "no-participant")
        assert len(server.sfu.rooms.get(room).participants) == 5  # watchers are seen
        ended = await server.http.delete(address(made), headers=token)
        assert ended.status_code == 200


async def test_whep_never_publishes(server: LiveServer, room: str) -> None:
    async with server.caller(room) as ada:
        await ada.offer(PUBLISH)
        offer = str(OfferText((Section("0", "audio", "sendrecv"),)))
        made = await post(server, f"whep/{room}", offer, **bearer(server, room))
        assert made.status_code == 201
        assert "a=sendonly" in made.text


async def test_open_rooms_need_no_token() -> None:
    async with live_server(open_rooms=True) as server:
        made = await post(server, "whip/r?name=OBS")
        assert made.status_code == 201
        assert [p.name for p in server.sfu.rooms.get("r").participants] == ["OBS"]
        assert (await server.http.delete(address(made))).status_code == 200


@pytest.mark.parametrize("path", ["v1/whip/r%0A", "v1/whep/r%0A", "r/r%0A"])
async def test_a_line_break_belongs_to_no_name(server: LiveServer, path: str) -> None:
    if path.startswith("r/"):
        answer = await server.http.get(path)
    else:
        answer = await post(server, path, **bearer(server, "r\n"))
    assert answer.status_code == 404
