"""One TURN allocation (RFC 8656 section 3.2): its client and relayed address, its permissions and
channels, which expire by themselves.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.turn.credential cimport TURN_USERNAME_LARGEST

cdef enum:
    TURN_PERMISSIONS = 32         # of an allocation
    TURN_CHANNELS = 32

cdef enum BindResult:
    BIND_OK = 0
    BIND_CONFLICT                 # the number or the peer is bound otherwise (section 12.2)
    BIND_NO_ROOM

cdef struct TurnPermission:
    Address peer                  # its port does not count
    int64_t expires_us

cdef struct TurnChannel:
    uint16_t number
    Address peer
    int64_t expires_us

cdef struct Allocation:
    uint32_t index
    uint64_t key                  # of its 5-tuple in by_client
    Address client
    uint8_t listener              # which of our sockets the client talks to
    Address relayed               # as clients are told
    uint32_t user                 # index into users
    uint8_t username[TURN_USERNAME_LARGEST]
    uint16_t username_size
    uint8_t transaction_id[12]    # of the Allocate request, to answer its retransmissions alike
    int64_t expires_us
    int permission_count
    TurnPermission permissions[TURN_PERMISSIONS]
    int channel_count
    TurnChannel channels[TURN_CHANNELS]
    uint64_t indications          # Data indications sent: part of their transaction ID
    void* socket                  # the caller's

# Permissions are by address; they last for five minutes, channels for ten. False: no room.
cdef bint allocation_permit(
    Allocation* allocation, const Address* peer, int64_t now_us) noexcept nogil
cdef bint allocation_permits(
    const Allocation* allocation, const Address* peer, int64_t now_us) noexcept nogil
# BindResult. Installs a permission too.
cdef int allocation_bind(
    Allocation* allocation, uint16_t number, const Address* peer, int64_t now_us) noexcept nogil
# The peer of a channel, or NULL; the channel of a peer, or 0.
cdef const Address* allocation_peer(
    const Allocation* allocation, uint16_t number, int64_t now_us) noexcept nogil
cdef uint16_t allocation_channel(
    const Allocation* allocation, const Address* peer, int64_t now_us) noexcept nogil
# What precedes the data in a Data indication; returns its size, at most DATA_OVERHEAD. The data's
# padding to 4 bytes follows it.
cdef uint32_t allocation_data_header(
    Allocation* allocation, const Address* peer, uint32_t size, uint8_t* out) noexcept nogil


cdef inline uint64_t allocation_mix(uint64_t value) noexcept nogil:
    """Every bit of the result depends on every bit of the value."""
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu
    return value ^ (value >> 31)
