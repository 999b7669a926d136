"""Origins of pages: how they are written, and which may connect."""

import pytest

from fastsfu.auth.origins import may_connect, normalised
from fastsfu.config import Config
from fastsfu.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://App.Example/", "https://app.example"),
        (" https://app.example:443", "https://app.example"),
        ("http://app.example:80/", "http://app.example"),
        ("https://app.example:8443", "https://app.example:8443"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(given: str, origin: str) -> None:
    assert normalised(given) == origin
    assert Config(allowed_origins=[given]).allowed_origins == [origin]


@pytest.mark.parametrize(
    "given",
    [
        "app.example",
        "null",
        "",
        "https://",
        "https://a.example/path",
        "https://a.example?x",
        "https://a.example#x",
        "https://a@b.example",
        "https://a.example:x",
        "https://[::1",
        "https://*.example/x",
    ],
)
def test_what_is_no_origin_is_refused_at_start(given: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        normalised(given)
    with pytest.raises((ValueError, ConfigError)):
        Config(allowed_origins=[given])


@pytest.mark.parametrize(
    ("origin", "host", "encrypted", "expected"),
    [
        (None, "calls.example", True, True),
        ("https://calls.example", "calls.example", True, True),
        ("https://calls.example", "calls.example:443", True, True),
        ("https://calls.example:8443", "Calls.Example:8443", True, True),
        ("https://app.example", "calls.example", True, True),
        ("https://calls.example:8443", "calls.example", True, False),
        ("http://calls.example", "calls.example", True, False),
        ("http://calls.example", "calls.example", False, True),
        ("https://calls.example", "calls.example", False, True),
        ("https://calls.example.evil", "calls.example", True, False),
        ("null", "calls.example", True, False),
        ("https://evil.example", "", True, False),
        ("https://evil.example", "[", True, False),
    ],
)
def test_own_and_allowed_ones_may_connect(
    origin: str | None, host: str, encrypted: bool, expected: bool
) -> None:
    allowed = ["https://app.example"]
    assert may_connect(origin, host, allowed, encrypted=encrypted) is expected
    assert may_connect(origin, host, ["*"], encrypted=encrypted)
