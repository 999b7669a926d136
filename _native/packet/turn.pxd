"""TURN messages (RFC 8656) as a server needs them: read a request or indication, ChannelData.

No allocation; pointers are into the datagram and live as long as it. What is written goes through
the StunWriter of packet/stun.

     0                   1                   2                   3
    |         Channel Number        |            Length             |
    |                       Application Data ...
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.base.wire cimport read_u16
from fastsfu._native.packet.stun cimport StunResult

cdef enum:                        # message types: method and class
    TURN_ALLOCATE = 0x0003
    TURN_REFRESH = 0x0004
    TURN_CREATE_PERMISSION = 0x0008
    TURN_CHANNEL_BIND = 0x0009
    TURN_SEND_INDICATION = 0x0016
    TURN_DATA_INDICATION = 0x0017
    STUN_CLASS = 0x0110           # mask of the class; 0 = request
    STUN_CLASS_SUCCESS = 0x0100
    STUN_CLASS_ERROR = 0x0110

cdef enum:                        # attributes (RFC 8656 section 18)
    CHANNEL_NUMBER = 0x000C
    LIFETIME = 0x000D
    XOR_PEER_ADDRESS = 0x0012
    DATA = 0x0013
    XOR_RELAYED_ADDRESS = 0x0016
    REQUESTED_ADDRESS_FAMILY = 0x0017
    EVEN_PORT = 0x0018
    REQUESTED_TRANSPORT = 0x0019
    DONT_FRAGMENT = 0x001A
    RESERVATION_TOKEN = 0x0022
    ADDITIONAL_ADDRESS_FAMILY = 0x8000
    ADDRESS_ERROR_CODE = 0x8001

cdef enum:
    CHANNEL_HEADER_SIZE = 4
    # RFC 8656 section 12 lets clients bind up to 0x4FFF; those of RFC 5766 (section 11) go further.
    CHANNEL_FIRST = 0x4000
    CHANNEL_LAST = 0x7FFE
    TURN_MOST_PEERS = 16          # XOR-PEER-ADDRESS attributes read of one message
    DATA_OVERHEAD = 48            # header, XOR-PEER-ADDRESS and DATA before the data, at most

cdef struct TurnMessage:
    uint16_t type
    const uint8_t* transaction_id # 12 bytes
    const uint8_t* username       # not terminated; NULL when absent, as all pointers here
    const uint8_t* realm
    const uint8_t* nonce
    const uint8_t* integrity      # the 20 bytes of MESSAGE-INTEGRITY
    uint16_t username_size
    uint16_t realm_size
    uint16_t nonce_size
    bint has_fingerprint          # present and right
    int64_t lifetime_s            # -1 = absent
    int32_t channel               # -1 = absent
    int32_t transport             # IP protocol number; -1 = absent
    int32_t family                # 4 or 6; 0 = some other; -1 = absent
    int32_t additional_family     # the same
    bint even_port
    bint reserve_next             # EVEN-PORT's R bit
    bint has_reservation
    bint dont_fragment
    const uint8_t* data
    uint16_t data_size
    const uint8_t* peers[TURN_MOST_PEERS]     # values of XOR-PEER-ADDRESS, of a right size
    int peer_count                # beyond TURN_MOST_PEERS they are counted, not kept
    uint16_t unknown_required     # the first attribute that would have to be known, else 0

cdef StunResult turn_parse(
    const uint8_t* datagram, size_t size, TurnMessage* message) noexcept nogil
# An XOR-PEER-ADDRESS that turn_parse kept: family (4 or 6), address (16 bytes, zeroes behind an
# IPv4 one), port in host order.
cdef void turn_read_address(
    const uint8_t* value, const uint8_t* transaction_id, uint8_t* family, uint8_t* address,
    uint16_t* port) noexcept nogil


cdef inline int channel_data_size(const uint8_t* datagram, size_t size) noexcept nogil:
    """Bytes of application data of a ChannelData message; -1: longer than the datagram. Over UDP
    padding may follow (RFC 8656 section 12.5).
    """
    cdef size_t length
    if size < CHANNEL_HEADER_SIZE:
        return -1
    length = read_u16(datagram + 2)
    return <int>length if length <= size - CHANNEL_HEADER_SIZE else -1
