"""Names are shown as what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.names import shown


@pytest.mark.parametrize(
    ("name", "as_shown"),
    [
        ("Ada", "Ada"),
        ("  Ada \t Lovelace ", "Ada Lovelace"),
        ("Ada\r\nBob has left", "Ada Bob has left"),
        ("\u202eadA\u202c", "adA"),
        ("\u2067Ada\u2069\u200f", "Ada"),
        ("A\x00d\x1ba", "A d a"),
        ("\ud800", ""),
        ("\u0646\u0627\u0645\u200c\u0647", "\u0646\u0627\u0645\u200c\u0647"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
    ],
)
def test_names(name: str, as_shown: str) -> None:
    assert shown(name) == as_shown


@given(st.text())
def test_it_is_one_line_and_stays_as_it_is(name: str) -> None:
    once = shown(name)
    assert shown(once) == once
    assert len(once.splitlines()) <= 1
