"""Commands to streams, carried out; see streams.pxd."""

from libc.stdint cimport INT64_MAX, uint8_t, uint64_t
from libc.stdlib cimport calloc, malloc
from libc.string cimport memcpy

from fastsfu._native.base.seats cimport seats_leave, seats_take
from fastsfu._native.bwe.twcc cimport TwccReceiver, twcc_init
from fastsfu._native.forwarding.allocation cimport allocation_begin
from fastsfu._native.forwarding.command cimport (
    CreateInbound, CreateOutbound, InboundPayloadType, SetPreference, SwitchStream,
)
from fastsfu._native.forwarding.counters cimport DROP_NO_MEMORY, DROP_STALE_COMMAND
from fastsfu._native.forwarding.frames cimport frames_drop
from fastsfu._native.forwarding.link cimport link_tap, link_to, link_untap
from fastsfu._native.forwarding.link_command cimport CreateReplica, TapStream
from fastsfu._native.forwarding.preference cimport preference_choose, preference_want
from fastsfu._native.forwarding.state cimport (
    Link, count_drop, find_inbound, find_transport, handle_index, stream_row,
)
from fastsfu._native.media.keyframe cimport want_keyframe
from fastsfu._native.media.ladder cimport ladder_add, ladder_remove
from fastsfu._native.media.receivers cimport (
    inbound_vacate, outbound_attach, outbound_leave, outbound_pause,
)
from fastsfu._native.media.stats cimport ROW_INBOUND, ROW_OUTBOUND, ROW_REPLICA, stats_end
from fastsfu._native.media.stream cimport (
    MediaKind, inbound_free, inbound_new, outbound_free, outbound_new, outbound_number,
)
from fastsfu._native.media.voices cimport voice_join, voice_pin, voices_release
from fastsfu._native.packet.dependency cimport DependencyTemplates
from fastsfu._native.packet.rtp cimport ExtensionKind
from fastsfu._native.peer.former cimport former_presume
from fastsfu._native.peer.transport cimport (
    SSRC_INBOUND, SSRC_INBOUND_RTX, SSRC_OUTBOUND, SSRC_OUTBOUND_RTX, Transport,
    transport_add_inbound, transport_add_outbound, transport_bind, transport_estimate,
    transport_remove_inbound, transport_remove_outbound,
)
from fastsfu._native.worker.gating cimport gating_pause
from fastsfu._native.worker.replica cimport replica_close, replica_open
from fastsfu._native.worker.reports cimport reports_bye


cdef void create_inbound(Worker* worker, const Head* head) noexcept nogil:
    cdef const CreateInbound* command = <const CreateInbound*>head
    cdef Transport* transport = find_transport(worker, command.transport)
    cdef InboundStream* stream
    if transport == NULL:
        count_drop(worker, DROP_STALE_COMMAND)
        if command.voices != NULL:
            voices_release(command.voices)
        return
    stream = new_inbound(command)
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
    stream.remb = command.remb
    stream.mid_size = command.mid_size
    memcpy(stream.mid, command.mid, command.mid_size)
    stream.rid_size = command.rid_size
    memcpy(stream.rid, command.rid, command.rid_size)
    stream.wanted = True
    stream.wanted_us = worker.now_us
    describe_inbound(stream, command)
    if not stream.bound:
        former_presume(&transport.former, stream)
    if transport.id_of_kind[<int>ExtensionKind.EXT_DEPENDENCY] and stream.kind == MediaKind.VIDEO:
        stream.scalability.templates = <DependencyTemplates*>calloc(1, sizeof(DependencyTemplates))
    stream.stats = stream_row(worker, stream.handle, transport.handle, ROW_INBOUND)
    stream.stats.kind = stream.kind
    stream.stats.ssrc = stream.ssrc
    climb(worker, stream, command.lower)
    worker.inbound[handle_index(stream.handle)] = stream
    if stream.bound:
        transport_bind(transport, stream.ssrc, stream.handle, SSRC_INBOUND)
    if stream.rtx_ssrc:
        transport_bind(transport, stream.rtx_ssrc, stream.handle, SSRC_INBOUND_RTX)


cdef InboundStream* new_inbound(const CreateInbound* command) noexcept nogil:
    cdef InboundStream* stream = inbound_new(
        <MediaKind>command.kind, command.payload_types[0].clock_rate)
    if command.voices != NULL:
        if stream == NULL:
            voices_release(command.voices)
        else:
            voice_join(&stream.gate.voice, command.voices)
    return stream


cdef void climb(Worker* worker, InboundStream* stream, uint64_t lower) noexcept nogil:
    cdef InboundStream* other = find_inbound(worker, lower) if lower else NULL
    if other != NULL and other.transport == stream.transport:
        ladder_add(stream, other)


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


cdef void create_replica(Worker* worker, const Head* head) noexcept nogil:
    cdef const CreateReplica* command = <const CreateReplica*>head
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
    climb(worker, stream, command.lower)
    worker.inbound[handle_index(stream.handle)] = stream


cdef void close_inbound(
        Worker* worker, InboundStream* stream, const Head* head) noexcept nogil:
    free_inbound(worker, stream)


cdef void pause_inbound(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil:
    gating_pause(worker, stream, (<const SwitchStream*>head).on)


cdef void pin_inbound(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil:
    voice_pin(&stream.gate.voice, (<const SwitchStream*>head).on)


cdef void free_inbound(Worker* worker, InboundStream* stream) noexcept nogil:
    cdef Transport* transport = find_transport(worker, stream.transport)
    frames_drop(worker, stream)
    inbound_vacate(stream)
    ladder_remove(stream)
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


cdef void request_keyframe(
        Worker* worker, InboundStream* stream, const Head* head) noexcept nogil:
    want_keyframe(stream)


cdef void tap(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil:
    cdef const TapStream* command = <const TapStream*>head
    cdef Link* link = link_to(worker, command.peer)
    if link == NULL or link_tap(worker, stream, link, command.replica) < 0:
        count_drop(worker, DROP_NO_MEMORY)


cdef void untap(Worker* worker, InboundStream* stream, const Head* head) noexcept nogil:
    cdef const TapStream* command = <const TapStream*>head
    link_untap(stream, command.replica, link_to(worker, command.peer))


cdef void create_outbound(Worker* worker, const Head* head) noexcept nogil:
    cdef const CreateOutbound* command = <const CreateOutbound*>head
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
    stream.stats.fits, stream.stats.fits_temporal = stream.fits.encoding, stream.fits.temporal
    if (transport_estimate(transport, command.numbered, worker.now_us) < 0
            or command.numbered and outbound_number(stream) < 0
            or transport_add_outbound(transport, stream) < 0
            or outbound_attach(stream, source) < 0):
        count_drop(worker, DROP_NO_MEMORY)
        free_outbound(worker, stream)
        return
    worker.outbound[handle_index(stream.handle)] = stream
    allocation_begin(worker, transport, stream)
    preference_choose(stream, False)
    if command.paused:
        outbound_pause(stream, True)
    preference_want(worker, stream)
    if source.origin:
        worker.next_tick_us = worker.now_us       # no packet of its own asks for its keyframe
    transport_bind(transport, stream.ssrc, stream.handle, SSRC_OUTBOUND)
    if stream.rtx_ssrc:
        transport_bind(transport, stream.rtx_ssrc, stream.handle, SSRC_OUTBOUND_RTX)


cdef void describe_outbound(OutboundStream* stream, const CreateOutbound* command) noexcept nogil:
    cdef int i
    stream.cname_size = command.cname_size
    memcpy(stream.cname, command.cname, command.cname_size)
    stream.mid_size = command.mid_size
    memcpy(stream.mid, command.mid, command.mid_size)
    stream.named_until = INT64_MAX if stream.mid_size else 0
    for i in range(command.payload_type_count):
        stream.pt_of[command.payload_types[i].source_pt & 127] = command.payload_types[i].pt
        if command.payload_types[i].rtx_pt >= 0:
            stream.filler_pt = <uint8_t>command.payload_types[i].rtx_pt
            stream.rtx_pt_of[command.payload_types[i].source_pt & 127] = stream.filler_pt


cdef void pause_outbound(
        Worker* worker, OutboundStream* stream, const Head* head) noexcept nogil:
    outbound_pause(stream, (<const SwitchStream*>head).on)
    preference_want(worker, stream)


cdef void set_preference(
        Worker* worker, OutboundStream* stream, const Head* head) noexcept nogil:
    cdef const SetPreference* command = <const SetPreference*>head
    stream.preference.priority = command.priority
    stream.preference.most_layer = command.most_layer
    stream.preference.most_height = command.most_height
    preference_choose(stream, False)
    preference_want(worker, stream)


cdef void close_outbound(
        Worker* worker, OutboundStream* stream, const Head* head) noexcept nogil:
    reports_bye(worker, <Transport*>stream.transport, stream)
    free_outbound(worker, stream)


cdef void free_outbound(Worker* worker, OutboundStream* stream) noexcept nogil:
    transport_remove_outbound(<Transport*>stream.transport, stream)
    worker.outbound[handle_index(stream.handle)] = NULL
    outbound_leave(stream)
    stats_end(stream.stats, &worker.ended[ROW_OUTBOUND][stream.stats.kind])
    outbound_free(stream)
