"""What a client is answered, and what is to be done besides: successes, refusals, challenges."""

from libc.stdint cimport int64_t, uint8_t, uint16_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.packet.stun cimport StunWriter
from fastsfu._native.packet.turn cimport TurnMessage
from fastsfu._native.turn.allocation cimport Allocation
from fastsfu._native.turn.credential cimport LONG_TERM_KEY_SIZE
from fastsfu._native.turn.server cimport TurnServer

cdef enum:
    TURN_ANSWER_CAPACITY = 256
    STRANGERS_PER_SECOND = 50
    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    FORBIDDEN = 403
    UNKNOWN_ATTRIBUTE = 420
    MISMATCH = 437
    STALE_NONCE = 438
    FAMILY_NOT_SUPPORTED = 440
    WRONG_CREDENTIALS = 441
    TRANSPORT_NOT_SUPPORTED = 442
    PEER_FAMILY_MISMATCH = 443
    INSUFFICIENT_CAPACITY = 508

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

# A success of an authentic request: begin, attributes, end.
cdef void answer_begin(StunWriter* writer, TurnReply* reply) noexcept nogil
cdef void answer_end(StunWriter* writer, TurnReply* reply) noexcept nogil
# The success of Allocate, with the allocation's address and what is left of its life.
cdef void answer_allocated(TurnReply* reply, int64_t now_us) noexcept nogil
# The error of an authentic request.
cdef void answer_refusal(TurnServer* server, TurnReply* reply, uint16_t error) noexcept nogil
# The error of one that is not, unsigned, with what the next try needs. None for a request so short,
# as no real one is, that a forged address would pay.
cdef void answer_challenge(
    TurnServer* server, const Address* source, uint16_t error, size_t asked, int64_t now_us,
    TurnReply* reply) noexcept nogil
# May a stranger at this address have an answer now? Counted.
cdef bint turn_answers_stranger(
    TurnServer* server, const Address* source, int64_t now_us) noexcept nogil
