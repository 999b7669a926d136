"""Commands, carried out; see apply.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport malloc
from libc.string cimport memcpy, memset

from fastsfu._native.base.seats cimport seats_leave, seats_take
from fastsfu._native.crypto.srtp cimport srtp_close, srtp_open
from fastsfu._native.media.stats cimport StreamStats, stats_end
from fastsfu._native.media.stream cimport (
    InboundStream, MediaKind, OutboundStream, inbound_free, inbound_new, outbound_attach,
    outbound_free, outbound_new, outbound_number, outbound_pause, want_keyframe,
)
from fastsfu._native.media.twcc cimport TwccReceiver, twcc_init
from fastsfu._native.net.udp cimport udp_send_one
from fastsfu._native.packet.rtp cimport EXT_KINDS, ExtensionKind
from fastsfu._native.peer.ice cimport ice_init, ice_restart
from fastsfu._native.peer.transport cimport (
    NO_EXTENSION, SSRC_INBOUND, SSRC_INBOUND_RTX, SSRC_OUTBOUND, SSRC_OUTBOUND_RTX, Transport,
    transport_add_inbound, transport_add_outbound, transport_bind, transport_estimate,
    transport_free, transport_new, transport_remove_inbound, transport_remove_outbound,
)
from fastsfu._native.turn.register cimport register_admit
from fastsfu._native.turn.relay cimport Relay, relay_forget, relay_revoke
from fastsfu._native.worker.command cimport (
    COMMAND_ADMIT_USER, COMMAND_CLOSE_INBOUND, COMMAND_CLOSE_OUTBOUND, COMMAND_CLOSE_TRANSPORT,
    COMMAND_CONNECT_LINK, COMMAND_CREATE_INBOUND, COMMAND_CREATE_OUTBOUND, COMMAND_CREATE_REPLICA,
    COMMAND_CREATE_TRANSPORT, COMMAND_FORGET_CLIENT, COMMAND_PAUSE_OUTBOUND,
    COMMAND_REQUEST_KEYFRAME, COMMAND_RESTART_ICE, COMMAND_REVOKE_USER, COMMAND_SEND_DTLS,
    COMMAND_SET_EXTENSIONS, COMMAND_SET_KEYS, COMMAND_STOP, COMMAND_TAP, COMMAND_UNTAP, ConnectLink,
    CreateInbound, CreateOutbound, CreateReplica, CreateTransport, DtlsDatagram, ForgetClient, Head,
    InboundPayloadType, PauseOutbound, RelayUser, RestartIce, SetExtensions, SetKeys, TapStream,
)
from fastsfu._native.worker.egress cimport egress_flush
from fastsfu._native.worker.frames cimport frames_forget
from fastsfu._native.worker.ingress cimport ingress_early
from fastsfu._native.worker.link cimport link_connect, link_tap, link_to, link_untap
from fastsfu._native.worker.paths cimport paths_forget, paths_register, paths_unregister_next
from fastsfu._native.worker.replica cimport replica_close, replica_open
from fastsfu._native.worker.reports cimport reports_bye
from fastsfu._native.worker.state cimport (
    DROP_NO_MEMORY, DROP_STALE_COMMAND, Link, Worker, count_drop, find_inbound, find_outbound,
    find_transport, handle_index,
)

cdef enum:
    ROW_INBOUND = 0
    ROW_OUTBOUND = 1
    ROW_TRANSPORT = 2
    ROW_REPLICA = 3


cdef void apply(Worker* worker, const Head* command) noexcept nogil:
    if command.kind == COMMAND_STOP:
        worker.stopping = True
    elif command.kind in (COMMAND_FORGET_CLIENT, COMMAND_ADMIT_USER, COMMAND_REVOKE_USER):
        if worker.relay != NULL:
            on_relay(worker.relay, command)
    elif command.kind == COMMAND_CREATE_TRANSPORT:
        create_transport(worker, <const CreateTransport*>command)
    elif command.kind == COMMAND_CREATE_INBOUND:
        create_inbound(worker, <const CreateInbound*>command)
    elif command.kind == COMMAND_CREATE_OUTBOUND:
        create_outbound(worker, <const CreateOutbound*>command)
    elif command.kind == COMMAND_CREATE_REPLICA:
        create_replica(worker, <const CreateReplica*>command)
    elif command.kind == COMMAND_CONNECT_LINK:
        connect_link(worker, <const ConnectLink*>command)
    elif command.kind in (
            COMMAND_CLOSE_INBOUND, COMMAND_REQUEST_KEYFRAME, COMMAND_TAP, COMMAND_UNTAP):
        on_inbound(worker, command, find_inbound(worker, command.handle))
    elif command.kind in (COMMAND_CLOSE_OUTBOUND, COMMAND_PAUSE_OUTBOUND):
        on_outbound(worker, command, find_outbound(worker, command.handle))
    else:
        on_transport(worker, command, find_transport(worker, command.handle))


cdef void on_relay(Relay* relay, const Head* command) noexcept nogil:
    cdef const RelayUser* user = <const RelayUser*>command
    if command.kind == COMMAND_FORGET_CLIENT:
        relay_forget(relay, &(<const ForgetClient*>command).address)
    elif command.kind == COMMAND_ADMIT_USER:
        register_admit(&relay.server, user.name, user.size)
    else:
        relay_revoke(relay, user.name, user.size)


cdef void on_transport(Worker* worker, const Head* command, Transport* transport) noexcept nogil:
    if transport == NULL:
        count_drop(worker, DROP_STALE_COMMAND)
    elif command.kind == COMMAND_SEND_DTLS:
        send_dtls(worker, transport, <const DtlsDatagram*>command)
    elif command.kind == COMMAND_SET_KEYS:
        set_keys(worker, transport, <const SetKeys*>command)
    elif command.kind == COMMAND_SET_EXTENSIONS:
        set_extensions(transport, <const SetExtensions*>command)
    elif command.kind == COMMAND_RESTART_ICE:
        restart(worker, transport, <const RestartIce*>command)
    elif command.kind == COMMAND_CLOSE_TRANSPORT:
        reports_bye(worker, transport, NULL)
        apply_free_transport(worker, transport)


cdef void on_inbound(Worker* worker, const Head* command, InboundStream* stream) noexcept nogil:
    if stream == NULL:
        count_drop(worker, DROP_STALE_COMMAND)
    elif command.kind == COMMAND_REQUEST_KEYFRAME:
        want_keyframe(stream)
    elif command.kind == COMMAND_CLOSE_INBOUND:
        apply_free_inbound(worker, stream)
    else:
        tap(worker, stream, <const TapStream*>command)


cdef void tap(Worker* worker, InboundStream* stream, const TapStream* command) noexcept nogil:
    cdef Link* link = link_to(worker, command.peer)
    if command.head.kind == COMMAND_UNTAP:
        link_untap(stream, command.replica, link)
    elif link == NULL or link_tap(worker, stream, link, command.replica) < 0:
        count_drop(worker, DROP_NO_MEMORY)


cdef void on_outbound(Worker* worker, const Head* command, OutboundStream* stream) noexcept nogil:
    if stream == NULL:
        count_drop(worker, DROP_STALE_COMMAND)
    elif command.kind == COMMAND_PAUSE_OUTBOUND:
        outbound_pause(stream, (<const PauseOutbound*>command).paused)
    else:
        reports_bye(worker, <Transport*>stream.transport, stream)
        close_outbound(worker, stream)


cdef void create_transport(Worker* worker, const CreateTransport* command) noexcept nogil:
    cdef uint32_t index = handle_index(command.head.handle)
    cdef Transport* transport = transport_new()
    if transport == NULL:
        count_drop(worker, DROP_NO_MEMORY)
        return
    transport.handle = command.head.handle
    transport.ssrc = command.ssrc
    transport.consent_timeout_us = command.consent_timeout_us
    ice_init(&transport.ice, &command.ice, worker.now_us)
    if paths_register(worker, transport, &command.ice) < 0:
        transport_free(transport)
        count_drop(worker, DROP_NO_MEMORY)
        return
    worker.transports[index] = transport
    worker.transport_top = max(worker.transport_top, index + 1)
    worker.transport_count += 1
    transport.stats = row(
        worker, &worker.transport_stats[index], transport.handle, transport.handle, ROW_TRANSPORT)
    transport.stats.ssrc = transport.ssrc


cdef void set_extensions(Transport* transport, const SetExtensions* command) noexcept nogil:
    cdef int kind
    memset(transport.kind_of_id, NO_EXTENSION, sizeof(transport.kind_of_id))
    for kind in range(EXT_KINDS):
        transport.id_of_kind[kind] = command.id_of_kind[kind]
        if command.id_of_kind[kind]:
            transport.kind_of_id[command.id_of_kind[kind]] = <uint8_t>kind


cdef void restart(Worker* worker, Transport* transport, const RestartIce* command) noexcept nogil:
    paths_unregister_next(worker, transport)      # a restart that did not take hold
    ice_restart(&transport.ice, &command.ice)
    if paths_register(worker, transport, &command.ice) < 0:
        count_drop(worker, DROP_NO_MEMORY)


cdef StreamStats* row(
        const Worker* worker, StreamStats* stats, uint64_t handle, uint64_t transport,
        uint8_t kind) noexcept nogil:
    memset(stats, 0, sizeof(StreamStats))
    stats.worker = worker.index
    stats.transport = transport
    stats.row = kind
    stats.handle = handle
    return stats


cdef StreamStats* stream_row(
        Worker* worker, uint64_t handle, uint64_t transport, uint8_t kind) noexcept nogil:
    worker.stream_top = max(worker.stream_top, handle_index(handle) + 1)
    return row(worker, &worker.stream_stats[handle_index(handle)], handle, transport, kind)


cdef void set_keys(Worker* worker, Transport* transport, const SetKeys* command) noexcept nogil:
    if transport.keyed:
        count_drop(worker, DROP_STALE_COMMAND)
        return
    if srtp_open(
            &transport.receive, worker.suite, command.keys.profile, command.keys.receive_key,
            command.keys.receive_salt) < 0:
        count_drop(worker, DROP_NO_MEMORY)
        return
    if srtp_open(
            &transport.send, worker.suite, command.keys.profile, command.keys.send_key,
            command.keys.send_salt) < 0:
        srtp_close(&transport.receive)
        count_drop(worker, DROP_NO_MEMORY)
        return
    transport.keyed = True
    ingress_early(worker, transport)
    # The next command may close a receiver that these packets are laid out for.
    egress_flush(&worker.egress, &worker.udp)


cdef void send_dtls(
        Worker* worker, Transport* transport, const DtlsDatagram* command) noexcept nogil:
    if transport.destination != NULL:
        udp_send_one(&worker.udp, &transport.destination.address, command.data, command.size)


cdef void create_inbound(Worker* worker, const CreateInbound* command) noexcept nogil:
    cdef Transport* transport = find_transport(worker, command.transport)
    cdef InboundStream* stream
    if transport == NULL:
        count_drop(worker, DROP_STALE_COMMAND)
        return
    stream = inbound_new(<MediaKind>command.kind, command.payload_types[0].clock_rate)
    if (stream == NULL or transport_add_inbound(transport, stream) < 0
            or not is_sender(worker, transport)):
        count_drop(worker, DROP_NO_MEMORY)
        if stream != NULL:
            transport_remove_inbound(transport, stream)
            inbound_free(stream)
        return
    stream.handle = command.head.handle
    stream.transport = transport.handle
    stream.nack = command.nack
    stream.fir = command.fir
    stream.mid_size = command.mid_size
    memcpy(stream.mid, command.mid, command.mid_size)
    describe_inbound(stream, command)
    stream.stats = stream_row(worker, stream.handle, transport.handle, ROW_INBOUND)
    stream.stats.kind = stream.kind
    stream.stats.ssrc = stream.ssrc
    worker.inbound[handle_index(stream.handle)] = stream
    if stream.bound:
        transport_bind(transport, stream.ssrc, stream.handle, SSRC_INBOUND)
    if stream.rtx_ssrc:
        transport_bind(transport, stream.rtx_ssrc, stream.handle, SSRC_INBOUND_RTX)


cdef void describe_inbound(InboundStream* stream, const CreateInbound* command) noexcept nogil:
    cdef const InboundPayloadType* described
    cdef int i
    stream.ssrc = command.ssrc
    stream.bound = command.ssrc != 0
    stream.rtx_ssrc = command.rtx_ssrc
    for i in range(command.payload_type_count):
        described = &command.payload_types[i]
        stream.codec_of_pt[described.pt & 127] = described.codec
        if described.rtx_pt >= 0:
            stream.primary_of_rtx[described.rtx_pt & 127] = described.pt


cdef bint is_sender(Worker* worker, Transport* transport) noexcept nogil:
    """Put the transport among those the tick looks at; False: out of memory."""
    if transport.id_of_kind[<int>ExtensionKind.EXT_TRANSPORT_SEQ] and transport.twcc == NULL:
        transport.twcc = <TwccReceiver*>malloc(sizeof(TwccReceiver))
        if transport.twcc == NULL:
            return False
        twcc_init(transport.twcc)
    if transport.sender_place < 0:
        transport.sender_place = seats_take(
            <void**>worker.senders, &worker.sender_count, transport)
    return True


cdef void leave_senders(Worker* worker, Transport* transport) noexcept nogil:
    cdef Transport* last
    if transport.sender_place < 0:
        return
    last = <Transport*>seats_leave(
        <void**>worker.senders, &worker.sender_count, transport.sender_place)
    last.sender_place = transport.sender_place
    transport.sender_place = -1


cdef void connect_link(Worker* worker, const ConnectLink* command) noexcept nogil:
    link_connect(worker, command.peer, command.out, command.back, command.wake)


cdef void create_replica(Worker* worker, const CreateReplica* command) noexcept nogil:
    cdef InboundStream* stream = inbound_new(<MediaKind>command.kind, command.clock_rate)
    if stream == NULL:
        count_drop(worker, DROP_NO_MEMORY)
        return
    if replica_open(worker, stream, command.peer, command.origin) < 0:
        inbound_free(stream)
        count_drop(worker, DROP_STALE_COMMAND)
        return
    stream.handle = command.head.handle
    stream.stats = stream_row(worker, stream.handle, 0, ROW_REPLICA)
    stream.stats.kind = stream.kind
    stream.stats.source = command.origin
    worker.inbound[handle_index(stream.handle)] = stream


cdef void apply_free_inbound(Worker* worker, InboundStream* stream) noexcept nogil:
    cdef Transport* transport = find_transport(worker, stream.transport)
    frames_forget(worker, stream)
    if transport == NULL:
        replica_close(worker, stream)
    else:
        transport_remove_inbound(transport, stream)
        if transport.inbound_count == 0:
            leave_senders(worker, transport)
    worker.inbound[handle_index(stream.handle)] = NULL
    if stream.stats.row == ROW_INBOUND:
        stats_end(stream.stats, &worker.ended[ROW_INBOUND][stream.stats.kind])
    stream.stats.handle = 0
    inbound_free(stream)


cdef void create_outbound(Worker* worker, const CreateOutbound* command) noexcept nogil:
    cdef Transport* transport = find_transport(worker, command.transport)
    cdef InboundStream* source = find_inbound(worker, command.source)
    cdef OutboundStream* stream
    if transport == NULL or source == NULL:
        count_drop(worker, DROP_STALE_COMMAND)
        return
    stream = outbound_new(command.first_seq, command.first_rtx_seq, command.ts_offset)
    if stream == NULL:
        count_drop(worker, DROP_NO_MEMORY)
        return
    stream.handle = command.head.handle
    stream.transport = transport
    stream.ssrc = command.ssrc
    stream.rtx_ssrc = command.rtx_ssrc
    describe_outbound(stream, command)
    stream.stats = stream_row(worker, stream.handle, transport.handle, ROW_OUTBOUND)
    stream.stats.kind = source.kind
    stream.stats.ssrc = stream.ssrc
    stream.stats.source = source.handle
    if (transport_estimate(transport, command.numbered, worker.now_us) < 0
            or command.numbered and outbound_number(stream) < 0
            or transport_add_outbound(transport, stream) < 0
            or outbound_attach(stream, source) < 0):
        count_drop(worker, DROP_NO_MEMORY)
        close_outbound(worker, stream)
        return
    worker.outbound[handle_index(stream.handle)] = stream
    if source.origin:
        worker.next_tick_us = worker.now_us       # no packet of its own asks for its keyframe
    transport_bind(transport, stream.ssrc, stream.handle, SSRC_OUTBOUND)
    if stream.rtx_ssrc:
        transport_bind(transport, stream.rtx_ssrc, stream.handle, SSRC_OUTBOUND_RTX)


cdef void describe_outbound(OutboundStream* stream, const CreateOutbound* command) noexcept nogil:
    cdef int i
    stream.cname_size = command.cname_size
    memcpy(stream.cname, command.cname, command.cname_size)
    for i in range(command.payload_type_count):
        stream.pt_of[command.payload_types[i].source_pt & 127] = command.payload_types[i].pt
        if command.payload_types[i].rtx_pt >= 0:
            stream.rtx_pt_of[command.payload_types[i].source_pt & 127] = (
                <uint8_t>command.payload_types[i].rtx_pt)


cdef void close_outbound(Worker* worker, OutboundStream* stream) noexcept nogil:
    transport_remove_outbound(<Transport*>stream.transport, stream)
    worker.outbound[handle_index(stream.handle)] = NULL
    stats_end(stream.stats, &worker.ended[ROW_OUTBOUND][stream.stats.kind])
    outbound_free(stream)


cdef void apply_free_transport(Worker* worker, Transport* transport) noexcept nogil:
    cdef uint32_t index = handle_index(transport.handle)
    while transport.inbound_count:
        apply_free_inbound(worker, transport.inbound[transport.inbound_count - 1])
    while transport.outbound_count:
        close_outbound(worker, transport.outbound[transport.outbound_count - 1])
    leave_senders(worker, transport)
    paths_forget(worker, transport)
    worker.transports[index] = NULL
    worker.transport_count -= 1
    transport.stats.handle = 0
    transport_free(transport)
