"""The TURN server's decisions (RFC 8656): allocations by 5-tuple, permissions, channels, lifetimes,
quotas. Bytes in, bytes out; the clock is an argument and the sockets are the caller's.

Promise to strangers: what is not authenticated takes no memory, and gets at most
STRANGERS_PER_SECOND answers a second for each of the STRANGER_CELLS that addresses hash to.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.base.bucket cimport Bucket
from fastsfu._native.base.table cimport Table
from fastsfu._native.packet.turn cimport TurnMessage
from fastsfu._native.turn.allocation cimport Allocation
from fastsfu._native.turn.credential cimport LONG_TERM_KEY_SIZE, CredentialSecret
from fastsfu._native.turn.relayable cimport Relayable

cdef enum:
    TURN_ANSWER_CAPACITY = 256
    DATA_INDICATION = 0           # from_peer: relay in a Data indication, not on a channel
    NO_PERMISSION = -1
    STRANGER_CELLS = 4096
    STRANGERS_PER_SECOND = 50

cdef enum:                        # TurnCounter; names in engine/snapshot follow this order
    TURN_REQUESTS = 0             # authentic ones
    TURN_REFUSED                  # answered by another error than 401 and 438
    TURN_UNAUTHORIZED             # answered by 401 or 438
    TURN_THROTTLED                # strangers' that got no answer
    TURN_ALLOCATED                # allocations made
    TURN_PACKETS_SENT             # to peers
    TURN_BYTES_SENT
    TURN_PACKETS_RECEIVED         # from peers, relayed to clients
    TURN_BYTES_RECEIVED
    TURN_NO_ALLOCATION            # dropped: data of a client that has none, or an unbound channel
    TURN_NO_PERMISSION            # dropped: no permission for the peer, or a forbidden one
    TURN_OVER_BANDWIDTH           # dropped: beyond a quota
    TURN_TOO_LARGE                # dropped: longer than is relayed
    TURN_COUNTERS

cdef struct TurnUser:
    uint64_t key                  # hash of the user name's part behind the expiry
    uint32_t allocations
    uint32_t next_free            # of a free place: the next one
    Bucket bucket                 # both directions of all its allocations

cdef enum TurnEffect:             # what the caller does besides sending the answer, if there is one
    TURN_NOTHING = 0
    TURN_OPEN                     # open a socket for `allocation`, then turn_opened
    TURN_CLOSE                    # close its socket, then register_remove
    TURN_RELAY                    # send `message.data` to `peer` (a Send indication)

cdef struct TurnReply:
    uint8_t answer[TURN_ANSWER_CAPACITY]
    size_t size                   # 0 = none
    TurnEffect effect
    Allocation* allocation        # that it is about, or NULL
    TurnMessage message
    Address peer
    uint8_t key[LONG_TERM_KEY_SIZE]

cdef struct TurnServer:
    CredentialSecret secret
    Relayable relayable
    Allocation** allocations      # by index
    uint32_t max_allocations
    uint32_t allocation_count
    uint32_t allocation_top       # one above the highest index ever used
    uint32_t max_users
    uint32_t user_top             # one above the highest place in `users` ever used
    uint32_t free_user            # the first free place; user_top or more: none below
    uint32_t max_user_allocations
    int64_t user_bytes_per_s      # 0 = no limit
    int64_t bytes_per_s
    Bucket bucket                 # of all
    Table by_client               # key of the 5-tuple -> index
    Table by_user                 # TurnUser.key -> index into users, of who is admitted
    Table by_relayed              # family and port of a relayed address -> index
    TurnUser* users               # max_users
    uint64_t seed[2]
    bint has_v4                   # families that can be relayed to
    bint has_v6
    uint16_t strangers[STRANGER_CELLS]        # answers in this second
    int64_t strangers_second
    uint64_t counters[TURN_COUNTERS]

# The caller has filled secret (without nonce_key), relayable, limits and families. 0, or -errno.
cdef int turn_init(TurnServer* server) noexcept nogil
cdef void turn_free(TurnServer* server) noexcept nogil       # every allocation is closed
# A STUN message other than a Binding one. unix_s: seconds since 1970, for expiries.
cdef void turn_on_message(
    TurnServer* server, const uint8_t* datagram, size_t size, const Address* source,
    uint8_t listener, int64_t now_us, int64_t unix_s, TurnReply* reply) noexcept nogil
# The socket of TURN_OPEN is open (`relayed` is set), or error is the code to answer with: then the
# allocation is gone. Writes the answer.
cdef void turn_opened(
    TurnServer* server, TurnReply* reply, uint16_t error, int64_t now_us) noexcept nogil
# May a stranger at this address have an answer now? Counted.
cdef bint turn_answers_stranger(
    TurnServer* server, const Address* source, int64_t now_us) noexcept nogil
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
