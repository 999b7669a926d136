"""What a TURN server holds: its secret, its limits, users, allocations, counters."""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.bucket cimport Bucket
from fastsfu._native.base.table cimport Table
from fastsfu._native.turn.allocation cimport Allocation
from fastsfu._native.turn.credential cimport CredentialSecret
from fastsfu._native.turn.relayable cimport Relayable

cdef enum:
    STRANGER_CELLS = 4096

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
