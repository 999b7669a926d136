"""SCTP associations by usrsctp; see sctp.pxd."""

import threading

from libc.errno cimport EAGAIN, EALREADY, EINPROGRESS, errno
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset

from fastsfu._native.base.net cimport htons
from fastsfu._native.base.table cimport (
    TABLE_NONE, Table, table_get, table_init, table_put, table_remove,
)
from fastsfu._native.packet.sctp_chunks cimport SCTP_COMMON_HEADER, sctp_is_sound
from fastsfu._native.peer.usrsctp cimport (
    AF_CONN, MSG_EOR, MSG_NOTIFICATION, SCTP_ASSOC_CHANGE, SCTP_CANT_STR_ASSOC, SCTP_COMM_LOST,
    SCTP_COMM_UP, SCTP_ENABLE_RESET_STREAM_REQ, SCTP_ENABLE_STREAM_RESET, SCTP_EOR, SCTP_EVENT,
    SCTP_EVENT_WRITE, SCTP_INITMSG, SCTP_NODELAY, SCTP_PEER_ADDR_PARAMS, SCTP_PR_SCTP_RTX,
    SCTP_PR_SCTP_TTL, SCTP_RECVRCVINFO, SCTP_RESET_STREAMS, SCTP_RESTART, SCTP_SEND_PRINFO_VALID,
    SCTP_SEND_SNDINFO_VALID, SCTP_SENDV_SPA, SCTP_SHUTDOWN_COMP, SCTP_STREAM_RESET_EVENT,
    SCTP_STREAM_RESET_INCOMING_SSN, SCTP_STREAM_RESET_OUTGOING, SCTP_UNORDERED, SPP_HB_DISABLE,
    SPP_PMTUD_DISABLE, ResetOne, sctp_assoc_value, sctp_event, sctp_initmsg, sctp_notification,
    sctp_paddrparams, sctp_rcvinfo, sctp_sendv_spa, sockaddr, sockaddr_conn,
    usrsctp_bind, usrsctp_close, usrsctp_connect, usrsctp_conninput, usrsctp_deregister_address,
    usrsctp_get_events, usrsctp_handle_timers, usrsctp_init_nothreads, usrsctp_recvv,
    usrsctp_register_address, usrsctp_sendv, usrsctp_set_non_blocking, usrsctp_set_upcall,
    usrsctp_setsockopt, usrsctp_socket, usrsctp_socket_new,
    usrsctp_sysctl_set_sctp_asconf_enable, usrsctp_sysctl_set_sctp_assoc_rtx_max_default,
    usrsctp_sysctl_set_sctp_auth_enable, usrsctp_sysctl_set_sctp_delayed_sack_time_default,
    usrsctp_sysctl_set_sctp_ecn_enable, usrsctp_sysctl_set_sctp_init_rto_max_default,
    usrsctp_sysctl_set_sctp_init_rtx_max_default, usrsctp_sysctl_set_sctp_max_chunks_on_queue,
    usrsctp_sysctl_set_sctp_nrsack_enable, usrsctp_sysctl_set_sctp_path_rtx_max_default,
    usrsctp_sysctl_set_sctp_pktdrop_enable, usrsctp_sysctl_set_sctp_recvspace,
    usrsctp_sysctl_set_sctp_rto_initial_default, usrsctp_sysctl_set_sctp_rto_max_default,
    usrsctp_sysctl_set_sctp_rto_min_default, usrsctp_sysctl_set_sctp_sendspace,
)

cdef extern from "<netinet/in.h>" nogil:
    enum:
        IPPROTO_SCTP
cdef extern from "<sys/socket.h>" nogil:
    enum:
        SOCK_STREAM
        SOL_SOCKET
        SO_LINGER
    struct linger:
        int l_onoff
        int l_linger
cdef extern from "<arpa/inet.h>" nogil:
    uint32_t htonl(uint32_t)
    uint32_t ntohl(uint32_t)

cdef enum:
    AREA_BYTES = 65536
    # A path may be away for the consent timeout (RFC 7675), and the association has to outlive it:
    # ICE decides when a peer is gone.
    MAX_RETRANSMISSIONS = 1000
    RTO_INITIAL_MS = 500
    RTO_MIN_MS = 200
    RTO_MAX_MS = 3000
    SACK_DELAY_MS = 20            # RFC 9260 section 6.2 allows up to 500
    MAX_CHUNKS = 4096             # of one association, waiting to be sent or read

cdef Table live                   # key -> index in `associations`
cdef Sctp** associations = NULL
cdef uint32_t capacity = 0
cdef uint32_t count = 0
cdef uint64_t last_key = 0
cdef bint initialised = False
cdef object owner_thread = None
cdef uint8_t area[AREA_BYTES]     # what the last sctp_read gave


cdef void initialise() noexcept:
    global initialised
    initialised = True
    table_init(&live, 64)
    usrsctp_init_nothreads(0, on_output, NULL)
    # Over DTLS there is one path without addresses; AUTH is DTLS's work (RFC 8261 section 6).
    usrsctp_sysctl_set_sctp_ecn_enable(0)
    usrsctp_sysctl_set_sctp_asconf_enable(0)
    usrsctp_sysctl_set_sctp_auth_enable(0)
    usrsctp_sysctl_set_sctp_nrsack_enable(0)
    usrsctp_sysctl_set_sctp_pktdrop_enable(0)
    usrsctp_sysctl_set_sctp_sendspace(SCTP_SEND_BYTES)
    usrsctp_sysctl_set_sctp_recvspace(SCTP_RECEIVE_BYTES)
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(MAX_CHUNKS)
    usrsctp_sysctl_set_sctp_delayed_sack_time_default(SACK_DELAY_MS)
    usrsctp_sysctl_set_sctp_rto_initial_default(RTO_INITIAL_MS)
    usrsctp_sysctl_set_sctp_rto_min_default(RTO_MIN_MS)
    usrsctp_sysctl_set_sctp_rto_max_default(RTO_MAX_MS)
    usrsctp_sysctl_set_sctp_init_rto_max_default(RTO_MAX_MS)
    usrsctp_sysctl_set_sctp_init_rtx_max_default(MAX_RETRANSMISSIONS)
    usrsctp_sysctl_set_sctp_assoc_rtx_max_default(MAX_RETRANSMISSIONS)
    usrsctp_sysctl_set_sctp_path_rtx_max_default(MAX_RETRANSMISSIONS)


cdef Sctp* sctp_new(
        uint16_t local_port, uint16_t remote_port, uint32_t max_message, SctpOutput output,
        void* owner) except NULL:
    global last_key, owner_thread
    cdef Sctp* sctp
    if count and owner_thread != threading.get_ident():
        raise RuntimeError("SCTP associations live in one thread of a process")
    if not initialised:
        initialise()
    owner_thread = threading.get_ident()
    sctp = <Sctp*>calloc(1, sizeof(Sctp))
    if sctp == NULL:
        raise MemoryError
    last_key += 1
    sctp.key = last_key
    sctp.local_port = local_port
    sctp.remote_port = remote_port
    sctp.max_message = max_message
    sctp.output = output
    sctp.owner = owner
    if not register(sctp):
        free(sctp)
        raise MemoryError
    if not open_socket(sctp):
        sctp_free(sctp)
        raise MemoryError
    return sctp


cdef bint register(Sctp* sctp) noexcept:
    global associations, capacity, count
    cdef uint32_t wanted = 2 * capacity + 64
    cdef Sctp** grown
    if count == capacity:
        grown = <Sctp**>realloc(associations, wanted * sizeof(Sctp*))
        if grown == NULL:
            return False
        associations = grown
        capacity = wanted
    if table_put(&live, sctp.key, count) < 0:
        return False
    associations[count] = sctp
    count += 1
    usrsctp_register_address(<void*><size_t>sctp.key)
    return True


cdef void unregister(Sctp* sctp) noexcept:
    """The last one moves into the gap."""
    global count
    cdef uint32_t index = table_get(&live, sctp.key)
    usrsctp_deregister_address(<void*><size_t>sctp.key)
    table_remove(&live, sctp.key)
    count -= 1
    if index != count:
        associations[index] = associations[count]
        table_put(&live, associations[index].key, index)


cdef Sctp* find(void* address) noexcept:
    cdef uint32_t index = table_get(&live, <uint64_t><size_t>address)
    return NULL if index == TABLE_NONE else associations[index]


cdef bint open_socket(Sctp* sctp) noexcept:
    cdef sockaddr_conn address
    cdef linger at_once
    cdef sctp_event event
    cdef sctp_initmsg streams
    cdef sctp_assoc_value resets
    cdef int on = 1
    sctp.socket = usrsctp_socket_new(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL)
    if sctp.socket == NULL:
        return False
    usrsctp_set_non_blocking(sctp.socket, 1)
    usrsctp_set_upcall(sctp.socket, on_upcall, <void*><size_t>sctp.key)
    at_once.l_onoff = 1
    at_once.l_linger = 0
    usrsctp_setsockopt(sctp.socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once))
    option(sctp, SCTP_NODELAY, &on, sizeof(on))
    option(sctp, SCTP_RECVRCVINFO, &on, sizeof(on))
    memset(&streams, 0, sizeof(streams))
    streams.sinit_num_ostreams = streams.sinit_max_instreams = SCTP_STREAMS
    option(sctp, SCTP_INITMSG, &streams, sizeof(streams))
    memset(&resets, 0, sizeof(resets))
    resets.assoc_value = SCTP_ENABLE_RESET_STREAM_REQ
    option(sctp, SCTP_ENABLE_STREAM_RESET, &resets, sizeof(resets))
    memset(&event, 0, sizeof(event))
    event.se_on = 1
    for kind in (SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT):
        event.se_type = kind
        option(sctp, SCTP_EVENT, &event, sizeof(event))
    name_address(&address, sctp, sctp.local_port)
    return usrsctp_bind(sctp.socket, <sockaddr*>&address, sizeof(address)) == 0


cdef inline void option(Sctp* sctp, int name, const void* value, uint32_t size) noexcept:
    usrsctp_setsockopt(sctp.socket, IPPROTO_SCTP, name, value, size)


cdef void name_address(sockaddr_conn* address, const Sctp* sctp, uint16_t port) noexcept:
    memset(address, 0, sizeof(sockaddr_conn))
    address.sconn_family = AF_CONN
    address.sconn_port = htons(port)
    address.sconn_addr = <void*><size_t>sctp.key


cdef void sctp_free(Sctp* sctp) noexcept:
    if sctp == NULL:
        return
    if sctp.socket != NULL:
        usrsctp_set_upcall(sctp.socket, NULL, NULL)
        usrsctp_close(sctp.socket)
    unregister(sctp)
    free(sctp.partial)
    free(sctp)


cdef bint sctp_connect(Sctp* sctp) noexcept:
    cdef sockaddr_conn address
    cdef sctp_paddrparams path
    if sctp.state != SCTP_IDLE:
        return True
    name_address(&address, sctp, sctp.remote_port)
    if (usrsctp_connect(sctp.socket, <sockaddr*>&address, sizeof(address)) < 0
            and errno != EINPROGRESS):
        sctp.state = SCTP_DOWN
        return False
    sctp.state = SCTP_CONNECTING
    memset(&path, 0, sizeof(path))
    memcpy(&path.spp_address, &address, sizeof(address))
    # ICE's consent checks say whether the peer is there.
    path.spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE
    path.spp_pathmtu = SCTP_MAX_PACKET - SCTP_COMMON_HEADER
    option(sctp, SCTP_PEER_ADDR_PARAMS, &path, sizeof(path))
    return True


cdef void sctp_receive(Sctp* sctp, const uint8_t* packet, size_t size) noexcept:
    if sctp_is_sound(packet, size):
        usrsctp_conninput(<void*><size_t>sctp.key, packet, size, 0)


cdef SctpRead sctp_read(Sctp* sctp, SctpMessage* message) noexcept:
    cdef sctp_rcvinfo info
    cdef sockaddr_conn source
    cdef uint32_t info_size, source_size, info_type
    cdef int flags
    cdef long size
    cdef SctpRead found = SCTP_NOTHING
    message.data = NULL
    message.size = 0
    if sctp.partial_size == 0:
        forget_partial(sctp)      # it was given out
    while found == SCTP_NOTHING:
        flags = 0
        info_type = 0
        info_size = sizeof(info)
        source_size = sizeof(source)
        memset(&info, 0, sizeof(info))
        size = usrsctp_recvv(
            sctp.socket, area, AREA_BYTES, <sockaddr*>&source, &source_size, &info, &info_size,
            &info_type, &flags)
        if size <= 0:
            sctp.ready = False
            return SCTP_NOTHING
        if flags & MSG_NOTIFICATION:
            found = notified(sctp, <const sctp_notification*>area, message)
        else:
            message.stream = info.rcv_sid
            message.ppid = ntohl(info.rcv_ppid)
            found = assemble(sctp, <uint32_t>size, (flags & MSG_EOR) != 0, message)
    return found


cdef SctpRead assemble(
        Sctp* sctp, uint32_t size, bint whole, SctpMessage* message) noexcept:
    """A message comes in pieces when it is larger than the window or `area`."""
    cdef uint8_t* grown
    if whole and sctp.partial == NULL and not sctp.discarding:
        if size > sctp.max_message:
            return SCTP_TOO_LARGE
        message.data = area
        message.size = size
        return SCTP_MESSAGE
    if not sctp.discarding:
        grown = NULL
        if sctp.partial_size + size <= sctp.max_message:
            grown = <uint8_t*>realloc(sctp.partial, sctp.partial_size + size)
        if grown == NULL:
            forget_partial(sctp)
            sctp.discarding = True
        else:
            memcpy(grown + sctp.partial_size, area, size)
            sctp.partial = grown
            sctp.partial_size += size
    if not whole:
        return SCTP_NOTHING
    if sctp.discarding:
        sctp.discarding = False
        return SCTP_TOO_LARGE
    return take_partial(sctp, message)


cdef SctpRead take_partial(Sctp* sctp, SctpMessage* message) noexcept:
    """It is kept until the next call, which begins a new one."""
    message.data = sctp.partial
    message.size = sctp.partial_size
    sctp.partial_size = 0
    return SCTP_MESSAGE


cdef void forget_partial(Sctp* sctp) noexcept:
    free(sctp.partial)
    sctp.partial = NULL
    sctp.partial_size = 0


cdef SctpRead notified(
        Sctp* sctp, const sctp_notification* what, SctpMessage* message) noexcept:
    cdef uint16_t state
    if what.sn_header.sn_type == SCTP_ASSOC_CHANGE:
        state = what.sn_assoc_change.sac_state
        if state == SCTP_COMM_UP and sctp.state != SCTP_UP:
            sctp.state = SCTP_UP
            return SCTP_CAME_UP
        if state in (SCTP_COMM_LOST, SCTP_SHUTDOWN_COMP, SCTP_CANT_STR_ASSOC, SCTP_RESTART):
            sctp.state = SCTP_DOWN
            return SCTP_WENT_DOWN
        return SCTP_NOTHING
    if what.sn_strreset_event.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN:
        message.data = <const uint8_t*>&what.sn_strreset_event.strreset_stream_list[0]
        message.size = (what.sn_strreset_event.strreset_length - 12) // 2     # 12: its header
        return SCTP_PEER_RESET
    return SCTP_RESET_SETTLED


cdef SctpSend sctp_send(Sctp* sctp, const SctpMessage* message) noexcept:
    cdef sctp_sendv_spa how
    memset(&how, 0, sizeof(how))
    how.sendv_flags = SCTP_SEND_SNDINFO_VALID
    how.sendv_sndinfo.snd_sid = message.stream
    how.sendv_sndinfo.snd_ppid = htonl(message.ppid)
    how.sendv_sndinfo.snd_flags = SCTP_EOR | (SCTP_UNORDERED if message.unordered else 0)
    if message.max_retransmits >= 0:
        how.sendv_flags |= SCTP_SEND_PRINFO_VALID
        how.sendv_prinfo.pr_policy = SCTP_PR_SCTP_RTX
        how.sendv_prinfo.pr_value = message.max_retransmits
    elif message.lifetime_ms >= 0:
        how.sendv_flags |= SCTP_SEND_PRINFO_VALID
        how.sendv_prinfo.pr_policy = SCTP_PR_SCTP_TTL
        how.sendv_prinfo.pr_value = message.lifetime_ms
    if sctp.state != SCTP_UP:
        return SCTP_REFUSED
    if usrsctp_sendv(
            sctp.socket, message.data, message.size, NULL, 0, &how, sizeof(how), SCTP_SENDV_SPA,
            0) >= 0:
        return SCTP_SENT
    return SCTP_NO_ROOM if errno == EAGAIN else SCTP_REFUSED


cdef bint sctp_writable(Sctp* sctp) noexcept:
    return sctp.state == SCTP_UP and (usrsctp_get_events(sctp.socket) & SCTP_EVENT_WRITE) != 0


cdef bint sctp_reset(Sctp* sctp, uint16_t stream) noexcept:
    cdef ResetOne request
    if sctp.state != SCTP_UP:
        return True
    request.association = 0
    request.flags = SCTP_STREAM_RESET_OUTGOING
    request.stream_count = 1
    request.stream = stream
    return usrsctp_setsockopt(
        sctp.socket, IPPROTO_SCTP, SCTP_RESET_STREAMS, &request, 10) == 0 or (
            errno not in (EAGAIN, EALREADY))


cdef void sctp_handle_timers(uint32_t elapsed_ms) noexcept:
    if count:
        usrsctp_handle_timers(elapsed_ms)


cdef int on_output(
        void* address, void* packet, size_t size, uint8_t tos, uint8_t set_df) noexcept:
    cdef Sctp* sctp = find(address)
    if sctp != NULL:
        sctp.output(sctp.owner, <const uint8_t*>packet, size)
    return 0


cdef void on_upcall(usrsctp_socket* socket, void* argument, int flags) noexcept:
    cdef Sctp* sctp = find(argument)
    if sctp != NULL:
        sctp.ready = True
