"""Meeting tokens: what opens which room, when, and what never shows."""

import base64
import json
import logging
import pickle
from dataclasses import replace
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from fastsfu.auth.permissions import EVERYTHING, NOTHING
from fastsfu.auth.tokens import LEEWAY, MAX_TOKEN_BYTES, Grant, Tokens
from fastsfu.errors import TokenError

SECRET = "correct-horse-battery-staple-2026"
NOW = 1_800_000_000.0


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(SECRET)


def refused(tokens: Tokens, token: str, room: str = "standup", now: float = NOW) -> TokenError:
    with pytest.raises(TokenError) as error:
        tokens.verify(token, room, now)
    return error.value


def signed(claims: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256") -> str:
    """A token of somebody who has the secret and makes his own claims."""
    return jwt.encode(claims, secret, algorithm=algorithm)


def test_rights_that_are_signed_are_granted(tokens: Tokens) -> None:
    token = tokens.sign(
        "standup",
        name="Ada",
        owner=True,
        publish=False,
        subscribe=False,
        expires_in=60,
        not_before=NOW - 5,
        eject_at_expiry=True,
        user_id="u1",
        now=NOW,
    )
    grant = tokens.verify(token, "standup", NOW)
    assert grant.token_id
    assert grant == Grant(
        room="standup",
        name="Ada",
        owner=True,
        publish=NOTHING,
        subscribe=False,
        expires_at=NOW + 60,
        eject_at_expiry=True,
        user_id="u1",
        token_id=grant.token_id,
    )


def test_ordinary_rights(tokens: Tokens) -> None:
    grant = tokens.verify(tokens.sign("standup", now=NOW), "standup", NOW)
    assert (grant.publish, grant.subscribe, grant.owner) == (EVERYTHING, True, False)
    assert (grant.name, grant.user_id, grant.eject_at_expiry) == ("", None, False)
    assert grant.expires_at == NOW + 3600


@pytest.mark.parametrize(
    ("said", "granted"),
    [(["screen", "audio", "audio"], {"audio", "screen"}), ([], set()), (True, EVERYTHING)],
)
def test_publishing_is_granted_by_source(tokens: Tokens, said: Any, granted: set[str]) -> None:
    grant = tokens.verify(tokens.sign("standup", publish=said, now=NOW), "standup", NOW)
    assert grant.publish == granted
    assert grant.permissions.sources >= ({"screenVideo"} if "screen" in granted else set())


@pytest.mark.parametrize("said", [["audio", "film"], [["audio"]], "audio", 1, {"audio": True}])
def test_what_is_no_source_is_refused(tokens: Tokens, said: Any) -> None:
    info = "The token's claim 'publish' must be a bool, or a list of: audio, screen, video."
    error = refused(tokens, signed({"room": "standup", "publish": said}), "standup")
    assert (error.type, error.info) == ("not-allowed", info)


def test_nothing_is_signed_that_would_not_be_granted(tokens: Tokens) -> None:
    with pytest.raises(ValueError, match="a list of: audio, screen, video"):
        tokens.sign("standup", publish=["film"])  # type: ignore[list-item]


def test_claims_that_are_absent_mean_ordinary_rights(tokens: Tokens) -> None:
    grant = tokens.verify(signed({"room": "standup"}), "standup", NOW)
    assert replace(grant, token_id=None) == Grant("standup")


def test_another_room_is_refused(tokens: Tokens) -> None:
    error = refused(tokens, tokens.sign("standup", now=NOW), "retro")
    assert (error.type, error.info) == ("not-allowed", "The token is for another room.")
    assert refused(tokens, tokens.sign("standup", owner=True, now=NOW), "retro").type == (
        "not-allowed"
    )
    assert refused(tokens, tokens.sign("standup", now=NOW), "Standup").type == "not-allowed"


def test_token_without_a_room_is_for_owners(tokens: Tokens) -> None:
    grant = tokens.verify(tokens.sign(None, owner=True, now=NOW), "anything", NOW)
    assert grant.room is None
    assert grant.owner
    with pytest.raises(ValueError, match="must be an owner's"):
        tokens.sign(None)
    with pytest.raises(ValueError, match="must be an owner's"):
        tokens.sign("")
    for claims in ({}, {"room": None}, {"room": ""}, {"owner": False}):
        assert refused(tokens, signed(claims)).type == "not-allowed"


def test_time(tokens: Tokens) -> None:
    token = tokens.sign("standup", expires_in=60, not_before=NOW, now=NOW)
    for now in (NOW - LEEWAY, NOW, NOW + 60, NOW + 60 + LEEWAY - 0.1):
        tokens.verify(token, "standup", now)
    assert refused(tokens, token, now=NOW + 60 + LEEWAY).type == "exp-token"
    assert refused(tokens, token, now=NOW - LEEWAY - 0.1).type == "nbf-token"


def test_time_of_the_clock_counts_by_default(tokens: Tokens) -> None:
    tokens.verify(tokens.sign("standup"), "standup")
    with pytest.raises(TokenError) as error:
        tokens.verify(tokens.sign("standup", expires_in=-60), "standup")
    assert error.value.type == "exp-token"


def test_token_may_last_for_ever(tokens: Tokens) -> None:
    token = tokens.sign("standup", expires_in=None, now=NOW)
    assert tokens.verify(token, "standup", NOW + 1e9).expires_at is None


def test_wrong_room_is_said_before_wrong_time(tokens: Tokens) -> None:
    """Who holds a token of another room learns nothing by its age."""
    assert refused(tokens, tokens.sign("standup", now=0), "retro").type == "not-allowed"


@pytest.mark.parametrize(
    "claims",
    [
        {"room": 7},
        {"room": ["standup"]},
        {"room": "standup", "owner": "yes"},
        {"room": "standup", "owner": 1},
        {"room": "standup", "publish": "false"},
        {"room": "standup", "subscribe": 0},
        {"room": "standup", "name": {"first": "Ada"}},
        {"room": "standup", "exp": "tomorrow"},
        {"room": "standup", "exp": True},
        {"room": "standup", "exp": -1},
        {"room": "standup", "exp": 1e300},
        {"room": "standup", "nbf": [NOW]},
        {"room": "standup", "eject_at_token_exp": "no"},
        {"room": "standup", "sub": 5},
    ],
)
def test_claims_of_the_wrong_type(tokens: Tokens, claims: dict[str, Any]) -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    signature = jwt.get_algorithm_by_name("HS256").sign(header + b"." + body, SECRET.encode())
    encoded = base64.urlsafe_b64encode(signature).rstrip(b"=")
    token = b".".join((header, body, encoded)).decode()
    assert refused(tokens, token).type == "not-allowed"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_times_that_are_no_numbers(tokens: Tokens, number: str) -> None:
    claims = {"room": "standup", "exp": float(number.replace("Infinity", "inf"))}
    assert refused(tokens, signed(claims)).type == "not-allowed"


def test_other_signatures_are_refused(tokens: Tokens) -> None:
    claims = {"room": "standup"}
    good = signed(claims)
    header, body, signature = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    forged = base64.urlsafe_b64encode(b'{"room":"retro"}').rstrip(b"=").decode()
    for token in (
        signed(claims, "another-secret-that-is-long-enough"),
        signed(claims, SECRET * 2, "HS512"),
        jwt.encode(claims, "", algorithm="none"),
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{header}.{forged}.{signature}",
        f"{header}.{body}.",
        f"{header}.{body}",
        good[:-2],
        "",
        "x",
        "a.b.c",
        "..",
        "\ud800.a.b",
        "é.é.é",
        good + "." + good,
    ):
        assert refused(tokens, token).type == "not-allowed", token
    assert tokens.verify(good, "standup", NOW)


def test_public_keys_are_no_secret() -> None:
    """Nor is an asymmetric algorithm taken (RFC 8725 section 2.1)."""
    claims = base64.urlsafe_b64encode(b'{"room":"standup"}').rstrip(b"=").decode()
    for algorithm in ("RS256", "ES256", "HS384", "hs256", ""):
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm}).encode()).rstrip(b"=")
        assert refused(Tokens(SECRET), f"{header.decode()}.{claims}.AAAA").type == "not-allowed"


def test_long_tokens_are_not_even_read(tokens: Tokens) -> None:
    error = refused(tokens, "x" * (MAX_TOKEN_BYTES + 1))
    assert error.info == "The token is longer than 4096 bytes."


@given(st.text(max_size=200))
def test_any_text_is_refused(text: str) -> None:
    assert refused(Tokens(SECRET), text).type == "not-allowed"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
)
def test_any_room_and_name_come_back(room: str, name: str) -> None:
    tokens = Tokens(SECRET)
    grant = tokens.verify(tokens.sign(room, name=name, now=NOW), room, NOW)
    assert (grant.room, grant.name) == (room, name)


def test_names_are_bounded(tokens: Tokens) -> None:
    with pytest.raises(ValueError, match="at most 200 characters"):
        tokens.sign("standup", name="x" * 201)
    token = signed({"room": "standup", "name": "x" * 300})
    assert tokens.verify(token, "standup", NOW).name == "x" * 200


def test_each_token_has_an_id_of_its_own(tokens: Tokens) -> None:
    ids = {tokens.verify(tokens.sign("a", now=NOW), "a", NOW).token_id for _ in range(50)}
    assert len(ids) == 50


def test_secret() -> None:
    token = Tokens(SecretStr(SECRET)).sign("standup", now=NOW)
    assert Tokens(SECRET).verify(token, "standup", NOW)
    with pytest.raises(ValueError, match=r"at least 32 bytes .* this one has 5") as error:
        Tokens("short")
    assert "short" not in str(error.value)


def test_without_a_secret_there_is_a_random_one() -> None:
    one, other = Tokens(), Tokens()
    token = one.sign("standup", now=NOW)
    assert one.verify(token, "standup", NOW)
    assert refused(other, token).type == "not-allowed"


def test_secret_and_token_never_show(tokens: Tokens, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = tokens.sign("standup", now=NOW)
    errors = [
        refused(tokens, token, "retro"),
        refused(tokens, token, now=NOW + 1e6),
        refused(tokens, token[:-3]),
        refused(tokens, "\ud800" + token),
    ]
    for error in errors:
        assert error.__cause__ is None
        shown = f"{error!r} {error} {error.info}"
        assert token[:-3] not in shown
        assert SECRET not in shown
    for text in (repr(tokens), str(tokens), repr(vars(tokens)), caplog.text):
        assert SECRET not in text
        assert token not in text


def test_grants_are_values(tokens: Tokens) -> None:
    grant = tokens.verify(tokens.sign("a", now=NOW), "a", NOW)
    assert pickle.loads(pickle.dumps(grant)) == grant


@pytest.mark.parametrize(
    "times",
    [
        {"expires_in": 1e12},
        {"expires_in": float("inf")},
        {"expires_in": float("nan")},
        {"not_before": -1.0},
        {"not_before": NOW + 60, "expires_in": 60.0},
    ],
)
def test_no_token_is_signed_that_is_never_valid(tokens: Tokens, times: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"seconds since 1970|expire before"):
        tokens.sign("standup", now=NOW, **times)


def test_a_secret_is_exchanged_while_its_tokens_are_good() -> None:
    tokens = Tokens(SECRET)
    old = tokens.sign("standup", name="Ada")
    tokens.rotate(SECRET[::-1], [SECRET])
    new = tokens.sign("standup", name="Ben")
    assert [tokens.verify(each, "standup").name for each in (old, new)] == ["Ada", "Ben"]
    assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]
    tokens.rotate(SECRET[::-1])
    with pytest.raises(TokenError, match="not one that this server signed"):
        tokens.verify(old, "standup")


def test_a_token_that_names_no_secret_is_tried_with_all() -> None:
    tokens = Tokens(SECRET[::-1], [SECRET])
    claims = {"room": "standup", "name": "Ada"}
    assert tokens.verify(jwt.encode(claims, SECRET, "HS256"), "standup").name == "Ada"
    for kid in ("another", 7):
        forged = jwt.api_jws.encode(
            json.dumps(claims).encode(), b"x" * 32, "HS256", headers={"kid": str(kid)}
        )
        with pytest.raises(TokenError):
            tokens.verify(forged, "standup")


def test_what_a_token_cannot_say() -> None:
    with pytest.raises(TypeError, match="a token has no 'onwer'"):
        Tokens(SECRET).sign("r", onwer=True)  # type: ignore[call-arg]
