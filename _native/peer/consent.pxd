"""Consent of an address before media goes there (RFC 7675): it is asked by a Binding request whose
transaction nobody else can know, and the path in use is kept until it has answered.

A check proves who sent it, not where it came from: whoever is in a call could point the media of a
room at somebody else's address. An agent that is lite sends no checks to find paths (RFC 8445
section 2.5); this one asks about the one path that was chosen. Bytes in, bytes out.
"""

from libc.stdint cimport int64_t, uint8_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.packet.stun cimport StunMessage
from fastsfu._native.peer.ice cimport IceCredentials

cdef enum:
    CONSENT_TRANSACTION = 12      # bytes
    CONSENT_REQUEST_CAPACITY = 352

cdef struct Consent:
    Address current               # where media goes; family 0: nowhere yet
    Address asked                 # the last address that was; family 0: none
    uint8_t transaction[CONSENT_TRANSACTION]
    int64_t asked_us

# The request for `path`, or 0: it was asked a moment ago. The same one again and again, so that a
# late answer counts. `chance`: fresh random bytes.
cdef size_t consent_ask(
    Consent* consent, const Address* path, const IceCredentials* credentials,
    const uint8_t* chance, int64_t now_us, uint8_t* out) noexcept nogil
# True: this is the answer of the address that was asked.
cdef bint consent_given(
    const Consent* consent, const uint8_t* datagram, const StunMessage* message,
    const Address* source, const IceCredentials* credentials) noexcept nogil
