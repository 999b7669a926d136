"""See turn.pxd.

A request is parsed, authenticated, and then handled by the function of its method; that writes a
success, or returns the error code that its caller answers with.
"""

from libc.errno cimport EIO, ENOMEM
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memset

from fastsfu._native.base.bucket cimport bucket_take
from fastsfu._native.base.posix cimport explicit_bzero, getrandom
from fastsfu._native.base.table cimport table_free, table_init
from fastsfu._native.base.wire cimport write_u32
from fastsfu._native.packet.stun cimport (
    STUN_OK, STUN_UNKNOWN_REQUIRED, XOR_MAPPED_ADDRESS, StunResult, StunWriter,
    stun_begin, stun_end, stun_put, stun_put_address, stun_put_error,
)
from fastsfu._native.packet.turn cimport (
    ADDRESS_ERROR_CODE, CHANNEL_FIRST, CHANNEL_LAST, LIFETIME,
    STUN_CLASS, STUN_CLASS_ERROR, STUN_CLASS_SUCCESS, TURN_ALLOCATE, TURN_CHANNEL_BIND,
    TURN_CREATE_PERMISSION, TURN_MOST_PEERS, TURN_REFRESH,
    TURN_SEND_INDICATION, XOR_RELAYED_ADDRESS, TurnMessage, turn_parse,
    turn_read_address,
)
from fastsfu._native.turn.allocation cimport (
    BIND_CONFLICT, BIND_NO_ROOM, allocation_bind, allocation_channel,
    allocation_peer, allocation_permit, allocation_permits,
)
from fastsfu._native.turn.credential cimport credential_challenge, credential_check
from fastsfu._native.turn.register cimport (
    register_add, register_client_key, register_find, register_relayed, register_remove,
    register_user,
)
from fastsfu._native.turn.relayable cimport relayable_address, relayable_endpoint

cdef enum:
    UDP = 17                      # REQUESTED-TRANSPORT: an IP protocol number
    LIFETIME_S = 600              # RFC 8656 section 3.2, and the least that a client gets
    LONGEST_LIFETIME_S = 3600     # section 7.2
    CHALLENGE_GAIN = 3            # bytes of an answer to a stranger for one of the request
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


cdef int turn_init(TurnServer* server) noexcept nogil:
    cdef int error
    server.allocations = <Allocation**>calloc(server.max_allocations, sizeof(Allocation*))
    server.users = <TurnUser*>calloc(server.max_users, sizeof(TurnUser))
    if server.allocations == NULL or server.users == NULL:
        return -ENOMEM
    if (getrandom(server.seed, sizeof(server.seed), 0) < 0
            or getrandom(server.secret.nonce_key, sizeof(server.secret.nonce_key), 0) < 0):
        return -EIO
    error = table_init(&server.by_client, 64)
    error = error or table_init(&server.by_user, 64)
    return error or table_init(&server.by_relayed, 64)


cdef void turn_free(TurnServer* server) noexcept nogil:
    table_free(&server.by_client)
    table_free(&server.by_user)
    table_free(&server.by_relayed)
    free(server.allocations)
    free(server.users)
    explicit_bzero(server, sizeof(TurnServer))


cdef void turn_on_message(
        TurnServer* server, const uint8_t* datagram, size_t size, const Address* source,
        uint8_t listener, int64_t now_us, int64_t unix_s, TurnReply* reply) noexcept nogil:
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
        challenge(server, source, error, size, now_us, reply)
        return
    server.counters[TURN_REQUESTS] += 1
    reply.allocation = register_find(server, source, listener)
    error = UNKNOWN_ATTRIBUTE if result == STUN_UNKNOWN_REQUIRED else on_request(
        server, source, listener, now_us, reply)
    if error:
        refuse(server, reply, error)


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
    write_allocated(reply, now_us)
    return 0


cdef void turn_opened(
        TurnServer* server, TurnReply* reply, uint16_t error, int64_t now_us) noexcept nogil:
    reply.effect = TURN_NOTHING
    if error:
        register_remove(server, reply.allocation)
        reply.allocation = NULL
        refuse(server, reply, error)
        return
    register_relayed(server, reply.allocation)
    server.counters[TURN_ALLOCATED] += 1
    write_allocated(reply, now_us)


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
    begin_success(&writer, reply)
    write_u32(stun_put(&writer, LIFETIME, 4), <uint32_t>lifetime)
    end(&writer, reply)
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
    begin_success(&writer, reply)
    end(&writer, reply)
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
    begin_success(&writer, reply)
    end(&writer, reply)
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


cdef void begin_success(StunWriter* writer, TurnReply* reply) noexcept nogil:
    stun_begin(
        writer, reply.answer, reply.message.type | <uint16_t>STUN_CLASS_SUCCESS,
        reply.message.transaction_id)


cdef void end(StunWriter* writer, TurnReply* reply) noexcept nogil:
    reply.size = stun_end(writer, reply.key, LONG_TERM_KEY_SIZE, reply.message.has_fingerprint)


cdef void write_allocated(TurnReply* reply, int64_t now_us) noexcept nogil:
    cdef const Allocation* allocation = reply.allocation
    cdef const Address* relayed = &allocation.relayed
    cdef const Address* client = &allocation.client
    cdef int64_t left_s = (allocation.expires_us - now_us) // 1000000
    cdef StunWriter writer
    cdef uint8_t* value
    begin_success(&writer, reply)
    stun_put_address(
        &writer, XOR_RELAYED_ADDRESS, relayed.family, relayed.ip, relayed.port)
    write_u32(stun_put(&writer, LIFETIME, 4), <uint32_t>left_s)
    stun_put_address(&writer, XOR_MAPPED_ADDRESS, client.family, client.ip, client.port)
    if reply.message.additional_family >= 0:      # one family for each allocation
        value = stun_put(&writer, ADDRESS_ERROR_CODE, 4)
        write_u32(value, 2u << 24 | (FAMILY_NOT_SUPPORTED // 100) << 8 | FAMILY_NOT_SUPPORTED % 100)
    end(&writer, reply)


cdef void refuse(TurnServer* server, TurnReply* reply, uint16_t error) noexcept nogil:
    """The error of an authentic request."""
    cdef StunWriter writer
    server.counters[TURN_REFUSED] += 1
    stun_begin(
        &writer, reply.answer, reply.message.type | <uint16_t>STUN_CLASS_ERROR,
        reply.message.transaction_id)
    stun_put_error(
        &writer, error, reply.message.unknown_required if error == UNKNOWN_ATTRIBUTE else 0)
    end(&writer, reply)


cdef void challenge(
        TurnServer* server, const Address* source, uint16_t error, size_t asked, int64_t now_us,
        TurnReply* reply) noexcept nogil:
    """The error of one that is not, unsigned, with what the next try needs. None for a request so
    short, as no real one is, that a forged address would pay.
    """
    cdef StunWriter writer
    if not turn_answers_stranger(server, source, now_us):
        return
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
