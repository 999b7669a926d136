"""What encoders and players, proxies and firewalls make of WHIP and WHEP."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.sdp.offers import VECTORS, recorded
from tests.support.offers import H264, OfferText, Section
from tests.support.server import PUBLISH, WATCH, LiveServer, live_server

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
PUBLISHERS = (
    *("gst_pub_h264_offer", "gst_pub_vp8_offer", "libdatachannel_offer", "libwebrtc_pub_offer"),
    *("obs_like_h264", "safari_like_publisher", "werift_pub_offer", "ffmpeg_whip"),
    "lenient/libwebrtc_pub_simulcast_offer",
)
PLAYERS = ("gst_sub_h264_offer", "gst_sub_vp8_offer", "libwebrtc_sub_offer", "werift_sub_offer")
LINK = re.compile(
    r'<(turns?:[^>]+)>; rel="ice-server"; username="(\d+:[^"]+)"; credential="([^"]+)"; '
    r'credential-type="password"'
)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nobody_stays(server: LiveServer, room: str) -> AsyncIterator[None]:
    """Sessions whose client is only an offer would take the others' place for half a minute."""
    yield
    if room in server.sfu.rooms:
        server.sfu.rooms.delete(room)


def authorized(server: LiveServer, room: str) -> dict[str, str]:
    return {**SDP, "Authorization": f"Bearer {server.token(room)}"}


async def post(server: LiveServer, path: str, room: str, offer: str = PUBLISH) -> httpx.Response:
    return await server.http.post(
        f"v1/{path}", content=offer.encode(), headers=authorized(server, room)
    )


@pytest.mark.parametrize("name", PUBLISHERS)
async def test_offers_of_encoders_are_taken_whole(server: LiveServer, room: str, name: str) -> None:
    made = await post(server, f"whip/{room}", room, recorded(name))
    assert made.status_code == 201, made.text
    assert re.findall(r"^m=\w+ 0 ", made.text, re.M) == []
    assert made.text.count("a=recvonly") == made.text.count("\nm=")


@pytest.mark.parametrize("name", PLAYERS)
async def test_offers_of_players_are_answered(server: LiveServer, room: str, name: str) -> None:
    publisher = "gst_pub_h264_offer" if "h264" in name else "libwebrtc_pub_offer"
    await post(server, f"whip/{room}", room, recorded(publisher))
    made = await post(server, f"whep/{room}", room, recorded(name))
    assert made.status_code == 201, made.text
    assert made.text.count("a=sendonly") == made.text.count("\nm=")


async def test_whip_refuses_what_it_cannot_take_whole(server: LiveServer, room: str) -> None:
    """RFC 9725 section 4.4.3: an ingest of which a half is missing misleads who sends it."""
    async with server.caller(room) as ada:
        speex = PUBLISH.replace("opus", "speex")
        transports = server.sfu.counters()["transports"]
        refused = await post(server, f"whip/{room}", room, speex)
        assert refused.status_code == 400
        assert refused.json() == {
            "error": "bad-offer",
            "info": "Not all media sections can be taken (0: a codec of opus, PCMU, PCMA was "
            "expected, none of them came).",
        }
        where = server.sfu.rooms.get(room)
        assert where is not None
        assert list(where.sessions) == [ada.joined["session_id"]]
        assert server.sfu.counters()["transports"] == transports
        unused = PUBLISH.replace("m=audio 9", "m=audio 0")
        assert (await post(server, f"whip/{room}", room, unused)).status_code == 201
        await ada.offer(PUBLISH)
        watched = WATCH.replace("opus", "speex")
        assert (await post(server, f"whep/{room}", room, watched)).status_code == 201


async def test_player_is_told_why_it_can_decode_nothing(server: LiveServer, room: str) -> None:
    await post(server, f"whip/{room}", room, recorded("h264_mode0_publisher"))
    mode_1 = await post(server, f"whep/{room}", room, recorded("h264_mode1_player"))
    assert mode_1.status_code == 201
    vp8 = OfferText((Section("0", "video", "recvonly"),))
    refused = await post(server, f"whep/{room}", room, str(vp8))
    assert (refused.status_code, refused.json()["error"]) == (409, "no-common-codec")
    assert "comes in H264 with packetization-mode=0 only" in refused.json()["info"]
    assert "and the client takes VP8." in refused.json()["info"]


async def test_single_nal_units_alone_are_no_good_for_mode_1(server: LiveServer, room: str) -> None:
    publisher = OfferText((Section("0", "video", codecs=H264),))
    await post(server, f"whip/{room}", room, str(publisher))
    player = recorded("h264_mode0_publisher").replace("a=sendonly", "a=recvonly")
    refused = await post(server, f"whep/{room}", room, player)
    assert "packetization-mode=1 only, and the client takes H264 with" in refused.json()["info"]


@pytest.mark.parametrize("protocol", ["whip", "whep"])
async def test_ways_around_a_firewall_are_linked(protocol: str) -> None:
    """RFC 9725 section 4.6."""
    urls = {"turn_urls": "stun:a.example,turn:b.example", "turn_secret": "s" * 32}
    async with live_server(turn_port=0, turn_allowed_peers="127.0.0.0/8", **urls) as server:
        await post(server, "whip/r", "r")
        made = await post(server, f"{protocol}/r", "r", WATCH if protocol == "whep" else PUBLISH)
        assert made.status_code == 201
        links = made.headers.get_list("link")
        assert '<stun:a.example>; rel="ice-server"' in links
        turn = dict.fromkeys(match[1] for each in links if (match := LINK.fullmatch(each)))
        assert "turn:b.example" in turn
        assert f"turn:127.0.0.1:{server.port}?transport=tcp" in turn
        assert any(url.startswith("turns:") for url in turn)
        media_port = server.sfu.engines[0].port
        assert not any(f":{media_port}?transport=udp" in url for url in turn), "for other clients"
        assert len(links) == len(turn) + 1


@pytest.mark.parametrize("end", ["", "/"])
async def test_location_is_found_behind_a_proxy_that_strips_a_prefix(
    server: LiveServer, room: str, end: str
) -> None:
    made = await post(server, f"whip/{room}{end}", room)
    assert made.status_code == 201
    seen = httpx.URL(f"https://calls.example/eu/v1/whip/{room}{end}")
    found = seen.join(made.headers["location"])
    assert found.host == "calls.example"
    assert found.path.startswith(f"/eu/v1/whip/{room}/")
    stripped = found.path.removeprefix("/eu/")
    ended = await server.http.delete(stripped, headers=authorized(server, room))
    assert ended.status_code == 200


@pytest.mark.parametrize("end", ["", "/"])
async def test_whep_trickles_without_if_match(server: LiveServer, room: str, end: str) -> None:
    await post(server, f"whip/{room}", room)
    made = await post(server, f"whep/{room}", room, WATCH)
    path = made.url.join(made.headers["location"]).path + end
    headers = authorized(server, room) | FRAGMENT
    candidate = "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"
    same = "a=ice-ufrag:cufr\r\na=ice-pwd:clientPasswordOf22Chars\r\n"
    for fragment in (candidate, same + candidate, ""):
        answer = await server.http.patch(path, content=fragment, headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")
    other = await server.http.patch(path, content=restart(), headers=headers)
    assert other.status_code == 428
    trickled = {**headers, "If-Match": made.headers["etag"]}
    assert (await server.http.patch(path, content=candidate, headers=trickled)).status_code == 204


@pytest.mark.parametrize("name", ["restart_answer_without_media", "restart_fragment_without_media"])
async def test_ice_restart_without_a_media_line(server: LiveServer, room: str, name: str) -> None:
    made = await post(server, f"whip/{room}", room)
    headers = {**authorized(server, room), **FRAGMENT, "If-Match": "*"}
    answer = await server.http.patch(
        made.url.join(made.headers["location"]), content=restart(name), headers=headers
    )
    assert answer.status_code == 200
    assert re.search(r"^a=ice-ufrag:\S{8}\r$", answer.text, re.M)


def restart(name: str = "restart_fragment_without_media") -> str:
    return Path(VECTORS / f"{name}.sdpfrag").read_bytes().decode()


async def test_connection_is_kept_as_long_as_configured() -> None:
    """Balancers keep theirs for 60 s, and lose the request that meets one being closed."""
    async with live_server(keep_alive=0.2) as server:
        reader, writer = await asyncio.open_connection("localhost", server.port, ssl=server.tls)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(4):  # uvicorn's own would be 5
            assert (await reader.read()).endswith(b"ok\n")
        writer.close()
    async with live_server() as server:
        assert server.uvicorn.config.timeout_keep_alive > 60


async def test_publisher_that_has_come_back_is_found_by_its_name(
    server: LiveServer, room: str
) -> None:
    by_name = f"whep/{room}?participant=OBS"

    async def publish() -> str:
        made = await server.http.post(
            f"v1/whip/{room}",
            content=PUBLISH,
            headers=SDP | {"Authorization": f"Bearer {server.token(room, name='OBS')}"},
        )
        assert made.status_code == 201
        return list(server.sfu.rooms.get(room).sessions)[-1]

    async def watched() -> str:
        made = await post(server, by_name, room, WATCH)
        assert made.status_code == 201
        found = re.search(r"a=msid:(\S+)\.camera ", made.text)
        assert found is not None
        return found[1]

    lost = await publish()
    assert await watched() == lost
    back = await publish()
    assert await watched() == back
    async with server.caller(room, name="OBS"):
        assert await watched() == back, "who publishes nothing is not meant"
    server.sfu.rooms.get(room).eject(back)
    assert await watched() == lost


async def test_player_is_ended_with_the_last_that_it_received(
    server: LiveServer, room: str
) -> None:
    async with server.caller(room) as ada, server.caller(room) as bob:
        await ada.offer(PUBLISH)
        await bob.offer(str(OfferText((Section("0", "audio"),))))
        made = await post(server, f"whep/{room}", room, WATCH)
        where = made.url.join(made.headers["location"])
        both = str(
            OfferText((Section("0", "audio", "recvonly"), Section("1", "audio", "recvonly")))
        )
        assert (await post(server, f"whep/{room}", room, both)).status_code == 201
        assert len(server.sfu.rooms.get(room).sessions) == 4
        await ada.send("leave")
        await bob.expect("participant-left")
        assert len(server.sfu.rooms.get(room).sessions) == 2, "Bob and who hears him"
        gone = await server.http.delete(where, headers=authorized(server, room))
        assert (gone.status_code, gone.json()["error"]) == (404, "no-session")


async def test_own_session_outlives_the_token_that_made_it(server: LiveServer, room: str) -> None:
    """An encoder that has sent for longer than its token is good must still be able to stop."""
    made = await post(server, f"whip/{room}", room)
    where = made.url.join(made.headers["location"])
    late = {"now": time.time() - 7200, "expires_in": 3600}
    headers = {"Authorization": f"Bearer {server.token(room, **late)}"}
    anew = await server.http.post(f"v1/whip/{room}", content=PUBLISH, headers=headers | SDP)
    assert (anew.status_code, anew.json()["error"]) == (401, "exp-token")
    fragment = headers | FRAGMENT | {"If-Match": "*"}
    answer = await server.http.patch(where, content=restart(), headers=fragment)
    assert answer.status_code == 200
    ejecting = {"Authorization": f"Bearer {server.token(room, eject_at_expiry=True, **late)}"}
    assert (await server.http.delete(where, headers=ejecting)).status_code == 401
    assert (await server.http.delete(where, headers=headers)).status_code == 200
