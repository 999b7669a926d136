"""peer/consent: what is asked of a new path, as an agent that controls would read it."""

import hmac

from aioice.stun import Class, Message, Method, parse_message

from tests.native.faces.ice import Consent

LOCAL, REMOTE, PASSWORD = b"abcdefgh", b"r3mote", b"p" * 22
HOME, CAFE = ("192.0.2.7", 50_000), ("2001:db8::7", 50_001)
CHANCE = bytes(range(12))


def asked() -> Consent:
    return Consent(LOCAL, REMOTE, PASSWORD)


def answer(request: bytes, password: bytes = PASSWORD, kind: Class = Class.RESPONSE) -> bytes:
    message = Message(Method.BINDING, kind, transaction_id=parse_message(request).transaction_id)
    message.add_message_integrity(password)
    return bytes(message)


def verified(request: bytes, password: bytes) -> Message:
    """The request, parsed; what it is signed with is this password (RFC 8489 section 14.5)."""
    covered = request[:2] + (len(request) - 28).to_bytes(2, "big") + request[4:-32]
    assert hmac.digest(password, covered, "sha1") == request[-28:-8]
    return parse_message(request)


def test_request_is_a_check_that_the_client_can_verify() -> None:
    request = asked().ask(HOME, CHANCE, 0)
    message = verified(request, PASSWORD)
    assert (message.message_method, message.message_class) == (Method.BINDING, Class.REQUEST)
    assert message.transaction_id == CHANCE
    assert message.attributes["USERNAME"] == "r3mote:abcdefgh"
    assert "ICE-CONTROLLED" in message.attributes
    assert "USE-CANDIDATE" not in message.attributes
    assert 0 < message.attributes["PRIORITY"] < 2**31


def test_same_address_is_asked_the_same_at_a_pace() -> None:
    consent = asked()
    first = consent.ask(HOME, CHANCE, 0)
    assert consent.ask(HOME, CHANCE[::-1], 49_999) == b""
    assert consent.ask(HOME, CHANCE[::-1], 50_000) == first, "a late answer counts"
    other = consent.ask(CAFE, CHANCE[::-1], 50_001)
    assert parse_message(other).transaction_id == CHANCE[::-1]


def test_only_the_answer_of_who_was_asked_counts() -> None:
    consent = asked()
    assert not consent.given(answer(asked().ask(HOME, CHANCE, 0)), HOME), "nobody was asked"
    request = consent.ask(HOME, CHANCE, 0)
    other = Consent(LOCAL, REMOTE, PASSWORD).ask(HOME, CHANCE[::-1], 0)
    assert consent.given(answer(request), HOME)
    assert not consent.given(answer(request), CAFE)
    assert not consent.given(answer(other), HOME)
    assert not consent.given(answer(request, b"x" * 22), HOME)
    assert not consent.given(answer(request, kind=Class.ERROR), HOME)
    assert not consent.given(request, HOME)


def test_longest_credentials_fit() -> None:
    consent = Consent(LOCAL, b"u" * 256, b"p" * 256)
    request = consent.ask(HOME, CHANCE, 0)
    assert verified(request, b"p" * 256).attributes["USERNAME"].endswith(":abcdefgh")
