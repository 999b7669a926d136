"""STUN messages (RFC 8489) as an ICE-lite agent needs them (RFC 8445): read a Binding request or
indication, verify it, write the answer. What TURN adds is in packet/turn. No allocation; pointers
are into the datagram and live as long as it.

     0                   1                   2                   3
    |0 0|     message type          |        message length         |
    |                  magic cookie 0x2112A442                      |
    |                  transaction ID (96 bits)                     |
    |     attribute type            |        attribute length       | ...
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.wire cimport read_u16

cdef enum:
    STUN_HEADER_SIZE = 20
    STUN_COOKIE = 0x2112A442
    STUN_BINDING_REQUEST = 0x0001
    STUN_BINDING_INDICATION = 0x0011
    STUN_BINDING_SUCCESS = 0x0101
    STUN_BINDING_ERROR = 0x0111
    STUN_SUCCESS_CAPACITY = 128   # bytes that always hold an answer, success or error

cdef enum StunAttribute:      # IANA registry "STUN Attributes"
    MAPPED_ADDRESS = 0x0001
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    REALM = 0x0014
    NONCE = 0x0015
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    PASSWORD_ALGORITHM = 0x001D
    USERHASH = 0x001E
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    COMPREHENSION_OPTIONAL = 0x8000   # from here on
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A

cdef enum:
    INTEGRITY_SIZE = 20
    USERNAME_LARGEST = 508            # RFC 8489 section 14.3

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

cdef struct StunCursor:       # a walk over the attributes of a message
    const uint8_t* datagram
    size_t end
    size_t offset             # of the next one
    uint16_t attribute
    uint16_t size             # of its value
    const uint8_t* value
    bint has_fingerprint      # present and right, so far
    StunResult result         # when the walk has ended: why

cdef struct StunWriter:       # a message being written
    uint8_t* out
    uint8_t* end              # where the next attribute begins

cdef StunResult stun_parse(
    const uint8_t* datagram, size_t size, StunMessage* message) noexcept nogil
# MESSAGE-INTEGRITY (HMAC-SHA1, short-term credential): compares in constant time. False when there
# is none, and for a message longer than BUFFER_CAPACITY.
cdef bint stun_verify(
    const uint8_t* datagram, const StunMessage* message,
    const uint8_t* password, size_t password_size) noexcept nogil
# The same for a MESSAGE-INTEGRITY whose value is at `integrity`, with any key.
cdef bint stun_verify_at(
    const uint8_t* datagram, const uint8_t* integrity, const uint8_t* key,
    size_t key_size) noexcept nogil
# Begin a walk over the attributes. False: type, length or cookie is wrong.
cdef bint stun_walk(StunCursor* cursor, const uint8_t* datagram, size_t size) noexcept nogil
# The next attribute but FINGERPRINT, which is checked. False: the end, of which `result` says more.
cdef bint stun_next(StunCursor* cursor) noexcept nogil
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

# Writing attribute by attribute; `out` has to have room for all of it.
cdef void stun_begin(
    StunWriter* writer, uint8_t* out, uint16_t message_type,
    const uint8_t* transaction_id) noexcept nogil
# Room for a value of `size` bytes, its padding zeroed.
cdef uint8_t* stun_put(StunWriter* writer, uint16_t attribute, uint16_t size) noexcept nogil
# XOR-MAPPED-ADDRESS and its like (section 14.2).
cdef void stun_put_address(
    StunWriter* writer, uint16_t attribute, int family, const uint8_t* address,
    uint16_t port) noexcept nogil
# ERROR-CODE without a phrase, and for 420 the attribute that is not known.
cdef void stun_put_error(
    StunWriter* writer, uint16_t code, uint16_t unknown_attribute) noexcept nogil
# MESSAGE-INTEGRITY when there is a key, FINGERPRINT when asked for, the length. Returns its size.
cdef size_t stun_end(
    StunWriter* writer, const uint8_t* key, size_t key_size, bint fingerprint) noexcept nogil


cdef inline bint stun_is_binding(const uint8_t* datagram) noexcept nogil:
    """A Binding message of any class."""
    return read_u16(datagram) & 0xFEEF == STUN_BINDING_REQUEST
