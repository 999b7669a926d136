"""Keys of sessions: what they prove, and to whom."""

from collections.abc import Callable

import pytest

from fastsfu.auth.resume_keys import ResumeKeys

SECRET = b"a secret of a server, at least 32 bytes"


def test_a_key_proves_its_session_to_whoever_has_the_secret() -> None:
    key = ResumeKeys(SECRET).sign("standup", "id", "first")
    assert len(key) <= 100
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
    assert keys.origin(room, session_id, change(keys.sign("standup", "id", "first"))) is None


def test_a_key_is_shown_by_no_repr() -> None:
    assert "secret" not in repr(ResumeKeys(SECRET))
