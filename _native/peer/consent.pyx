"""See consent.pxd."""

from libc.stdint cimport uint16_t
from libc.string cimport memcmp, memcpy

from fastsfu._native.base.address cimport address_equal
from fastsfu._native.base.wire cimport write_u32
from fastsfu._native.packet.stun cimport (
    ICE_CONTROLLED, PRIORITY, STUN_BINDING_REQUEST, STUN_BINDING_SUCCESS, USERNAME, StunWriter,
    stun_begin, stun_end, stun_put, stun_verify,
)
from fastsfu._native.peer.ice cimport ICE_UFRAG_SIZE

cdef enum:
    APART_US = 50000              # between two requests: RFC 8445's pace of checks (section 14.2)
    PEER_REFLEXIVE = 0x6EFFFFFF   # PRIORITY of a path that a check found (section 5.1.2.1)


cdef size_t consent_ask(
        Consent* consent, const Address* path, const IceCredentials* credentials,
        const uint8_t* chance, int64_t now_us, uint8_t* out) noexcept nogil:
    cdef StunWriter writer
    cdef uint8_t* username
    cdef uint16_t remote_size = credentials.remote_ufrag_size
    if not address_equal(&consent.asked, path):
        consent.asked = path[0]
        memcpy(consent.transaction, chance, CONSENT_TRANSACTION)
    elif now_us - consent.asked_us < APART_US:
        return 0
    consent.asked_us = now_us
    stun_begin(&writer, out, STUN_BINDING_REQUEST, consent.transaction)
    username = stun_put(&writer, USERNAME, remote_size + 1 + ICE_UFRAG_SIZE)
    memcpy(username, credentials.remote_ufrag, remote_size)
    username[remote_size] = c':'
    memcpy(username + remote_size + 1, credentials.ufrag, ICE_UFRAG_SIZE)
    write_u32(stun_put(&writer, PRIORITY, 4), PEER_REFLEXIVE)
    memcpy(stun_put(&writer, ICE_CONTROLLED, 8), consent.transaction, 8)    # a tie-breaker
    return stun_end(
        &writer, credentials.remote_password, credentials.remote_password_size, True)


cdef bint consent_given(
        const Consent* consent, const uint8_t* datagram, const StunMessage* message,
        const Address* source, const IceCredentials* credentials) noexcept nogil:
    return (
        message.type == STUN_BINDING_SUCCESS and address_equal(&consent.asked, source)
        and memcmp(message.transaction_id, consent.transaction, CONSENT_TRANSACTION) == 0
        and stun_verify(
            datagram, message, credentials.remote_password, credentials.remote_password_size))
