"""Keys of sessions: what they prove, and to whom."""

import time
from collections.abc import Callable

import pytest

from fastsfu.auth.resume_keys import LIFETIME, ResumeKeys

SECRET = b"a secret of a server, at least 32 bytes"


def test_a_key_proves_its_session_to_whoever_has_the_secret() -> None:
    key = ResumeKeys(SECRET).sign("standup", "id", "first", time.time())
    assert len(key) <= 120
    assert ResumeKeys(SECRET).origin("standup", "id", key) == "first"
    assert ResumeKeys(SECRET[::-1]).origin("standup", "id", key) is None
    assert ResumeKeys().origin("standup", "id", key) is None


@pytest.mark.parametrize(
    ("room", "session_id", "change"),
    [
        ("boardroom", "id", str),
        ("standup", "other", str),
        ("standup", "\ud800", str),
        ("standup\nid", "first", str),
        ("standup", "id", lambda key: key[:-1]),
        ("standup", "id", lambda key: key + "="),
        ("standup", "id", lambda key: key.replace("first", "second")),
        ("standup", "id", lambda key: key.replace("first", "id\nfirst")),
        ("standup", "id", lambda key: "\ud800"),
        ("standup", "id", lambda key: ""),
    ],
)
def test_no_other_statement_is_proven(
    room: str, session_id: str, change: Callable[[str], str]
) -> None:
    keys = ResumeKeys(SECRET)
    changed = change(keys.sign("standup", "id", "first", time.time()))
    assert keys.origin(room, session_id, changed) is None
    assert not keys.matches(room, session_id, changed)


def test_a_key_proves_for_a_day_and_to_its_own_server_for_longer() -> None:
    keys = ResumeKeys(SECRET)
    key = keys.sign("standup", "id", "first", 1000.0)
    assert keys.origin("standup", "id", key, 1000.0 + LIFETIME - 1) == "first"
    assert keys.origin("standup", "id", key, 1000.0 + LIFETIME) is None
    later = key.replace(str(int(1000 + LIFETIME)), str(int(9000 + LIFETIME)))
    assert keys.origin("standup", "id", later, 2000.0) is None
    assert keys.matches("standup", "id", key)


def test_keys_of_a_former_secret_are_good() -> None:
    keys = ResumeKeys(SECRET)
    key = keys.sign("standup", "id", "first", time.time())
    keys.rotate([SECRET[::-1], SECRET])
    assert keys.matches("standup", "id", key)
    assert keys.sign("standup", "id", "first", time.time()) != key
    keys.rotate([SECRET[::-1]])
    assert not keys.matches("standup", "id", key)


def test_a_key_is_shown_by_no_repr() -> None:
    assert "secret" not in repr(ResumeKeys(SECRET))
