"""See turn.pxd.

A request is parsed, authenticated, and then handled by the function of its method; that writes a
success, or returns the error code that its caller answers with.
"""

from libc.string cimport memcmp, memset

from fastsfu._native.base.bucket cimport bucket_take
from fastsfu._native.base.wire cimport write_u32
from fastsfu._native.packet.stun cimport (
    STUN_OK, STUN_UNKNOWN_REQUIRED, StunResult, StunWriter, stun_put,
)
from fastsfu._native.packet.turn cimport (
    CHANNEL_FIRST, CHANNEL_LAST, LIFETIME, STUN_CLASS, TURN_ALLOCATE, TURN_CHANNEL_BIND,
    TURN_CREATE_PERMISSION, TURN_MOST_PEERS, TURN_REFRESH, TURN_SEND_INDICATION, TurnMessage,
    turn_parse, turn_read_address,
)
from fastsfu._native.turn.allocation cimport (
    BIND_CONFLICT, BIND_NO_ROOM, allocation_bind, allocation_channel, allocation_peer,
    allocation_permit, allocation_permits,
)
from fastsfu._native.turn.answer cimport (
    BAD_REQUEST, FAMILY_NOT_SUPPORTED, FORBIDDEN, INSUFFICIENT_CAPACITY, MISMATCH,
    PEER_FAMILY_MISMATCH, TRANSPORT_NOT_SUPPORTED, TURN_CLOSE, TURN_NOTHING, TURN_OPEN, TURN_RELAY,
    UNAUTHORIZED, UNKNOWN_ATTRIBUTE, WRONG_CREDENTIALS, answer_allocated, answer_begin,
    answer_challenge, answer_end, answer_refusal, turn_answers_stranger,
)
from fastsfu._native.turn.credential cimport credential_check
from fastsfu._native.turn.register cimport (
    register_add, register_find, register_relayed, register_remove, register_user,
)
from fastsfu._native.turn.relayable cimport relayable_address, relayable_endpoint
from fastsfu._native.turn.server cimport (
    TURN_ALLOCATED, TURN_NO_ALLOCATION, TURN_NO_PERMISSION, TURN_OVER_BANDWIDTH, TURN_REQUESTS,
    TurnUser,
)

cdef enum:
    UDP = 17                      # REQUESTED-TRANSPORT: an IP protocol number
    LIFETIME_S = 600              # RFC 8656 section 3.2, and the least that a client gets
    LONGEST_LIFETIME_S = 3600     # section 7.2


cdef void turn_on_message(
        TurnServer* server, const uint8_t* datagram, size_t size, const Address* source,
        bint bridged, uint8_t listener, int64_t now_us, int64_t unix_s,
        TurnReply* reply) noexcept nogil:
    cdef StunResult result = turn_parse(datagram, size, &reply.message)
    cdef uint16_t error
    reply.size = 0
    reply.effect = TURN_NOTHING
    reply.allocation = NULL
    if result != STUN_OK and result != STUN_UNKNOWN_REQUIRED:
        return
    if reply.message.type == TURN_SEND_INDICATION:
        if result == STUN_OK:
            on_send(server, source, listener, now_us, reply)
        return
    if reply.message.type & STUN_CLASS:
        return                    # a server gets no responses and no other indications
    error = credential_check(
        &server.secret, datagram, &reply.message, source, <uint32_t>(now_us // 1000000), unix_s,
        reply.key)
    if error == 0 and register_user(server, &reply.message) < 0:
        error = UNAUTHORIZED
    if error:
        if bridged or turn_answers_stranger(server, source, now_us):
            answer_challenge(server, source, error, size, now_us, reply)
        return
    server.counters[TURN_REQUESTS] += 1
    reply.allocation = register_find(server, source, listener)
    error = UNKNOWN_ATTRIBUTE if result == STUN_UNKNOWN_REQUIRED else on_request(
        server, source, listener, now_us, reply)
    if error:
        answer_refusal(server, reply, error)


cdef uint16_t on_request(
        TurnServer* server, const Address* source, uint8_t listener, int64_t now_us,
        TurnReply* reply) noexcept nogil:
    """An authentic request: 0, or an error code."""
    if reply.message.type == TURN_ALLOCATE:
        return on_allocate(server, source, listener, now_us, reply)
    if reply.allocation == NULL:
        return MISMATCH
    if not is_owner(reply.allocation, &reply.message):
        return WRONG_CREDENTIALS
    if reply.message.type == TURN_REFRESH:
        return on_refresh(server, now_us, reply)
    if reply.message.type == TURN_CREATE_PERMISSION:
        return on_create_permission(server, now_us, reply)
    if reply.message.type == TURN_CHANNEL_BIND:
        return on_channel_bind(server, now_us, reply)
    return BAD_REQUEST


# Allocations (sections 7 and 8)


cdef uint16_t on_allocate(
        TurnServer* server, const Address* source, uint8_t listener, int64_t now_us,
        TurnReply* reply) noexcept nogil:
    """Section 7.2, in its order."""
    cdef TurnMessage* message = &reply.message
    cdef int family = 4 if message.family < 0 else message.family
    cdef uint16_t error
    if reply.allocation != NULL:
        return again(reply, now_us)
    if message.transport < 0:
        return BAD_REQUEST
    if message.transport != UDP:
        return TRANSPORT_NOT_SUPPORTED
    if message.additional_family >= 0 and (
            message.family >= 0 or message.even_port or message.additional_family != 6):
        return BAD_REQUEST
    if message.has_reservation and (message.even_port or message.family >= 0):
        return BAD_REQUEST
    if not (family == 4 and server.has_v4 or family == 6 and server.has_v6):
        return FAMILY_NOT_SUPPORTED
    # Ports are not kept in reserve: a pair of them was for RTP and RTCP apart.
    if message.has_reservation or message.reserve_next:
        return INSUFFICIENT_CAPACITY
    error = register_add(server, source, listener, message, &reply.allocation)
    if error:
        return error
    reply.allocation.relayed.family = <uint8_t>family
    reply.allocation.expires_us = now_us + lifetime_s(message) * 1000000
    reply.effect = TURN_OPEN
    return 0


cdef uint16_t again(TurnReply* reply, int64_t now_us) noexcept nogil:
    """The client has an allocation: a retransmitted request gets the same answer."""
    cdef Allocation* allocation = reply.allocation
    if memcmp(allocation.transaction_id, reply.message.transaction_id, 12) != 0:
        return MISMATCH
    answer_allocated(reply, now_us)
    return 0


cdef void turn_opened(
        TurnServer* server, TurnReply* reply, uint16_t error, int64_t now_us) noexcept nogil:
    reply.effect = TURN_NOTHING
    if error:
        register_remove(server, reply.allocation)
        reply.allocation = NULL
        answer_refusal(server, reply, error)
        return
    register_relayed(server, reply.allocation)
    server.counters[TURN_ALLOCATED] += 1
    answer_allocated(reply, now_us)


cdef bint is_owner(const Allocation* allocation, const TurnMessage* message) noexcept nogil:
    """Section 5: later requests use the credentials of the first."""
    return message.username_size == allocation.username_size and memcmp(
        message.username, allocation.username, message.username_size) == 0


cdef int64_t lifetime_s(const TurnMessage* message) noexcept nogil:
    return max(<int64_t>LIFETIME_S, min(message.lifetime_s, <int64_t>LONGEST_LIFETIME_S))


cdef uint16_t on_refresh(TurnServer* server, int64_t now_us, TurnReply* reply) noexcept nogil:
    cdef StunWriter writer
    cdef int64_t lifetime = lifetime_s(&reply.message)
    if reply.message.family >= 0 and reply.message.family != reply.allocation.relayed.family:
        return PEER_FAMILY_MISMATCH
    if reply.message.lifetime_s == 0:
        lifetime = 0
        reply.effect = TURN_CLOSE
    reply.allocation.expires_us = now_us + lifetime * 1000000
    answer_begin(&writer, reply)
    write_u32(stun_put(&writer, LIFETIME, 4), <uint32_t>lifetime)
    answer_end(&writer, reply)
    return 0


# Permissions and channels (sections 9 to 12)


cdef uint16_t on_create_permission(
        TurnServer* server, int64_t now_us, TurnReply* reply) noexcept nogil:
    """When one address cannot be permitted, the request fails; so many are never needed at once
    that it matters which of the others were.
    """
    cdef Allocation* allocation = reply.allocation
    cdef TurnMessage* message = &reply.message
    cdef StunWriter writer
    cdef int i
    if message.peer_count == 0:
        return BAD_REQUEST
    if message.peer_count > TURN_MOST_PEERS:
        return INSUFFICIENT_CAPACITY
    for i in range(message.peer_count):
        read_peer(message, i, &reply.peer)
        if reply.peer.family != allocation.relayed.family:
            return PEER_FAMILY_MISMATCH
        if not relayable_address(&server.relayable, &reply.peer):
            return FORBIDDEN
    for i in range(message.peer_count):
        read_peer(message, i, &reply.peer)
        if not allocation_permit(allocation, &reply.peer, now_us):
            return INSUFFICIENT_CAPACITY
    answer_begin(&writer, reply)
    answer_end(&writer, reply)
    return 0


cdef uint16_t on_channel_bind(
        TurnServer* server, int64_t now_us, TurnReply* reply) noexcept nogil:
    cdef Allocation* allocation = reply.allocation
    cdef TurnMessage* message = &reply.message
    cdef StunWriter writer
    cdef int bound
    if message.peer_count != 1 or not CHANNEL_FIRST <= message.channel <= CHANNEL_LAST:
        return BAD_REQUEST
    read_peer(message, 0, &reply.peer)
    if reply.peer.family != allocation.relayed.family:
        return PEER_FAMILY_MISMATCH
    if not relayable_endpoint(&server.relayable, &reply.peer):
        return FORBIDDEN
    bound = allocation_bind(allocation, <uint16_t>message.channel, &reply.peer, now_us)
    if bound == BIND_CONFLICT:
        return BAD_REQUEST
    if bound == BIND_NO_ROOM:
        return INSUFFICIENT_CAPACITY
    answer_begin(&writer, reply)
    answer_end(&writer, reply)
    return 0


# Data


cdef void on_send(
        TurnServer* server, const Address* source, uint8_t listener, int64_t now_us,
        TurnReply* reply) noexcept nogil:
    """Section 11.2; dropped silently when anything is amiss."""
    reply.allocation = register_find(server, source, listener)
    if reply.allocation == NULL or reply.message.data == NULL or reply.message.peer_count != 1:
        server.counters[TURN_NO_ALLOCATION] += 1
        return
    read_peer(&reply.message, 0, &reply.peer)
    if not (allocation_permits(reply.allocation, &reply.peer, now_us)
            and relayable_endpoint(&server.relayable, &reply.peer)):
        server.counters[TURN_NO_PERMISSION] += 1
        return
    if turn_within_quota(server, reply.allocation, reply.message.data_size, now_us):
        reply.effect = TURN_RELAY


cdef const Address* turn_channel_peer(
        TurnServer* server, const Allocation* allocation, uint16_t number,
        int64_t now_us) noexcept nogil:
    cdef const Address* peer = allocation_peer(allocation, number, now_us)
    if peer == NULL:
        server.counters[TURN_NO_ALLOCATION] += 1
        return NULL
    if not relayable_endpoint(&server.relayable, peer):       # its allocation may be gone
        server.counters[TURN_NO_PERMISSION] += 1
        return NULL
    return peer


cdef int turn_from_peer(
        TurnServer* server, const Allocation* allocation, const Address* peer,
        int64_t now_us) noexcept nogil:
    if not allocation_permits(allocation, peer, now_us):
        server.counters[TURN_NO_PERMISSION] += 1
        return NO_PERMISSION
    return allocation_channel(allocation, peer, now_us)


cdef bint turn_within_quota(
        TurnServer* server, Allocation* allocation, uint32_t size, int64_t now_us) noexcept nogil:
    cdef TurnUser* user = &server.users[allocation.user]
    if bucket_take(&user.bucket, server.user_bytes_per_s, size, now_us) and bucket_take(
            &server.bucket, server.bytes_per_s, size, now_us):
        return True
    server.counters[TURN_OVER_BANDWIDTH] += 1
    return False


cdef void read_peer(const TurnMessage* message, int i, Address* peer) noexcept nogil:
    memset(peer, 0, sizeof(Address))
    turn_read_address(
        message.peers[i], message.transaction_id, &peer.family, peer.ip, &peer.port)


# Answers
