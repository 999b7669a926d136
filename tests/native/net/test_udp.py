"""The socket: batches, GSO messages cut by the kernel, and what happens when the kernel refuses
them.
"""

import socket

import pytest

from tests.native.faces.udp import Udp

LOOPBACK = bytes([127, 0, 0, 1])


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(5)
        yield receiving


def datagrams(receiver: socket.socket, count: int) -> list[bytes]:
    return [receiver.recv(65536) for _ in range(count)]


def test_a_message_is_cut_into_its_segments(receiver):
    udp = Udp()
    data = b"a" * 1000 + b"b" * 1000 + b"c" * 400
    udp.send([(LOOPBACK, receiver.getsockname()[1], data, 1000)])
    assert datagrams(receiver, 3) == [b"a" * 1000, b"b" * 1000, b"c" * 400]
    assert udp.counters == {
        "messages_sent": 1,
        "datagrams_sent": 3,
        "gso_refused": 0,
        "send_errors": 0,
    }


def test_without_gso_the_same_datagrams_leave_in_the_same_order(receiver):
    udp = Udp(gso=False)
    port = receiver.getsockname()[1]
    udp.send(
        [
            (LOOPBACK, port, b"1" * 10, 10),
            (LOOPBACK, port, b"2" * 10 + b"3" * 5, 10),
            (LOOPBACK, port, b"4" * 10, 10),
        ]
    )
    assert datagrams(receiver, 4) == [b"1" * 10, b"2" * 10, b"3" * 5, b"4" * 10]
    assert udp.counters["messages_sent"] == 4
    assert udp.counters["gso_refused"] == 1


def test_a_refused_message_degrades_to_plain_datagrams(receiver):
    """More than 128 segments are EINVAL for the kernel: what a driver without GSO says, too."""
    udp = Udp()
    port = receiver.getsockname()[1]
    udp.send([(LOOPBACK, port, bytes(range(150)), 1), (LOOPBACK, port, b"next", 4)])
    assert datagrams(receiver, 151) == [bytes([i]) for i in range(150)] + [b"next"]
    assert udp.counters["gso_refused"] == 1


def test_gso_is_given_up_for_one_destination_alone_and_for_a_while(receiver):
    """A refusal can come of one ICMP packet: above the path's MTU some kernels say EINVAL."""
    udp, port = Udp(), receiver.getsockname()[1]
    udp.settles(LOOPBACK, port, 0)
    for refused in (1, 2):
        udp.send_settled(bytes(150), 1)
        assert len(datagrams(receiver, 150)) == 150
        assert udp.counters["gso_refused"] == refused
    sent = udp.counters["messages_sent"]
    udp.send_settled(bytes(3), 1)
    datagrams(receiver, 3)
    assert udp.counters["messages_sent"] == sent + 3, "there it is cut by us"
    udp.send([(LOOPBACK, port, bytes(3), 1)])
    datagrams(receiver, 3)
    assert udp.counters["messages_sent"] == sent + 4, "elsewhere it is not"
    udp.settles(LOOPBACK, port, 61_000_000)
    udp.send_settled(bytes(3), 1)
    datagrams(receiver, 3)
    assert udp.counters["messages_sent"] == sent + 5, "and later it is tried again"


def test_a_segment_over_the_mtu_is_cut_but_gso_stays(receiver):
    """EMSGSIZE or EINVAL by path: the datagrams arrive either way."""
    udp = Udp()
    udp.send([(LOOPBACK, receiver.getsockname()[1], b"x" * 60000 + b"y" * 100, 60000)])
    assert [len(d) for d in datagrams(receiver, 2)] == [60000, 100]


def test_an_unreachable_destination_loses_only_itself(receiver):
    udp = Udp()
    port = receiver.getsockname()[1]
    udp.send(
        [
            (LOOPBACK, port, b"before", 6),
            (bytes([255, 255, 255, 255]), 9, b"nobody", 6),
            (LOOPBACK, port, b"after", 5),
        ]
    )
    assert datagrams(receiver, 2) == [b"before", b"after"]
    assert udp.counters["send_errors"] == 1


@pytest.mark.parametrize("gro", [True, False])
def test_a_batch_has_every_datagram_and_its_source(receiver, gro):
    udp = Udp(gro=gro)
    for i in range(40):
        receiver.sendto(bytes([i]) * (i + 1), ("127.0.0.1", udp.port))
    found = udp.receive() + udp.receive()
    assert [data for data, _ in found] == [bytes([i]) * (i + 1) for i in range(40)]
    assert {source for _, source in found} == {(4, LOOPBACK, receiver.getsockname()[1])}


def test_gro_messages_are_taken_apart():
    sender, udp = Udp(), Udp(gro=True)
    sender.send([(LOOPBACK, udp.port, b"a" * 800 + b"b" * 800 + b"c" * 9, 800)])
    assert [data for data, _ in udp.receive()] == [b"a" * 800, b"b" * 800, b"c" * 9]


def test_dual_stack_speaks_both_families():
    udp = Udp(host="::")
    for family, host, ip in (
        (socket.AF_INET, "127.0.0.1", LOOPBACK),
        (socket.AF_INET6, "::1", bytes(15) + b"\1"),
    ):
        with socket.socket(family, socket.SOCK_DGRAM) as peer:
            peer.bind((host, 0))
            peer.settimeout(5)
            peer.sendto(b"hello", (host, udp.port))
            ((data, source),) = udp.receive()
            assert data == b"hello"
            assert source == (4 if len(ip) == 4 else 6, ip, peer.getsockname()[1])
            udp.send_one(ip, source[2], b"answer")
            assert peer.recv(100) == b"answer"


def test_nothing_to_receive_is_no_batch():
    assert Udp().receive() == []


def test_a_host_that_is_no_address_is_refused():
    with pytest.raises(OSError):
        Udp(host="nowhere")


def test_an_answer_leaves_from_the_address_that_was_asked(receiver):
    """127.0.0.2 is ours, too; without a word from us the kernel would answer from 127.0.0.1."""
    udp = Udp(host="0.0.0.0")
    receiver.sendto(b"question", ("127.0.0.2", udp.port))
    udp.receive()
    udp.send_one(LOOPBACK, receiver.getsockname()[1], b"answer")
    assert receiver.recvfrom(100) == (b"answer", ("127.0.0.2", udp.port))
    udp.send([(LOOPBACK, receiver.getsockname()[1], b"ab", 1)])
    assert receiver.recvfrom(100) == (b"a", ("127.0.0.2", udp.port))


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_source_is_left_to_the_kernel_only_where_it_chooses_right(receiver, host):
    udp = Udp(host=host)
    port = receiver.getsockname()[1]
    receiver.sendto(b"question", ("127.0.0.1", udp.port))
    udp.receive()
    assert udp.settles(LOOPBACK, port)[0]
    receiver.sendto(b"question", ("127.0.0.2", udp.port))
    udp.receive()
    assert not udp.settles(LOOPBACK, port)[0]


def test_the_kernel_is_asked_for_the_source_once_a_minute(receiver):
    udp = Udp(host="0.0.0.0")
    port = receiver.getsockname()[1]
    receiver.sendto(b"question", ("127.0.0.1", udp.port))
    udp.receive()
    assert udp.settles(LOOPBACK, port, 1) == (True, 1)
    assert udp.settles(LOOPBACK, port, 59_999_999) == (True, 1)
    assert udp.settles(LOOPBACK, port, 60_000_001) == (True, 60_000_001)
    receiver.sendto(b"question", ("127.0.0.2", udp.port))
    udp.receive()
    assert udp.settles(LOOPBACK, port, 60_000_002) == (False, 60_000_002)


def test_an_address_that_cannot_be_sent_to_leaves_gso_on(receiver):
    """Port 0 is EINVAL to the kernel, as a segment size that it does not take is."""
    udp = Udp()
    udp.send([(LOOPBACK, 0, b"a" * 300, 100)])
    assert udp.counters["send_errors"] == 3
    assert udp.gso
