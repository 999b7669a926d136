"""Answers written; see answer.pxd."""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memset

from fastsfu._native.base.wire cimport write_u32
from fastsfu._native.packet.stun cimport (
    XOR_MAPPED_ADDRESS, stun_begin, stun_end, stun_put, stun_put_address, stun_put_error,
)
from fastsfu._native.packet.turn cimport (
    ADDRESS_ERROR_CODE, LIFETIME, STUN_CLASS_ERROR, STUN_CLASS_SUCCESS, XOR_RELAYED_ADDRESS,
)
from fastsfu._native.turn.credential cimport credential_challenge
from fastsfu._native.turn.register cimport register_client_key
from fastsfu._native.turn.server cimport (
    STRANGER_CELLS, TURN_REFUSED, TURN_THROTTLED, TURN_UNAUTHORIZED,
)

cdef enum:
    CHALLENGE_GAIN = 3            # bytes of an answer to a stranger for one of the request


cdef void answer_begin(StunWriter* writer, TurnReply* reply) noexcept nogil:
    stun_begin(
        writer, reply.answer, reply.message.type | <uint16_t>STUN_CLASS_SUCCESS,
        reply.message.transaction_id)


cdef void answer_end(StunWriter* writer, TurnReply* reply) noexcept nogil:
    reply.size = stun_end(writer, reply.key, LONG_TERM_KEY_SIZE, reply.message.has_fingerprint)


cdef void answer_allocated(TurnReply* reply, int64_t now_us) noexcept nogil:
    cdef const Allocation* allocation = reply.allocation
    cdef const Address* relayed = &allocation.relayed
    cdef const Address* client = &allocation.client
    cdef int64_t left_s = (allocation.expires_us - now_us) // 1000000
    cdef StunWriter writer
    cdef uint8_t* value
    answer_begin(&writer, reply)
    stun_put_address(
        &writer, XOR_RELAYED_ADDRESS, relayed.family, relayed.ip, relayed.port)
    write_u32(stun_put(&writer, LIFETIME, 4), <uint32_t>left_s)
    stun_put_address(&writer, XOR_MAPPED_ADDRESS, client.family, client.ip, client.port)
    if reply.message.additional_family >= 0:      # one family for each allocation
        value = stun_put(&writer, ADDRESS_ERROR_CODE, 4)
        write_u32(value, 2u << 24 | (FAMILY_NOT_SUPPORTED // 100) << 8 | FAMILY_NOT_SUPPORTED % 100)
    answer_end(&writer, reply)


cdef void answer_refusal(TurnServer* server, TurnReply* reply, uint16_t error) noexcept nogil:
    cdef StunWriter writer
    server.counters[TURN_REFUSED] += 1
    stun_begin(
        &writer, reply.answer, reply.message.type | <uint16_t>STUN_CLASS_ERROR,
        reply.message.transaction_id)
    stun_put_error(
        &writer, error, reply.message.unknown_required if error == UNKNOWN_ATTRIBUTE else 0)
    answer_end(&writer, reply)


cdef void answer_challenge(
        TurnServer* server, const Address* source, uint16_t error, size_t asked, int64_t now_us,
        TurnReply* reply) noexcept nogil:
    cdef StunWriter writer
    server.counters[TURN_UNAUTHORIZED] += 1
    stun_begin(
        &writer, reply.answer, reply.message.type | <uint16_t>STUN_CLASS_ERROR,
        reply.message.transaction_id)
    stun_put_error(&writer, error, 0)
    if error != BAD_REQUEST:
        credential_challenge(
            &server.secret, source, <uint32_t>(now_us // 1000000), &writer)
    reply.size = stun_end(&writer, NULL, 0, reply.message.has_fingerprint)
    if reply.size > CHALLENGE_GAIN * asked:
        reply.size = 0


cdef bint turn_answers_stranger(
        TurnServer* server, const Address* source, int64_t now_us) noexcept nogil:
    """Counted by address without its port, so that a victim whose address is forged gets little."""
    cdef Address who = source[0]
    cdef uint64_t cell
    if server.strangers_second != now_us // 1000000:
        server.strangers_second = now_us // 1000000
        memset(server.strangers, 0, sizeof(server.strangers))
    who.port = 0
    cell = register_client_key(server, &who, 0) % STRANGER_CELLS
    if server.strangers[cell] >= STRANGERS_PER_SECOND:
        server.counters[TURN_THROTTLED] += 1
        return False
    server.strangers[cell] += 1
    return True
