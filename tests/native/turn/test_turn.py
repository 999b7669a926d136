"""The TURN server's decisions, on virtual time."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.turn import Turn, channel_size
from tests.support.stun import attribute, fingerprint
from tests.support.turn import (
    ADDITIONAL_FAMILY,
    ALLOCATE,
    CHANNEL_BIND,
    CREATE_PERMISSION,
    DATA,
    EVEN_PORT,
    FAMILY,
    REFRESH,
    RESERVATION,
    SERVER,
    TRANSPORT,
    UDP,
    Client,
    error_of,
    indication,
    lifetime,
    number,
    options,
    parse,
    peer,
    plain,
)

CLIENT = ("198.51.100.9", 4000)
PEER = ("192.0.2.77", 5000)
SECOND = 1_000_000


class Caller(Client):
    """A client at CLIENT that has been challenged."""

    def __init__(self, turn: Turn, source: tuple[str, int] = CLIENT, user: str = "ada") -> None:
        super().__init__(user, expires_at=turn.unix_s + 1000)
        self.turn, self.source = turn, source
        self.challenged(turn.receive(plain(ALLOCATE, UDP), source)[0])

    def ask(self, kind: int, *attributes: tuple[int, bytes], transaction: bytes = b"") -> int:
        """The error code, 0 for a success."""
        self.answer = self.turn.receive(
            self.request(kind, *attributes, transaction=transaction or b"0123456789ab"),
            self.source,
        )[0]
        return error_of(self.answer)


@pytest.fixture
def turn() -> Turn:
    return Turn(options())


@pytest.fixture
def ada(turn: Turn) -> Caller:
    caller = Caller(turn)
    assert caller.ask(ALLOCATE, UDP) == 0
    return caller


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


def test_permissions_expire(ada: Caller) -> None:
    turn = ada.turn
    data = indication(peer(*PEER), (DATA, b"hello"))
    assert turn.receive(data, CLIENT) == (None, None)
    assert turn.from_peer(CLIENT, PEER) == -1
    assert ada.ask(CREATE_PERMISSION, peer(*PEER), peer("192.0.2.78")) == 0
    assert turn.receive(data, CLIENT) == (None, (b"hello", PEER))
    assert turn.from_peer(CLIENT, (PEER[0], 9)) == 0  # the port does not count
    assert turn.from_peer(CLIENT, ("192.0.2.79", 9)) == -1
    turn.now_us += 300 * SECOND
    assert turn.receive(data, CLIENT) == (None, None)
    assert turn.from_peer(CLIENT, PEER) == -1


def test_channels(ada: Caller) -> None:
    turn = ada.turn
    assert turn.channel(CLIENT, 0x4000) is None
    assert ada.ask(CHANNEL_BIND, number(0x4000), peer(*PEER)) == 0
    assert ada.ask(CHANNEL_BIND, number(0x4001), peer("192.0.2.78", 1)) == 0
    assert turn.channel(CLIENT, 0x4000) == PEER
    assert turn.from_peer(CLIENT, PEER) == 0x4000
    assert turn.from_peer(CLIENT, (PEER[0], 9)) == 0
    # neither the number nor the peer can be bound otherwise; again alike refreshes
    assert ada.ask(CHANNEL_BIND, number(0x4000), peer("192.0.2.79", 1)) == 400
    assert ada.ask(CHANNEL_BIND, number(0x4002), peer(*PEER)) == 400
    turn.now_us += 200 * SECOND
    assert ada.ask(CHANNEL_BIND, number(0x4000), peer(*PEER)) == 0
    turn.now_us += 299 * SECOND
    assert turn.from_peer(CLIENT, PEER) == 0x4000
    turn.now_us += 300 * SECOND
    assert turn.channel(CLIENT, 0x4000) == PEER
    assert turn.channel(CLIENT, 0x4001) is None
    assert turn.from_peer(CLIENT, PEER) == -1  # its permission has expired before


@pytest.mark.parametrize("value", [0x0000, 0x3FFF, 0x7FFF, 0xFFFF])
def test_channel_numbers(ada: Caller, value: int) -> None:
    assert ada.ask(CHANNEL_BIND, number(value), peer(*PEER)) == 400
    assert ada.ask(CHANNEL_BIND, peer(*PEER)) == 400
    assert ada.ask(CHANNEL_BIND, number(0x4000)) == 400
    assert ada.ask(CREATE_PERMISSION) == 400


def test_room_for_so_many(ada: Caller) -> None:
    peers = [(f"192.0.2.{i}", 1) for i in range(33)]
    bound = [ada.ask(CHANNEL_BIND, number(0x4000 + i), peer(*each)) for i, each in enumerate(peers)]
    assert bound == [0] * 32 + [508]
    assert ada.ask(CREATE_PERMISSION, peer(*peers[32])) == 508
    ada.turn.now_us += 600 * SECOND
    assert ada.ask(CHANNEL_BIND, number(0x4020), peer(*peers[32])) == 0


def test_data_indication(ada: Caller) -> None:
    for size in range(8):
        read = parse(ada.turn.indication(CLIENT, PEER, b"1234567"[:size]))
        assert read.attributes["XOR-PEER-ADDRESS"] == PEER
        assert read.attributes["DATA"] == b"1234567"[:size]


def test_two_listeners_are_two_allocations(ada: Caller) -> None:
    """RFC 8656 section 2.2: the server's transport address is part of the 5-tuple."""
    request = ada.request(ALLOCATE, UDP, transaction=b"another tran")
    assert error_of(ada.turn.receive(request, CLIENT, 1)[0]) == 0
    assert ada.turn.allocations == 2


def test_responses_and_others_are_not_answered(ada: Caller) -> None:
    for kind in (0x0103, 0x0113, 0x0017, 0x0013):
        assert ada.turn.receive(ada.request(kind), CLIENT) == (None, None)
    assert ada.ask(0x0007) == 400


def test_forbidden_peers_are_refused_in_every_way(ada: Caller) -> None:
    turn = ada.turn
    assert ada.ask(CREATE_PERMISSION, peer("127.0.0.1", 22)) == 403
    assert ada.ask(CREATE_PERMISSION, peer(*PEER), peer("10.0.0.1")) == 403
    assert turn.from_peer(CLIENT, PEER) == -1  # all or nothing
    assert ada.ask(CHANNEL_BIND, number(0x4000), peer(SERVER, 22)) == 403
    assert ada.ask(CREATE_PERMISSION, peer(SERVER)) == 0  # for the SFU on it
    assert turn.receive(indication(peer(SERVER, 22), (DATA, b"x")), CLIENT) == (None, None)
    assert turn.receive(indication(peer(SERVER, 8443), (DATA, b"x")), CLIENT)[1] is not None
    turn.live(50001, 1)
    assert ada.ask(CHANNEL_BIND, number(0x4000), peer(SERVER, 50001)) == 0
    turn.live(50001, 0)
    assert turn.channel(CLIENT, 0x4000) is None  # the port may be somebody else's now


@pytest.mark.parametrize(
    ("datagram", "size"),
    [
        (b"", -1),
        (b"\x40\0\0", -1),
        (b"\x40\0\0\0", 0),
        (b"\x40\0\0\3abc", 3),
        (b"\x40\0\0\3abc\0", 3),
        (b"\x40\0\0\4abc", -1),
        (b"\x40\0\xff\xffabc", -1),
    ],
)
def test_channel_data(datagram: bytes, size: int) -> None:
    assert channel_size(datagram) == size
