"""STUN messages (RFC 8489) as an ICE-lite agent needs them (RFC 8445): read a Binding request or
indication, verify it, write the answer. No allocation; pointers are into the datagram and live as
long as it.

     0                   1                   2                   3
    |0 0|     message type          |        message length         |
    |                  magic cookie 0x2112A442                      |
    |                  transaction ID (96 bits)                     |
    |     attribute type            |        attribute length       | ...
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    STUN_HEADER_SIZE = 20
    STUN_COOKIE = 0x2112A442
    STUN_BINDING_REQUEST = 0x0001
    STUN_BINDING_INDICATION = 0x0011
    STUN_BINDING_SUCCESS = 0x0101
    STUN_BINDING_ERROR = 0x0111
    STUN_SUCCESS_CAPACITY = 128   # bytes that always hold an answer, success or error

cpdef enum StunResult:
    STUN_OK = 0
    STUN_MALFORMED            # header, cookie, length or an attribute beyond the end
    STUN_BAD_FINGERPRINT
    # A comprehension-required attribute we do not know; `unknown_required` names the first. The
    # message is read to its end all the same: it can be verified and answered with 420.
    STUN_UNKNOWN_REQUIRED

cdef struct StunMessage:
    uint16_t type
    const uint8_t* transaction_id   # 12 bytes
    const uint8_t* username         # not terminated; NULL when absent
    uint16_t username_size
    const uint8_t* integrity        # the 20 bytes of MESSAGE-INTEGRITY, NULL when absent
    bint has_fingerprint            # present and right
    bint use_candidate
    bint ice_controlling
    bint ice_controlled
    uint64_t tie_breaker            # of ICE-CONTROLLING or ICE-CONTROLLED
    uint32_t priority
    uint16_t unknown_required
    uint16_t error_code             # of a Binding error response, else 0

cdef StunResult stun_parse(
    const uint8_t* datagram, size_t size, StunMessage* message) noexcept nogil
# MESSAGE-INTEGRITY (HMAC-SHA1, short-term credential): compares in constant time. False when there
# is none, and for a message longer than BUFFER_CAPACITY.
cdef bint stun_verify(
    const uint8_t* datagram, const StunMessage* message,
    const uint8_t* password, size_t password_size) noexcept nogil
# A Binding success response with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT. family: 4
# or 6; address: 4 or 16 bytes, network order; port in host order. Returns its size.
cdef size_t stun_write_success(
    uint8_t* out, const uint8_t* transaction_id, int family, const uint8_t* address, uint16_t port,
    const uint8_t* password, size_t password_size) noexcept nogil
# A Binding error response (e.g. 487 Role Conflict, 420 with the unknown attribute, else 0), same
# tail. Returns its size.
cdef size_t stun_write_error(
    uint8_t* out, const uint8_t* transaction_id, uint16_t code, uint16_t unknown_attribute,
    const uint8_t* password, size_t password_size) noexcept nogil
