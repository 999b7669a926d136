"""Records after the handshake are ours: each cipher against OpenSSL's own, each number used once,
and nothing taken twice or of somebody without the keys."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.crypto.dtls_peers import GCM_128, IDENTITY, PyOpenSSL, associations, shake
from tests.native.crypto.dtls_peers import records as split
from tests.native.faces.dtls import Association

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
WARNING, FATAL = 1, 2
FIRST = 1 << 48  # epoch 1
MOST = 1163  # bytes of data
FINISHED = bytes([20, 0, 0, 12, 0, 5, 0, 0, 0, 0, 0, 12]) + bytes(12)
CIPHERS = {
    b"ECDHE-ECDSA-AES128-GCM-SHA256": 24,
    b"ECDHE-ECDSA-AES256-GCM-SHA384": 24,
    b"ECDHE-ECDSA-CHACHA20-POLY1305": 16,
}
each_cipher = pytest.mark.parametrize("cipher", CIPHERS)
each_role = pytest.mark.parametrize("client", [False, True], ids=["server", "client"])


def connected() -> tuple[Association, Association]:
    """Both released, the second one reads."""
    sender, receiver = associations()
    shake(sender, receiver)
    sender.release()
    receiver.release()
    receiver.read_data()
    return sender, receiver


def beside_openssl(cipher: bytes, client: bool) -> tuple[Association, PyOpenSSL]:
    """Ours is released, and reads."""
    ours = Association(IDENTITY, client)
    theirs = PyOpenSSL(not client, GCM_128, ciphers=cipher)
    shake(*((ours, theirs) if client else (theirs, ours)))
    assert theirs.ssl.get_cipher_name() == cipher.decode()
    ours.release()
    ours.read_data()
    return ours, theirs


@each_role
@each_cipher
def test_data_both_ways(cipher: bytes, client: bool) -> None:
    ours, theirs = beside_openssl(cipher, client)
    sent = [bytes([size % 251]) * size for size in (1, 15, 16, 17, 1000, MOST)]
    for data in sent:
        theirs.ssl.send(data)
        for datagram in theirs.take():
            assert ours.receive(datagram) == "connected"
        assert ours.write(data)
        (record,) = ours.take()
        assert len(record) == 13 + CIPHERS[cipher] + len(data)
        theirs.receive(record)
    assert ours.data() == sent
    assert theirs.data == sent


@each_role
@each_cipher
def test_goodbyes(cipher: bytes, client: bool) -> None:
    ours, theirs = beside_openssl(cipher, client)
    theirs.ssl.shutdown()
    (goodbye,) = theirs.take()
    assert ours.receive(goodbye) == "closed"
    assert not ours.write(b"more")
    ours, theirs = beside_openssl(cipher, client)
    ours.close()
    (goodbye,) = ours.take()
    assert theirs.receive(goodbye) == "closed"


@pytest.mark.parametrize("size", [MOST + 1, 2000])
def test_more_than_a_record_takes_is_refused(size: int) -> None:
    sender, _ = connected()
    assert not sender.write(bytes(size))
    assert sender.take() == []


@each_role
@each_cipher
def test_no_number_is_used_twice(cipher: bytes, client: bool) -> None:
    """Nor a nonce, which AES-GCM would not survive: OpenSSL's records of the handshake count."""
    ours = Association(IDENTITY, client)
    theirs = PyOpenSSL(not client, GCM_128, ciphers=cipher)
    written: list[bytes] = []

    class Noted:
        def __getattr__(self, name: str) -> object:
            return getattr(ours, name)

        def take(self) -> list[bytes]:
            written.extend(taken := ours.take())
            return taken

    noted = Noted()
    shake(*((noted, theirs) if client else (theirs, noted)))  # type: ignore[arg-type]
    for _ in range(3):
        ours.write(b"data")
    ours.close()
    noted.take()
    encrypted = [one for each in written for one in split(each) if one[3:5] == b"\0\1"]
    assert len(encrypted) == 1 + 3 + 1
    numbers = [int.from_bytes(one[3:11], "big") for one in encrypted]
    assert numbers == list(range(FIRST, FIRST + 5))
    if CIPHERS[cipher] == 24:
        nonces = [int.from_bytes(one[13:21], "big") for one in encrypted]
        assert nonces == [(nonces[0] + i) % 2**64 for i in range(5)]


def test_the_last_number_is_the_last() -> None:
    sender, receiver = connected()
    sender.skip(FIRST + 2**48 - 1)
    assert sender.write(b"last")
    receiver.receive(sender.take()[0])
    assert receiver.data() == [b"last"]
    assert not sender.write(b"none left")
    sender.close()
    assert sender.take() == []
    assert sender.state == "closed"


@given(st.lists(st.integers(0, 200), max_size=60))
def test_each_comes_once(order: list[int]) -> None:
    """Any order, any repetition: none twice, and none that is 64 behind the newest."""
    sender, receiver = connected()
    sealed = [sender.seal(DATA, struct.pack("!H", number)) for number in range(201)]
    expected, came = [], set()
    for number in order:
        receiver.receive(sealed[number])
        if number not in came and number > max(came, default=0) - 64:
            expected.append(struct.pack("!H", number))
        came.add(number)
    assert receiver.data() == expected


def test_a_leap_forgets_what_was_before() -> None:
    sender, receiver = connected()
    early = [sender.seal(DATA, b"early %d" % i) for i in range(3)]
    receiver.receive(early[0])
    sender.skip(FIRST + 100_000)
    receiver.receive(sender.seal(DATA, b"late"))
    for record in early:
        receiver.receive(record)
    assert receiver.data() == [b"early 0", b"late"]


@each_cipher
def test_what_is_changed_on_its_way_is_nobodys(cipher: bytes) -> None:
    ours, theirs = beside_openssl(cipher, False)
    theirs.ssl.send(b"data")
    theirs.ssl.shutdown()
    for record in theirs.take():
        for at in range(len(record)):
            ours.receive(record[:at] + bytes([record[at] ^ 0x40]) + record[at + 1 :])
        for size in range(len(record)):
            ours.receive(record[:size])
            if size > 13:
                ours.receive(record[:11] + struct.pack("!H", size - 13) + record[13:size])
    assert ours.data() == []
    assert ours.state == "connected"
    assert ours.take() == []


@pytest.mark.parametrize("content", [CCS, ALERT, HANDSHAKE, DATA])
@pytest.mark.parametrize("size", [0, 1, 16, 23, 24, 25, 2022, 2023, 3000])
def test_forged_records_of_any_size(content: int, size: int) -> None:
    _, receiver = connected()
    head = struct.pack("!BHQH", content, 0xFEFD, FIRST + 5, size)
    assert receiver.receive(head + bytes(size)) == "connected"
    assert (receiver.data(), receiver.take()) == ([], [])


@pytest.mark.parametrize(
    ("content", "data", "state", "error"),
    [
        (ALERT, bytes([WARNING, 0]), "closed", ""),
        (ALERT, bytes([FATAL, 0]), "closed", ""),
        (ALERT, bytes([FATAL, 40]), "failed", "handshake failure"),
        (ALERT, bytes([FATAL, 255]), "failed", "unknown"),
        (ALERT, bytes([WARNING, 90]), "connected", ""),  # user_canceled
        (ALERT, b"", "connected", ""),
        (ALERT, b"\1", "connected", ""),
        (ALERT, bytes([WARNING, 0, 0]), "connected", ""),
        (HANDSHAKE, b"", "connected", ""),
        (HANDSHAKE, bytes(12), "connected", ""),  # HelloRequest
        (HANDSHAKE, bytes([1]) + bytes(60), "connected", ""),  # ClientHello
        (HANDSHAKE, bytes([20]), "connected", ""),
        (HANDSHAKE, FINISHED[:-1], "connected", ""),
        (HANDSHAKE, FINISHED + b"\0", "connected", ""),
        (HANDSHAKE, bytes([20, 0, 1, 12]) + FINISHED[4:], "connected", ""),
        (HANDSHAKE, FINISHED[:11] + bytes([11]) + FINISHED[12:], "connected", ""),
        (CCS, b"\1", "connected", ""),
        (DATA, b"", "connected", ""),
        (99, b"anything", "connected", ""),
    ],
)
def test_what_an_authentic_record_means(content: int, data: bytes, state: str, error: str) -> None:
    sender, receiver = connected()
    assert receiver.receive(sender.seal(content, data)) == state
    assert receiver.take() == []
    assert receiver.data() == []
    assert receiver.error == error


def test_a_finished_that_comes_again_is_answered_once_a_datagram() -> None:
    sender, receiver = connected()
    again = [sender.seal(HANDSHAKE, FINISHED) for _ in range(12)]
    receiver.receive(again[0])
    flight = receiver.take()
    assert [record[0] for datagram in flight for record in split(datagram)] == [CCS, HANDSHAKE]
    receiver.receive(b"".join(again[1:]))
    assert receiver.take() == flight


def test_a_datagram_is_read_up_to_what_is_forged_in_it() -> None:
    """So that forged ones, however many records they say they have, cost one each."""
    sender, receiver = connected()
    first, again, forged, behind, alone = (
        sender.seal(DATA, data) for data in (b"first", b"again", b"forged", b"behind", b"alone")
    )
    receiver.receive(again)
    plain = struct.pack("!BHQH", HANDSHAKE, 0xFEFD, 3, 20) + bytes(20)  # as of a repeated flight
    forged = forged[:-1] + bytes([forged[-1] ^ 1])
    receiver.receive(plain + again + first + forged + behind)
    assert receiver.data() == [b"again", b"first"]
    receiver.receive(alone)
    assert receiver.data() == [b"alone"]


def test_data_before_anybody_reads_is_dropped() -> None:
    sender, receiver = associations()
    shake(sender, receiver)
    sender.write(b"early")
    assert receiver.receive(sender.take()[0]) == "connected"
    receiver.read_data()
    sender.write(b"later")
    receiver.receive(sender.take()[0])
    assert receiver.data() == [b"later"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_goodbye_that_overtakes_the_last_flight_is_heard(place: int) -> None:
    """A server that goes at once: before, amid and after its ChangeCipherSpec and Finished."""
    client, server = associations()
    client.start()
    while server.state != "connected":
        for datagram in client.take():
            server.receive(datagram)
        flight = [record for datagram in server.take() for record in split(datagram)]
        if server.state != "connected":
            for record in flight:
                client.receive(record)
    server.release()
    server.close()
    flight[place:place] = server.take()
    for record in flight:
        client.receive(record)
    assert client.state == "closed"
