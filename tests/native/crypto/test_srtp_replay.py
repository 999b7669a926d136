"""Index estimation and the replay list, against a slow reference that knows every index ever taken.

A sender's packets come in any order, lost, doubled and late, around sequence number wraps; what is
taken must be just what RFC 3711 section 3.3 says.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.native.crypto.support import Master, rtp_header
from tests.native.faces.srtp import CryptoContext, CryptoSuite, Refused

WINDOW = 1024
SENDERS = 256
MASTER = Master.random("AEAD_AES_128_GCM")
SENDER = MASTER.context(CryptoSuite())


class Reference:
    def __init__(self) -> None:
        self.taken: set[int] = set()

    def receive(self, index: int) -> str:
        highest = max(self.taken, default=None)
        estimate = index & 0xFFFF if highest is None else self.nearest(index & 0xFFFF, highest)
        if estimate < 0 or (highest is not None and estimate <= highest - WINDOW):
            return "old"
        if estimate in self.taken:
            return "replayed"
        if estimate != index:
            return "unauthentic"
        self.taken.add(index)
        return "ok"

    @staticmethod
    def nearest(seq: int, highest: int) -> int:
        """Among the indices with these low 16 bits; RFC 3711 appendix A keeps the ROC in a tie."""
        roc = highest >> 16
        candidates = [(turn << 16) + seq for turn in (roc - 1, roc, roc + 1)]
        return min(candidates, key=lambda v: (abs(v - highest), v >> 16 != roc))


def protect(index: int) -> bytes:
    return SENDER.protect([(index, rtp_header(index), b"payload")])[0]


def receive(context: CryptoContext, index: int) -> str:
    try:
        found, plain = context.unprotect(protect(index))
    except Refused as refused:
        return str(refused)
    assert found == index
    assert plain == rtp_header(index) + b"payload"
    return "ok"


STEPS = st.lists(
    st.one_of(
        st.integers(-4, 6),
        st.integers(-1100, 1100),
        st.sampled_from([-1025, -1024, -1023, 1023, 1024, 1025, 2048, 32767, 32768, 32769]),
        st.integers(-40_000, 40_000),
    ),
    min_size=1,
    max_size=60,
)


@given(start=st.one_of(st.integers(0, 65535), st.integers(65500, 65535)), steps=STEPS)
@example(start=65534, steps=[1, 1, 1, -3, 3, 1, -6])
@example(start=0, steps=[1024, -1024, 1, -1024])
@example(start=0, steps=[32768, -32768, 32768])
def test_against_reference(start: int, steps: list[int]) -> None:
    context, reference, index = MASTER.context(CryptoSuite()), Reference(), start
    assert receive(context, index) == reference.receive(index)
    for step in steps:
        index = max(0, index + step)
        assert receive(context, index) == reference.receive(index)
        # A receiver that has lost its way stays lost; the walk goes on from where it stands.
        if step > 32768:
            index = max(reference.taken)


def test_late_packets_across_the_wrap(suite: CryptoSuite) -> None:
    context = MASTER.context(suite)
    for index in [65530, 65540, 65531, 65535, 65536, 66553, 65532]:
        assert receive(context, index) == "ok"
    assert receive(context, 65533) == "ok"  # 1,020 behind
    assert receive(context, 65529) == "old"  # 1,024 behind
    assert receive(context, 65536) == "replayed"


def test_before_the_first_index(suite: CryptoSuite) -> None:
    """A sequence number from before a stream's start has no index at all."""
    context = MASTER.context(suite)
    assert receive(context, 3) == "ok"
    with pytest.raises(Refused, match="old"):
        context.unprotect(protect(65534))


def test_start_that_is_missed_by_a_wrap(suite: CryptoSuite) -> None:
    """The stream's first packets came after its wrap: refused until a late one sets it right."""
    context = MASTER.context(suite)
    assert receive(context, 65536) == "unauthentic"
    assert receive(context, 65535) == "ok"
    assert receive(context, 65536) == "ok"


def test_many_wraps(suite: CryptoSuite, master: Master) -> None:
    """200 turns of the ROC, by the largest steps that an estimate bears; libsrtp agrees."""
    sender, receiver, libsrtp = master.context(suite), master.context(suite), None
    for index in range(0, 200 * 65536, 32767):
        packet = sender.protect([(index, rtp_header(index), b"x")])[0]
        assert receiver.unprotect(packet)[0] == index
        libsrtp = libsrtp or master.libsrtp(inbound=True)
        assert libsrtp.unprotect(packet) == rtp_header(index) + b"x"


def test_the_last_index(suite: CryptoSuite, master: Master) -> None:
    sender, receiver = master.context(suite), master.context(suite)
    last = (1 << 48) - 1
    receiver.unprotect(sender.protect([(0, rtp_header(0), b"x")])[0])
    receiver.set_highest(last - 5)
    packet = sender.protect([(last, rtp_header(last), b"x")])[0]
    assert receiver.unprotect(packet)[0] == last
    with pytest.raises(Refused, match="exhausted"):
        receiver.unprotect(packet[:2] + b"\x00\x00" + packet[4:])


def test_each_ssrc_has_its_own_list(suite: CryptoSuite, master: Master) -> None:
    sender, receiver = master.context(suite), master.context(suite)
    for ssrc in (1, 2, 3):
        packet = sender.protect([(77, rtp_header(77, ssrc), b"x")])[0]
        assert receiver.unprotect(packet)[0] == 77
        with pytest.raises(Refused, match="replayed"):
            receiver.unprotect(packet)


def test_an_ssrc_that_cannot_be_followed_is_refused(suite: CryptoSuite, master: Master) -> None:
    """Instead of taking the place of one whose packets could be played again then. What is not
    authentic takes no place."""
    sender, receiver = master.context(suite), master.context(suite)
    packets = [sender.protect([(7, rtp_header(7, ssrc), b"x")])[0] for ssrc in range(SENDERS + 1)]
    for packet in packets:
        with pytest.raises(Refused, match="unauthentic"):
            receiver.unprotect(packet[:-1] + bytes([packet[-1] ^ 1]))
    for packet in packets[:-1]:
        assert receiver.unprotect(packet)[0] == 7
    with pytest.raises(Refused, match="exhausted"):
        receiver.unprotect(packets[-1])
    for packet in packets[:-1]:
        with pytest.raises(Refused, match="replayed"):
            receiver.unprotect(packet)
    assert receiver.unprotect(sender.protect([(8, rtp_header(8, 0), b"x")])[0])[0] == 8
