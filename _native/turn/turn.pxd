"""The TURN server's decisions (RFC 8656): allocations by 5-tuple, permissions, channels, lifetimes,
quotas. Bytes in, bytes out; the clock is an argument and the sockets are the caller's.

Promise to strangers: what is not authenticated takes no memory, and gets at most
STRANGERS_PER_SECOND answers a second for each of the STRANGER_CELLS that addresses hash to. (By
TCP: for each address, see http/strangers.)
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.turn.allocation cimport Allocation
from fastsfu._native.turn.answer cimport TurnReply
from fastsfu._native.turn.server cimport TurnServer

cdef enum:
    DATA_INDICATION = 0           # from_peer: relay in a Data indication, not on a channel
    NO_PERMISSION = -1

# A STUN message other than a Binding one. bridged: it came by TCP, where http/strangers sees to it
# that nobody asks for too much. unix_s: seconds since 1970, for expiries.
cdef void turn_on_message(
    TurnServer* server, const uint8_t* datagram, size_t size, const Address* source, bint bridged,
    uint8_t listener, int64_t now_us, int64_t unix_s, TurnReply* reply) noexcept nogil
# The socket of TURN_OPEN is open (`relayed` is set), or error is the code to answer with: then the
# allocation is gone. Writes the answer.
cdef void turn_opened(
    TurnServer* server, TurnReply* reply, uint16_t error, int64_t now_us) noexcept nogil
# The peer of a channel, or NULL when it is not bound (counted).
cdef const Address* turn_channel_peer(
    TurnServer* server, const Allocation* allocation, uint16_t number,
    int64_t now_us) noexcept nogil
# How a peer's datagram goes to the client: a channel number, DATA_INDICATION or NO_PERMISSION
# (counted).
cdef int turn_from_peer(
    TurnServer* server, const Allocation* allocation, const Address* peer,
    int64_t now_us) noexcept nogil
# Room for these bytes within both quotas? Counts what is dropped.
cdef bint turn_within_quota(
    TurnServer* server, Allocation* allocation, uint32_t size, int64_t now_us) noexcept nogil
