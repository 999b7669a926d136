"""Tokens that are signed here are those that PyJWT reads, by RFC 7515."""

from typing import Any

import jwt
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.auth.signing import ALGORITHM, key_id, sign

VALUES = st.one_of(st.booleans(), st.integers(), st.text(), st.lists(st.text(max_size=4)))
# PyJWT looks at what these say.
CLAIMS = st.dictionaries(st.text().filter(lambda name: name not in ("sub", "jti")), VALUES)


@given(CLAIMS, st.binary(min_size=32, max_size=80))
def test_what_is_signed_is_read(claims: dict[str, Any], key: bytes) -> None:
    token = sign(claims, key)
    checks: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss")}
    assert jwt.decode(token, key, algorithms=[ALGORITHM], options=checks) == claims
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": key_id(key), "typ": "JWT"}
