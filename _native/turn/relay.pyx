"""See relay.pxd."""

from libc.errno cimport errno
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset
from posix.unistd cimport close

from fastsfu._native.base.atomic cimport add_u32, load_u32
from fastsfu._native.base.net cimport EPOLL_CTL_ADD, EPOLLIN, epoll_ctl, epoll_event
from fastsfu._native.base.wire cimport read_u16, write_u16
from fastsfu._native.net.outbox cimport (
    NO_FLOW, OUTBOX_LARGE, OUTBOX_LARGEST, OutboxSlot, outbox_begin, outbox_extend, outbox_flush,
    outbox_flush_due, outbox_free, outbox_init, outbox_more,
)
from fastsfu._native.net.socket_address cimport (
    SocketAddress, destination_settle, local_address_is, socket_address,
)
from fastsfu._native.net.udp cimport (
    UDP_BATCH, udp_close, udp_next, udp_open, udp_open_shared, udp_receive, udp_send_one,
    udp_set_df,
)
from fastsfu._native.packet.demux cimport KIND_STUN, KIND_TURN_CHANNEL, demux
from fastsfu._native.packet.stun cimport (
    STUN_BINDING_REQUEST, STUN_BINDING_SUCCESS, STUN_OK, XOR_MAPPED_ADDRESS, StunMessage,
    StunWriter, stun_begin, stun_end, stun_is_binding, stun_parse, stun_put_address,
)
from fastsfu._native.packet.turn cimport CHANNEL_HEADER_SIZE, DATA_OVERHEAD, channel_data_size
from fastsfu._native.turn.allocation cimport Allocation, allocation_data_header
from fastsfu._native.turn.answer cimport (
    TURN_ANSWER_CAPACITY, TURN_CLOSE, TURN_OPEN, TURN_RELAY, turn_answers_stranger,
)
from fastsfu._native.turn.ports cimport ports_address, ports_bind
from fastsfu._native.turn.register cimport (
    register_find, register_find_relayed, register_named, register_remove, register_revoke,
)
from fastsfu._native.turn.server cimport (
    TURN_BYTES_RECEIVED, TURN_BYTES_SENT, TURN_NO_ALLOCATION, TURN_PACKETS_RECEIVED,
    TURN_PACKETS_SENT, TURN_TOO_LARGE, TurnServer, turn_free, turn_init,
)
from fastsfu._native.turn.turn cimport (
    NO_PERMISSION, turn_channel_peer, turn_from_peer, turn_on_message, turn_opened,
    turn_within_quota,
)

cdef enum:
    INSUFFICIENT_CAPACITY = 508
    BATCHES_IN_A_ROW = 4

# By port: how many allocations of this process have it: one of each address, of whatever worker.
cdef uint32_t LIVE_PORTS[65536]


cdef int relay_init(Relay* relay, int epoll, bint gso, bint gro) noexcept nogil:
    cdef int error
    relay.gro = gro
    relay.epoll = epoll
    relay.extra.fd = -1
    relay.server.relayable.live_ports = LIVE_PORTS
    error = turn_init(&relay.server)
    error = error or udp_open_shared(&relay.shared, gso)
    return error or outbox_init(&relay.outbox)


cdef int relay_open_extra(
        Relay* relay, const char* host, uint16_t port, bint gso, bint gro) noexcept nogil:
    cdef epoll_event event
    cdef int error = udp_open(&relay.extra, host, port, gso, gro)
    if error < 0:
        return error
    event.events = EPOLLIN
    event.data.u64 = RELAY_EXTRA
    return -errno if epoll_ctl(relay.epoll, EPOLL_CTL_ADD, relay.extra.fd, &event) < 0 else 0


cdef void relay_free(Relay* relay) noexcept nogil:
    cdef uint32_t i
    for i in range(relay.server.allocation_top):
        if relay.server.allocations[i] != NULL:
            close_allocation(relay, relay.server.allocations[i])
    relay.shared.fd = -1              # it was that of some allocation
    udp_close(&relay.shared)
    udp_close(&relay.extra)
    outbox_free(&relay.outbox)
    turn_free(&relay.server)


cdef bint relay_has_port(uint16_t port) noexcept nogil:
    return load_u32(&LIVE_PORTS[port]) > 0


cdef bint relay_takes(
        Relay* relay, UdpSocket* via, PacketKind kind, const Datagram* datagram,
        int64_t now_us) noexcept nogil:
    if kind == KIND_TURN_CHANNEL:
        on_channel(relay, via, datagram, now_us)
        return True
    if kind == KIND_STUN and not stun_is_binding(datagram.data):
        on_stun(relay, via, datagram, now_us)
        return True
    return False


cdef void on_stun(
        Relay* relay, UdpSocket* via, const Datagram* datagram, int64_t now_us) noexcept nogil:
    cdef TurnReply* reply = &relay.reply
    turn_on_message(
        &relay.server, datagram.data, datagram.size, &datagram.source, is_bridged(datagram),
        listener_of(relay, via), now_us, relay.unix_s, reply)
    if reply.effect == TURN_RELAY:
        relay_on(
            relay, reply.allocation, &reply.peer, NO_FLOW, reply.message.data,
            reply.message.data_size, reply.message.dont_fragment, now_us)
        return
    if reply.effect == TURN_OPEN:
        turn_opened(&relay.server, reply, open_socket(relay, via, datagram, reply), now_us)
    if reply.effect == TURN_CLOSE:        # who hears of it can count on it
        close_allocation(relay, reply.allocation)
    elif reply.allocation != NULL and reply.size:
        settle(via, reply.allocation, datagram, now_us)
    if reply.size:
        answer(via, datagram, reply.answer, <uint32_t>reply.size)


cdef void on_channel(
        Relay* relay, UdpSocket* via, const Datagram* datagram, int64_t now_us) noexcept nogil:
    cdef int size = channel_data_size(datagram.data, datagram.size)
    cdef uint16_t number
    cdef Allocation* allocation = register_find(
        &relay.server, &datagram.source, listener_of(relay, via))
    cdef const Address* peer
    if allocation == NULL or size < 0:
        relay.server.counters[TURN_NO_ALLOCATION] += 1
        return
    number = read_u16(datagram.data)
    peer = turn_channel_peer(&relay.server, allocation, number, now_us)
    if peer == NULL or not turn_within_quota(&relay.server, allocation, <uint32_t>size, now_us):
        return
    relay_on(
        relay, allocation, peer, number, datagram.data + CHANNEL_HEADER_SIZE, <uint32_t>size, False,
        now_us)


cdef void relay_on(
        Relay* relay, Allocation* allocation, const Address* peer, uint64_t flow,
        const uint8_t* data, uint32_t size, bint df, int64_t now_us) noexcept nogil:
    """From a client to its peer, whether that is out there or a client of this worker, too."""
    cdef Allocation* other
    if size > OUTBOX_LARGEST:
        relay.server.counters[TURN_TOO_LARGE] += 1
        return
    relay.server.counters[TURN_PACKETS_SENT] += 1
    relay.server.counters[TURN_BYTES_SENT] += size
    other = register_find_relayed(&relay.server, peer)
    if other == NULL:
        send_to_peer(relay, allocation, peer, flow, data, size, df, now_us)
    else:
        send_to_client(relay, other, &allocation.relayed, data, size, now_us)


cdef void relay_on_binding(
        Relay* relay, UdpSocket* via, const Datagram* datagram, int64_t now_us) noexcept nogil:
    """STUN itself (RFC 8489 section 2): what is my address? 12 bytes more than were asked with."""
    cdef uint8_t out[TURN_ANSWER_CAPACITY]
    cdef StunMessage message
    cdef StunWriter writer
    if (stun_parse(datagram.data, datagram.size, &message) != STUN_OK
            or message.type != STUN_BINDING_REQUEST):
        return
    if not is_bridged(datagram) and not turn_answers_stranger(
            &relay.server, &datagram.source, now_us):
        return
    stun_begin(&writer, out, STUN_BINDING_SUCCESS, message.transaction_id)
    stun_put_address(
        &writer, XOR_MAPPED_ADDRESS, datagram.source.family, datagram.source.ip,
        datagram.source.port)
    answer(via, datagram, out, <uint32_t>stun_end(&writer, NULL, 0, message.has_fingerprint))


cdef void relay_receive(Relay* relay, uint32_t index, int64_t now_us) noexcept nogil:
    cdef Allocation* allocation = relay.server.allocations[index]
    cdef Datagram datagram
    if allocation == NULL:
        return                        # closed since its socket was found readable
    for _ in range(BATCHES_IN_A_ROW):
        take_up(relay, allocation)
        if udp_receive(&relay.shared) == 0:
            return
        while udp_next(&relay.shared, &datagram):
            send_to_client(
                relay, allocation, &datagram.source, datagram.data, datagram.size, now_us)
        if relay.shared.message_count < UDP_BATCH:
            return


cdef void relay_receive_extra(Relay* relay, int64_t now_us) noexcept nogil:
    cdef Datagram datagram
    cdef PacketKind kind
    for _ in range(BATCHES_IN_A_ROW):
        if udp_receive(&relay.extra) == 0:
            return
        while udp_next(&relay.extra, &datagram):
            kind = demux(datagram.data, datagram.size)
            if not relay_takes(relay, &relay.extra, kind, &datagram, now_us) and kind == KIND_STUN:
                relay_on_binding(relay, &relay.extra, &datagram, now_us)
        if relay.extra.message_count < UDP_BATCH:
            return


cdef void relay_forget(Relay* relay, const Address* client) noexcept nogil:
    cdef Allocation* allocation = register_find(&relay.server, client, 0)
    if allocation != NULL:
        close_allocation(relay, allocation)


cdef void relay_revoke(Relay* relay, const uint8_t* name, size_t size) noexcept nogil:
    cdef TurnServer* server = &relay.server
    cdef int64_t user = register_named(server, name, size)
    cdef uint32_t i
    if user < 0:
        return
    for i in range(server.allocation_top if server.users[user].allocations else 0):
        if server.allocations[i] != NULL and server.allocations[i].user == user:
            close_allocation(relay, server.allocations[i])
    register_revoke(server, <uint32_t>user)


cdef void relay_flush(Relay* relay, int64_t now_us, int64_t hold_us) noexcept nogil:
    outbox_flush_due(&relay.outbox, now_us, hold_us)


cdef void relay_tick(Relay* relay, int64_t now_us) noexcept nogil:
    cdef Allocation* allocation
    cdef uint32_t i
    if relay.swept_s == now_us // 1000000:
        return
    relay.swept_s = now_us // 1000000
    for i in range(relay.server.allocation_top):
        allocation = relay.server.allocations[i]
        if allocation != NULL and allocation.expires_us <= now_us:
            close_allocation(relay, allocation)


cdef void send_to_peer(
        Relay* relay, Allocation* allocation, const Address* peer, uint64_t flow,
        const uint8_t* data, uint32_t size, bint df, int64_t now_us) noexcept nogil:
    cdef RelaySocket* own = <RelaySocket*>allocation.socket
    cdef OutboxSlot* slot
    cdef bint more = outbox_more(&own.to_peer, size, now_us)
    cdef uint8_t* place = outbox_extend(&relay.outbox, own.fd, flow, size, more)
    if place == NULL:
        place = outbox_begin(&relay.outbox, &relay.shared, own.fd, flow, size, more, &slot)
        take_up(relay, allocation)
        relay.shared.local.family = 0     # a relayed address is the socket's own
        socket_address(relay.shared.dual_stack, peer, &relay.shared.local, &slot.destination)
    memcpy(place, data, size)
    if df:                                # rare: not worth a slot's field
        relay_flush_df(relay, own.fd, peer.family)


cdef void relay_flush_df(Relay* relay, int fd, int family) noexcept nogil:
    """DONT-FRAGMENT (RFC 8656 section 14.9) is for this datagram alone, the last in the outbox."""
    udp_set_df(fd, family, True)
    outbox_flush(&relay.outbox)
    udp_set_df(fd, family, False)


cdef void send_to_client(
        Relay* relay, Allocation* allocation, const Address* source, const uint8_t* data,
        uint32_t size, int64_t now_us) noexcept nogil:
    cdef RelaySocket* own = <RelaySocket*>allocation.socket
    cdef uint8_t header[DATA_OVERHEAD]
    cdef uint32_t header_size = CHANNEL_HEADER_SIZE, padding = 0
    cdef OutboxSlot* slot
    cdef uint8_t* place
    cdef bint more
    cdef int channel = turn_from_peer(&relay.server, allocation, source, now_us)
    if channel == NO_PERMISSION:
        return
    if size > OUTBOX_LARGEST - DATA_OVERHEAD - 3:
        relay.server.counters[TURN_TOO_LARGE] += 1
        return
    if not turn_within_quota(&relay.server, allocation, size, now_us):
        return
    relay.server.counters[TURN_PACKETS_RECEIVED] += 1
    relay.server.counters[TURN_BYTES_RECEIVED] += size
    if channel:
        write_u16(header, <uint16_t>channel)
        write_u16(header + 2, <uint16_t>size)
    else:
        header_size = allocation_data_header(allocation, source, size, header)
    # An indication has to be padded, ChannelData may be (RFC 8656 section 12.5): the packets of a
    # video frame differ by one byte, and equal ones can be gathered.
    if channel == 0 or size >= OUTBOX_LARGE:
        padding = -size & 3u
    more = outbox_more(&own.to_client, size, now_us)
    place = outbox_extend(
        &relay.outbox, own.via.fd, allocation.index + 1, header_size + size + padding, more)
    if place == NULL:
        place = outbox_begin(
            &relay.outbox, own.via, own.via.fd, allocation.index + 1,
            header_size + size + padding, more, &slot)
        slot.destination = own.back.address
    memcpy(place, header, header_size)
    memcpy(place + header_size, data, size)
    memset(place + header_size + size, 0, padding)


cdef inline void take_up(Relay* relay, const Allocation* allocation) noexcept nogil:
    relay.shared.fd = (<RelaySocket*>allocation.socket).fd
    relay.shared.dual_stack = allocation.relayed.family == 6


cdef inline bint is_bridged(const Datagram* datagram) noexcept nogil:
    """From this host to itself. The kernel lets no forged one in; who did would get the answers."""
    return datagram.local.family and local_address_is(&datagram.local, &datagram.source)


cdef inline uint8_t listener_of(const Relay* relay, const UdpSocket* via) noexcept nogil:
    return 1 if via == &relay.extra else 0


cdef void answer(
        UdpSocket* via, const Datagram* datagram, const uint8_t* data,
        uint32_t size) noexcept nogil:
    cdef SocketAddress back
    socket_address(via.dual_stack, &datagram.source, &datagram.local, &back)
    udp_send_one(via, &back, data, size)


# Sockets of allocations


cdef uint16_t open_socket(
        Relay* relay, UdpSocket* via, const Datagram* datagram, TurnReply* reply) noexcept nogil:
    """0, or the error code."""
    cdef Allocation* allocation = reply.allocation
    cdef RelaySocket* own = <RelaySocket*>calloc(1, sizeof(RelaySocket))
    cdef epoll_event event
    if own == NULL:
        return INSUFFICIENT_CAPACITY
    ports_address(
        relay.addresses, relay.address_count, &datagram.local, &allocation.relayed)
    own.fd = ports_bind(
        relay.min_port, relay.max_port, reply.message.even_port, relay.gro, &allocation.relayed)
    if own.fd < 0:
        free(own)
        return INSUFFICIENT_CAPACITY
    event.events = EPOLLIN
    event.data.u64 = allocation.index
    if epoll_ctl(relay.epoll, EPOLL_CTL_ADD, own.fd, &event) < 0:
        close(own.fd)
        free(own)
        return INSUFFICIENT_CAPACITY
    own.via = via
    add_u32(&LIVE_PORTS[allocation.relayed.port], 1)
    allocation.socket = own
    return 0


cdef void settle(
        UdpSocket* via, Allocation* allocation, const Datagram* datagram,
        int64_t now_us) noexcept nogil:
    """Send to where the client's request came from, from where it came to."""
    cdef SocketAddress path
    socket_address(via.dual_stack, &datagram.source, &datagram.local, &path)
    destination_settle(&(<RelaySocket*>allocation.socket).back, &path, now_us)


cdef void close_allocation(Relay* relay, Allocation* allocation) noexcept nogil:
    """What is gathered for it goes first: its descriptor may be given to another."""
    cdef RelaySocket* own = <RelaySocket*>allocation.socket
    outbox_flush(&relay.outbox)
    add_u32(&LIVE_PORTS[allocation.relayed.port], <uint32_t>-1)
    close(own.fd)
    free(own)
    register_remove(&relay.server, allocation)
