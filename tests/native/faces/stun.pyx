from libc.stdint cimport uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc

from fastsfu._native.packet.stun cimport (
    STUN_SUCCESS_CAPACITY, StunMessage, StunResult, stun_parse, stun_verify, stun_write_error,
    stun_write_success)

from tests.native.faces.exact cimport exact


cdef dict as_dict(const StunMessage* message, const uint8_t* start):
    return {
        "type": message.type,
        "transaction_id": message.transaction_id[:12],
        "username": None if message.username == NULL
        else message.username[:message.username_size],
        "integrity": None if message.integrity == NULL else message.integrity[:20],
        "has_fingerprint": bool(message.has_fingerprint),
        "use_candidate": bool(message.use_candidate),
        "ice_controlling": bool(message.ice_controlling),
        "ice_controlled": bool(message.ice_controlled),
        "tie_breaker": message.tie_breaker,
        "priority": message.priority,
        "unknown_required": message.unknown_required,
        "error_code": message.error_code,
    }


def parse(bytes datagram):
    """(StunResult, message as a dict or None when it could not be read to its end)."""
    cdef StunMessage message
    cdef uint8_t* copy = exact(datagram)
    cdef StunResult result = stun_parse(copy, len(datagram), &message)
    whole = result == StunResult.STUN_OK or result == StunResult.STUN_UNKNOWN_REQUIRED
    fields = as_dict(&message, copy) if whole else None
    free(copy)
    return result, fields


def verify(bytes datagram, bytes password):
    cdef StunMessage message
    cdef uint8_t* copy = exact(datagram)
    cdef uint8_t* secret = exact(password)
    cdef bint good = False
    stun_parse(copy, len(datagram), &message)
    good = stun_verify(copy, &message, secret, len(password))
    free(copy)
    free(secret)
    return bool(good)


def write_success(bytes transaction_id, bytes address, uint16_t port, bytes password):
    cdef uint8_t* out = <uint8_t*>malloc(STUN_SUCCESS_CAPACITY)
    cdef size_t size = stun_write_success(
        out, transaction_id, 4 if len(address) == 4 else 6, address, port,
        password, len(password))
    answer = out[:size]
    free(out)
    return answer


def write_error(bytes transaction_id, uint16_t code, uint16_t unknown, bytes password):
    cdef uint8_t* out = <uint8_t*>malloc(STUN_SUCCESS_CAPACITY)
    cdef size_t size = stun_write_error(
        out, transaction_id, code, unknown, password, len(password))
    answer = out[:size]
    free(out)
    return answer


def check_many(bytes datagram, bytes password, uint32_t rounds):
    """Parse and verify, again and again; how often it was good."""
    cdef StunMessage message
    cdef uint8_t* copy = exact(datagram)
    cdef const uint8_t* secret = password
    cdef size_t size = len(datagram)
    cdef size_t secret_size = len(password)
    cdef uint32_t good = 0
    cdef uint32_t _turn
    with nogil:
        for _turn in range(rounds):
            good += (
                stun_parse(copy, size, &message) == StunResult.STUN_OK
                and stun_verify(copy, &message, secret, secret_size))
    free(copy)
    return good


def parse_many(bytes datagram, uint32_t rounds):
    cdef StunMessage message
    cdef uint8_t* copy = exact(datagram)
    cdef size_t size = len(datagram)
    cdef uint32_t good = 0
    cdef uint32_t _turn
    with nogil:
        for _turn in range(rounds):
            good += stun_parse(copy, size, &message) == StunResult.STUN_OK
    free(copy)
    return good
