"""ICE checks and the tables by address and ufrag; see paths.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc
from libc.string cimport memcmp

from fastsfu._native.base.address cimport Address, address_equal
from fastsfu._native.base.net cimport getrandom
from fastsfu._native.base.table cimport TABLE_NONE, table_get, table_put, table_remove
from fastsfu._native.base.wire cimport read_u64
from fastsfu._native.forwarding.counters cimport (
    DROP_EVENT, DROP_NO_MEMORY, DROP_STUN_MALFORMED, DROP_STUN_STRANGER,
)
from fastsfu._native.forwarding.event cimport EVENT_ICE_CONNECTED, IceConnected
from fastsfu._native.forwarding.state cimport Worker, count_drop, emit_commit, emit_reserve
from fastsfu._native.net.socket_address cimport (
    Destination, SocketAddress, destination_settle, local_address_read, socket_address,
)
from fastsfu._native.net.udp cimport Datagram, udp_send_one
from fastsfu._native.packet.stun cimport (
    STUN_BINDING_SUCCESS, STUN_OK, STUN_SUCCESS_CAPACITY, STUN_UNKNOWN_REQUIRED, StunMessage,
    StunResult, stun_parse,
)
from fastsfu._native.peer.consent cimport (
    CONSENT_REQUEST_CAPACITY, CONSENT_TRANSACTION, consent_ask, consent_given,
)
from fastsfu._native.peer.ice cimport (
    ICE_ANSWER_SELECTED, ICE_IGNORE, ICE_UFRAG_SIZE, IceAction, IceCredentials, ice_on_request,
)
from fastsfu._native.peer.transport cimport PATHS_PER_SECOND, Transport, transport_heard
from fastsfu._native.turn.relay cimport relay_on_binding

cdef enum:
    # us in which a client is heard at least once: consent checks come every 4 to 6 s (RFC 7675
    # section 5.1)
    ADDRESS_HOLDS_US = 6500000


cdef void paths_on_stun(Worker* worker, const Datagram* datagram) noexcept nogil:
    cdef StunMessage message
    cdef StunResult result = stun_parse(datagram.data, datagram.size, &message)
    cdef uint32_t index
    if result != STUN_OK and result != STUN_UNKNOWN_REQUIRED:
        count_drop(worker, DROP_STUN_MALFORMED)
        return
    if message.type == STUN_BINDING_SUCCESS:
        on_answer(worker, datagram, &message)
        return
    if worker.relay != NULL and message.username == NULL:
        relay_on_binding(worker.relay, &worker.udp, datagram, worker.now_us)
        return
    if message.username == NULL or message.username_size <= ICE_UFRAG_SIZE:
        count_drop(worker, DROP_STUN_STRANGER)
        return
    index = table_get(&worker.by_ufrag, read_u64(message.username))
    if index == TABLE_NONE:
        count_drop(worker, DROP_STUN_STRANGER)
        return
    on_check(worker, worker.transports[index], datagram, &message)


cdef void on_check(
        Worker* worker, Transport* transport, const Datagram* datagram,
        const StunMessage* message) noexcept nogil:
    cdef uint8_t answer[STUN_SUCCESS_CAPACITY]
    cdef size_t answer_size = 0
    cdef int new_path = -1
    cdef Address dropped, local
    cdef SocketAddress back
    cdef IceCredentials before = transport.ice.current
    cdef IceAction action
    if is_held(worker, transport, &datagram.source):
        count_drop(worker, DROP_STUN_STRANGER)
        return
    dropped.family = 0
    action = ice_on_request(
        &transport.ice, datagram.data, message, &datagram.source, worker.now_us, answer,
        &answer_size, &new_path, &dropped)
    if action == ICE_IGNORE:
        count_drop(worker, DROP_STUN_STRANGER)
        return
    if is_selected(transport, &datagram.source):     # another one may work while it is stuck
        transport_heard(transport, worker.now_us)
    if memcmp(before.ufrag, transport.ice.current.ufrag, ICE_UFRAG_SIZE) != 0:
        table_remove(&worker.by_ufrag, read_u64(before.ufrag))     # the restart is complete
        transport.expired = transport.expiry_told = False
    if dropped.family:
        forget_address(worker, transport, &dropped)
    # Also of a known path: another transport may have taken its address over meanwhile.
    if claim_address(worker, transport, &datagram.source) < 0:
        count_drop(worker, DROP_NO_MEMORY)
        return
    if answer_size:
        socket_address(worker.udp.dual_stack, &datagram.source, &datagram.local, &back)
        udp_send_one(&worker.udp, &back, answer, <uint32_t>answer_size)
    if transport.destination == NULL or goes_to(transport, &datagram.source):
        set_destination(worker, transport, datagram)
    elif is_selected(transport, &datagram.source):
        ask(worker, transport, datagram)
    if action == ICE_ANSWER_SELECTED:
        local_address_read(&datagram.local, &local)
        tell_connected(worker, transport, &datagram.source, &local)


cdef int claim_address(
        Worker* worker, Transport* transport, const Address* address) noexcept nogil:
    """The last authentic check says whose an address is, unless `is_held`. 0, or negative: out of
    memory.
    """
    if not has_path(transport, address):
        return 0                  # refused: the address is not kept
    return table_put(
        &worker.by_address, address_key(worker, address), <uint32_t>transport.handle)


cdef bint is_held(
        Worker* worker, const Transport* transport, const Address* address) noexcept nogil:
    """Another client receives there, and was heard not long ago.

    Whoever is in any room can put that address on a check of their own: it would take the other's
    media away, and bring theirs there.
    """
    cdef Transport* holder = paths_find(worker, address)
    return (holder != NULL and holder != transport and goes_to(holder, address)
            and not holder.expired and worker.now_us - holder.heard_us < ADDRESS_HOLDS_US)


cdef inline bint is_selected(const Transport* transport, const Address* path) noexcept nogil:
    cdef int selected = transport.ice.selected
    return selected >= 0 and address_equal(&transport.ice.paths[selected], path)


cdef inline bint goes_to(const Transport* transport, const Address* path) noexcept nogil:
    """What is sent goes there."""
    return address_equal(&transport.consent.current, path)


cdef void ask(Worker* worker, Transport* transport, const Datagram* datagram) noexcept nogil:
    """Whether what was chosen wants it; while nothing was sent that could do harm, let it be so."""
    cdef uint8_t request[CONSENT_REQUEST_CAPACITY]
    cdef uint8_t chance[CONSENT_TRANSACTION]
    cdef SocketAddress path
    cdef size_t size
    if not transport.keyed and not transport.spoken:
        set_destination(worker, transport, datagram)
        return
    if getrandom(chance, sizeof(chance), 0) != sizeof(chance):
        return                    # with the next check
    size = consent_ask(
        &transport.consent, &datagram.source, &transport.ice.current, chance, worker.now_us,
        request)
    if size:
        socket_address(worker.udp.dual_stack, &datagram.source, &datagram.local, &path)
        udp_send_one(&worker.udp, &path, request, <uint32_t>size)


cdef void on_answer(
        Worker* worker, const Datagram* datagram, const StunMessage* message) noexcept nogil:
    cdef Transport* transport = paths_find(worker, &datagram.source)
    if transport == NULL or not consent_given(
            &transport.consent, datagram.data, message, &datagram.source,
            &transport.ice.current):
        count_drop(worker, DROP_STUN_STRANGER)
    elif is_selected(transport, &datagram.source):       # another one may be by now
        set_destination(worker, transport, datagram)


cdef void set_destination(
        Worker* worker, Transport* transport, const Datagram* datagram) noexcept nogil:
    """Send where this came from, from where it came to.

    RFC 8445 section 12.1: on any valid pair until one is selected.
    """
    cdef SocketAddress path
    if transport.destination == NULL:
        transport.destination = <Destination*>calloc(1, sizeof(Destination))
        if transport.destination == NULL:
            count_drop(worker, DROP_NO_MEMORY)
            return
    transport.consent.current = datagram.source
    local_address_read(&datagram.local, &transport.local)
    socket_address(worker.udp.dual_stack, &datagram.source, &datagram.local, &path)
    destination_settle(transport.destination, &path, worker.now_us)


cdef void paths_proven(Worker* worker, Transport* transport) noexcept nogil:
    """libwebrtc nominates with the next check: 900 ms later where the first took 50 ms or more."""
    if transport.destination != NULL and transport.ice.selected < 0:
        tell_connected(worker, transport, &transport.consent.current, &transport.local)


cdef void tell_connected(
        Worker* worker, Transport* transport, const Address* address,
        const Address* local) noexcept nogil:
    cdef IceConnected* event
    if worker.now_us - transport.paths_window_us > 1000000:
        transport.paths_window_us = worker.now_us
        transport.paths_count = 0
    transport.paths_count += 1
    if transport.paths_count > PATHS_PER_SECOND:
        count_drop(worker, DROP_EVENT)
        return
    event = <IceConnected*>emit_reserve(
        worker, EVENT_ICE_CONNECTED, transport.handle, sizeof(IceConnected))
    if event != NULL:
        event.address = address[0]
        event.local = local[0]
        event.local.port = worker.udp.port
        emit_commit(worker)


cdef Transport* paths_find(Worker* worker, const Address* source) noexcept nogil:
    cdef uint32_t index = table_get(&worker.by_address, address_key(worker, source))
    cdef Transport* transport
    if index == TABLE_NONE:
        return NULL
    transport = worker.transports[index]
    return transport if has_path(transport, source) else NULL


cdef uint64_t address_key(const Worker* worker, const Address* address) noexcept nogil:
    """Exact for IPv4; for IPv6 a keyed hash, and paths_find compares the address itself.

    Whoever has a network of 64 bits chooses address and port: each goes under the secret apart, so
    that none makes up for the other.
    """
    cdef uint64_t mixed
    if address.family == 4:
        return (<uint64_t>address.ip[0] << 40 | <uint64_t>address.ip[1] << 32
                | <uint64_t>address.ip[2] << 24 | <uint64_t>address.ip[3] << 16 | address.port)
    mixed = mix(read_u64(address.ip) ^ worker.address_seed)
    mixed = mix(mixed ^ read_u64(address.ip + 8) ^ worker.address_seed)
    mixed = mix(mixed ^ address.port ^ worker.address_seed)
    return mixed | (1ull << 63)


cdef inline uint64_t mix(uint64_t value) noexcept nogil:
    """The finalizer of SplitMix64."""
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu
    return value ^ (value >> 31)


cdef bint has_path(const Transport* transport, const Address* address) noexcept nogil:
    cdef int i
    for i in range(transport.ice.path_count):
        if address_equal(&transport.ice.paths[i], address):
            return True
    return False


cdef int paths_register(
        Worker* worker, Transport* transport, const IceCredentials* credentials) noexcept nogil:
    return table_put(&worker.by_ufrag, read_u64(credentials.ufrag), <uint32_t>transport.handle)


cdef void paths_unregister_next(Worker* worker, Transport* transport) noexcept nogil:
    if transport.ice.next.ufrag[0]:
        table_remove(&worker.by_ufrag, read_u64(transport.ice.next.ufrag))


cdef void paths_forget(Worker* worker, Transport* transport) noexcept nogil:
    cdef int i
    table_remove(&worker.by_ufrag, read_u64(transport.ice.current.ufrag))
    paths_unregister_next(worker, transport)
    for i in range(transport.ice.path_count):
        forget_address(worker, transport, &transport.ice.paths[i])


cdef void forget_address(
        Worker* worker, Transport* transport, const Address* address) noexcept nogil:
    """Unless another transport has taken the address over (a page reload behind one socket)."""
    cdef uint64_t key = address_key(worker, address)
    if table_get(&worker.by_address, key) == <uint32_t>transport.handle:
        table_remove(&worker.by_address, key)
