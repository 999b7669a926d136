"""What a DTLS handshake is given of the datagrams that no key vouches for yet.

OpenSSL ends the handshake for good at most of what it does not expect, and until the keys are there
anybody who knows the addresses can send it. RFC 6347 section 4.1.2.7: such records are dropped.
What is well-formed and in its place is let through, so who guesses the very next message of the
handshake can still end it; nothing else can.
"""

from libc.stdint cimport uint8_t

# True for a record that may be of the peer's. `record` is whole, its header included; `client`: we
# are. Not for records of a later epoch, which have keys.
cdef bint guard_admits(const uint8_t* record, size_t size, bint client) noexcept nogil
