"""The log says what becomes of a session, and in which stage its media stopped."""

import logging
from typing import Any

import pytest

from fastsfu.auth.tokens import Grant
from fastsfu.logs import about
from fastsfu.session.session import Session
from fastsfu.sfu import SFU
from tests.support.offers import sending

GRANT = Grant(room="standup", user_id="u1")


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "fastsfu.session")


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, Any]]]:
    return [(record.getMessage(), about(record)) for record in caplog.records]


async def offered(sfu: SFU) -> Session:
    session = await sfu.open_session("standup", grant=GRANT)
    await session.offer(str(sending()))
    return session


async def test_a_session_from_joining_to_leaving(
    sfu: SFU, caplog: pytest.LogCaptureFixture
) -> None:
    session = await offered(sfu)
    session.path.on_secured("AEAD_AES_128_GCM")
    for publication in session.publisher.publications.values():
        publication.encodings[0].on_stream_started(1)
    session.leave()
    found = lines(caplog)
    whom = {"session": session.id, "room": "standup", "user": "u1"}
    assert [what for what, _ in found] == [
        "joined", "media path found", "media is encrypted", "first media from the client", "left",
    ]  # fmt: skip
    assert all(whom.items() <= more.items() for _, more in found)
    assert found[1][1]["address"] == "192.0.2.1:5000"
    assert found[1][1]["local"] == "192.0.2.10:40000"
    assert found[1][1]["kind"] == "udp"
    assert found[2][1]["profile"] == "AEAD_AES_128_GCM"
    left = {key: found[4][1][key] for key in ("reason", "received_bytes", "sent_bytes")}
    assert left == {"reason": "left", "received_bytes": 0, "sent_bytes": 0}


async def test_who_comes_from_another_process_waits_from_then_on(sfu: SFU) -> None:
    session = await sfu.open_session("standup", grant=GRANT)
    session.joined_at -= 1000.0  # there
    await session.offer(str(sending()))
    session.path.on_secured("AEAD_AES_128_GCM")
    for publication in session.publisher.publications.values():
        publication.encodings[0].on_stream_started(1)
    session.leave()
    counted = sfu.rooms.outcomes
    assert (sum(counted.connecting.counts), sum(counted.first_media.counts)) == (1, 1)
    assert counted.connecting.sum < 500.0
    assert counted.first_media.sum < 500.0
    assert counted.lasting.sum >= 1000.0


async def test_who_goes_on_in_another_process_has_not_left(
    sfu: SFU, caplog: pytest.LogCaptureFixture
) -> None:
    session = await offered(sfu)
    await sfu.handover.begin()
    session.leave()
    counted = sfu.rooms.outcomes
    assert counted.left == {"moved": 1}
    assert sum(counted.lasting.counts) == 0
    assert lines(caplog)[-1][0] == "moved to the next process"


@pytest.mark.parametrize("stage", ["no ICE check came", "ICE checks came, but no DTLS"])
async def test_media_that_never_comes_stopped_somewhere(
    sfu: SFU, caplog: pytest.LogCaptureFixture, stage: str
) -> None:
    session = await offered(sfu)
    session.path._has_path = stage.startswith("ICE")
    session.path._no_path()  # as its deadline does
    assert f"media failed: {stage}" in [what for what, _ in lines(caplog)]
    assert session.ended == "connection-error"


async def test_dtls_that_fails_says_why(sfu: SFU, caplog: pytest.LogCaptureFixture) -> None:
    session = await offered(sfu)
    session.path.on_security_failed("another fingerprint")
    assert ("media failed: DTLS failed", "another fingerprint") in [
        (what, more.get("reason")) for what, more in lines(caplog)
    ]
