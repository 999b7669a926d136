"""The TURN server's decisions, on virtual time."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.turn import Turn
from tests.native.turn.conftest import CLIENT, PEER, SECOND, Caller
from tests.support.stun import attribute, fingerprint
from tests.support.turn import (
    ADDITIONAL_FAMILY,
    ALLOCATE,
    CHANNEL_BIND,
    CREATE_PERMISSION,
    EVEN_PORT,
    FAMILY,
    REFRESH,
    RESERVATION,
    SERVER,
    TRANSPORT,
    UDP,
    error_of,
    lifetime,
    number,
    options,
    parse,
    peer,
    plain,
)


def test_allocate(turn: Turn) -> None:
    ada = Caller(turn)
    assert turn.allocations == 0
    assert ada.ask(ALLOCATE, UDP) == 0
    read = parse(ada.answer).attributes
    assert read["XOR-RELAYED-ADDRESS"][1] == 50000
    assert read["XOR-MAPPED-ADDRESS"] == CLIENT
    assert read["LIFETIME"] == 600
    assert turn.allocations == 1


def test_a_challenge_is_small_and_takes_nothing(turn: Turn) -> None:
    request = plain(ALLOCATE, UDP)
    answer, _ = turn.receive(request, CLIENT)
    assert error_of(answer) == 401
    assert len(answer) <= 2.5 * len(request)
    assert turn.receive(plain(ALLOCATE), CLIENT)[0] is None, "more than three times its request"
    assert turn.allocations == 0


def test_strangers_get_few_answers(turn: Turn) -> None:
    def answers(ip: str) -> int:
        return sum(
            turn.receive(plain(ALLOCATE, UDP), (ip, 1000 + port))[0] is not None
            for port in range(200)
        )

    assert answers("198.51.100.1") == 50
    assert answers("198.51.100.2") == 50
    turn.now_us += SECOND
    assert answers("198.51.100.1") == 50


def change(**members: object) -> Callable[[Caller], None]:
    def apply(caller: Caller) -> None:
        for name, value in members.items():
            setattr(caller, name, value)

    return apply


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (change(secret=b"another"), 401),
        (change(expires_at=1_700_000_000), 401),
        (change(expires_at=0), 401),
        (change(user="x" * 200), 401),
        (change(nonce=b"0" * 24), 438),
        (change(nonce=b"\xff" * 24), 438),
        (change(nonce=b""), 438),
    ],
)
def test_what_is_not_authentic(turn: Turn, spoil: Callable[[Caller], None], code: int) -> None:
    ada = Caller(turn)
    spoil(ada)
    assert ada.ask(ALLOCATE, UDP) == code
    assert ("NONCE" in parse(ada.answer).attributes) == (code in (401, 438))
    assert turn.allocations == 0


def test_signed_without_a_nonce_is_a_bad_request(turn: Turn) -> None:
    """RFC 8489 section 9.2.4."""
    ada = Caller(turn)
    whole = ada.request(ALLOCATE, UDP)
    cut = whole.replace(b"\x00\x15\x00\x18" + ada.nonce, b"\x80\x99\x00\x18" + ada.nonce)
    assert error_of(turn.receive(fingerprint(cut[:-8]), CLIENT)[0]) == 400


def test_a_nonce_is_good_for_its_address_and_an_hour(turn: Turn) -> None:
    ada = Caller(turn)
    stolen = Caller(turn, ("198.51.100.10", 4000))
    stolen.nonce = ada.nonce
    assert stolen.ask(ALLOCATE, UDP) == 438
    turn.now_us += 3599 * SECOND
    assert ada.ask(ALLOCATE, UDP) == 0
    turn.now_us += 2 * SECOND
    assert ada.ask(REFRESH) == 438
    ada.challenged(ada.answer)
    assert ada.ask(REFRESH) == 0


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ((), 400),
        (((TRANSPORT, b"\x06\0\0\0"),), 442),
        ((UDP, (FAMILY, b"\2\0\0\0")), 440),  # this server has no IPv6 address
        ((UDP, (FAMILY, b"\7\0\0\0")), 440),
        ((UDP, (EVEN_PORT, b"\x80")), 508),
        ((UDP, (RESERVATION, bytes(8))), 508),
        ((UDP, (RESERVATION, bytes(8)), (EVEN_PORT, b"\0")), 400),
        ((UDP, (FAMILY, b"\1\0\0\0"), (ADDITIONAL_FAMILY, b"\2\0\0\0")), 400),
        ((UDP, (0x7777, b"")), 420),
    ],
)
def test_allocate_refused(turn: Turn, attributes: tuple[tuple[int, bytes], ...], code: int) -> None:
    ada = Caller(turn)
    assert ada.ask(ALLOCATE, *attributes) == code
    assert turn.allocations == 0
    if code == 420:
        assert attribute(0x000A, b"\x77\x77") in (ada.answer or b"")


def test_no_port_left(turn: Turn) -> None:
    ada = Caller(turn)
    turn.open_error = 508
    assert ada.ask(ALLOCATE, UDP) == 508
    turn.open_error = 0
    assert ada.ask(ALLOCATE, UDP) == 0


def test_one_of_two_families(turn: Turn) -> None:
    """RFC 8656 section 7.2: the one that cannot be had is named in ADDRESS-ERROR-CODE."""
    assert Caller(turn).ask(ALLOCATE, UDP, (ADDITIONAL_FAMILY, b"\2\0\0\0")) == 0
    both = Turn(options(addresses=(SERVER, "2001:db8::1")))
    ada = Caller(both)
    assert ada.ask(ALLOCATE, UDP, (FAMILY, b"\2\0\0\0")) == 0
    assert ada.ask(CREATE_PERMISSION, peer(*PEER)) == 443
    assert ada.ask(CHANNEL_BIND, number(0x4000), peer(*PEER)) == 443
    assert ada.ask(REFRESH, (FAMILY, b"\1\0\0\0")) == 443
    assert ada.ask(CREATE_PERMISSION, peer("2a00:1450::5", 9)) == 0


def test_a_retransmission_gets_the_same_answer_and_another_request_437(ada: Caller) -> None:
    first = ada.answer
    assert ada.ask(ALLOCATE, UDP) == 0
    assert ada.answer == first
    assert ada.ask(ALLOCATE, UDP, transaction=b"another tran") == 437
    assert ada.turn.allocations == 1


def test_what_needs_an_allocation(turn: Turn) -> None:
    ada = Caller(turn)
    assert ada.ask(REFRESH) == 437
    assert ada.ask(CREATE_PERMISSION, peer(*PEER)) == 437
    assert ada.ask(CHANNEL_BIND, number(0x4000), peer(*PEER)) == 437


def test_credentials_of_another(ada: Caller) -> None:
    ada.user = "eve"
    assert ada.ask(REFRESH, lifetime(0)) == 441
    assert ada.turn.allocations == 1


def test_refresh(ada: Caller) -> None:
    for asked, given_s in ((60, 600), (1800, 1800), (99999, 3600)):
        assert ada.ask(REFRESH, lifetime(asked)) == 0
        assert parse(ada.answer).attributes["LIFETIME"] == given_s
    assert ada.ask(REFRESH, lifetime(0)) == 0
    assert parse(ada.answer).attributes["LIFETIME"] == 0
    assert ada.turn.allocations == 0


def test_only_who_is_admitted(turn: Turn) -> None:
    cy = Caller(turn, user="cy")
    assert cy.ask(ALLOCATE, UDP) == 401
    turn.admit("cy")
    assert cy.ask(ALLOCATE, UDP) == 0
    cy.expires_at += 5
    cy.source = ("198.51.100.9", 4001)
    cy.challenged(turn.receive(plain(ALLOCATE, UDP), cy.source)[0])
    assert cy.ask(ALLOCATE, UDP) == 0, "with newer credentials, too"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=200))
def test_users_come_and_go(steps: list[tuple[bool, int]]) -> None:
    """As in a set of at most five."""
    turn = Turn(options(max_users=5), users=())
    expected: set[int] = set()
    for comes, user in steps:
        if not comes:
            turn.revoke(str(user))
            expected.discard(user)
        else:
            turn.admit(str(user))
            expected |= {user} if len(expected) < 5 else set()
        assert {each for each in range(10) if turn.admitted(str(each))} == expected


def test_quotas(turn: Turn) -> None:
    few = Turn(options(max_allocations=5, max_user_allocations=3))
    callers = [Caller(few, ("198.51.100.9", port)) for port in range(4000, 4006)]
    assert [each.ask(ALLOCATE, UDP) for each in callers[:4]] == [0, 0, 0, 486]
    callers[3].user = "bob"
    callers[4].user = "bob"
    assert [each.ask(ALLOCATE, UDP) for each in callers[3:6]] == [0, 0, 508]
    assert callers[0].ask(REFRESH, lifetime(0)) == 0
    assert callers[5].ask(ALLOCATE, UDP) == 0
    # newer credentials of the same user count for the same user
    assert callers[4].ask(REFRESH, lifetime(0)) == 0
    callers[4].user, callers[4].expires_at = "ada", few.unix_s + 5000
    assert callers[4].ask(ALLOCATE, UDP) == 486


def test_bandwidth(turn: Turn) -> None:
    narrow = Turn(options(user_bytes_per_s=10_000, bytes_per_s=15_000))
    ada, bob = Caller(narrow), Caller(narrow, ("198.51.100.10", 4000), "bob")
    assert ada.ask(ALLOCATE, UDP) == bob.ask(ALLOCATE, UDP) == 0
    narrow.now_us += SECOND
    assert sum(narrow.within_quota(ada.source, 1000) for _ in range(20)) == 10
    assert sum(narrow.within_quota(bob.source, 1000) for _ in range(20)) == 5
    narrow.now_us += SECOND // 2
    assert sum(narrow.within_quota(ada.source, 1000) for _ in range(20)) == 5
