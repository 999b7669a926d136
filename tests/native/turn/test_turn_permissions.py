"""The TURN server's decisions about peers, on virtual time: permissions, channels, data."""

import pytest

from tests.native.faces.turn import channel_size
from tests.native.turn.conftest import CLIENT, PEER, SECOND, Caller
from tests.support.turn import (
    ALLOCATE,
    CHANNEL_BIND,
    CREATE_PERMISSION,
    DATA,
    SERVER,
    UDP,
    error_of,
    indication,
    number,
    parse,
    peer,
)


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
