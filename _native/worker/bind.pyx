"""Packets to streams; see bind.pxd."""

from libc.string cimport memcmp

from fastsfu._native.base.table cimport TABLE_NONE, table_get, table_remove
from fastsfu._native.forwarding.event cimport EVENT_STREAM_STARTED, StreamStarted
from fastsfu._native.forwarding.frames cimport frames_flush
from fastsfu._native.forwarding.state cimport emit_commit, emit_reserve
from fastsfu._native.media.receivers cimport inbound_anew
from fastsfu._native.media.reception cimport reception_init
from fastsfu._native.media.stream cimport NO_PT
from fastsfu._native.packet.rtp cimport ExtensionKind
from fastsfu._native.peer.transport cimport SSRC_INBOUND, SSRC_INBOUND_RTX, transport_bind

cdef struct Names:                # what a packet says of where it belongs; size 0: nothing
    const uint8_t* mid
    const uint8_t* rid
    const uint8_t* repaired_rid
    uint8_t mid_size
    uint8_t rid_size
    uint8_t repaired_rid_size


cdef InboundStream* bind_find(
        Worker* worker, const Transport* transport, const uint8_t* data, const RtpHeader* header,
        const RtpExtensions* extensions, bint* rtx) noexcept nogil:
    cdef uint32_t value = table_get(&transport.by_ssrc, header.ssrc)
    if value == TABLE_NONE:
        return find_unknown(worker, transport, data, header, extensions, rtx)
    rtx[0] = (value & 3) == SSRC_INBOUND_RTX
    return worker.inbound[value >> 2] if (value & 3) <= SSRC_INBOUND_RTX else NULL


cdef InboundStream* find_unknown(
        const Worker* worker, const Transport* transport, const uint8_t* data,
        const RtpHeader* header, const RtpExtensions* extensions, bint* rtx) noexcept nogil:
    cdef Names names
    cdef InboundStream* stream
    cdef InboundStream* found = NULL
    cdef int i, matching = 0
    read_names(data, extensions, &names)
    for i in range(transport.inbound_count):
        stream = transport.inbound[i]
        if matches(stream, header.pt, &names):
            found = stream
            matching += 1
    if matching != 1:
        return NULL
    rtx[0] = found.primary_of_rtx[header.pt] != NO_PT
    if rtx[0]:
        return found if found.rtx_ssrc == 0 else NULL
    if not found.bound or is_free(found) or (names.mid_size and may_move(found, worker)):
        return found
    return NULL


cdef inline void read_names(
        const uint8_t* data, const RtpExtensions* extensions, Names* names) noexcept nogil:
    names.mid = data + extensions.offset[<int>ExtensionKind.EXT_MID]
    names.mid_size = extensions.size[<int>ExtensionKind.EXT_MID]
    names.rid = data + extensions.offset[<int>ExtensionKind.EXT_RID]
    names.rid_size = extensions.size[<int>ExtensionKind.EXT_RID]
    names.repaired_rid = data + extensions.offset[<int>ExtensionKind.EXT_REPAIRED_RID]
    names.repaired_rid_size = extensions.size[<int>ExtensionKind.EXT_REPAIRED_RID]


cdef bint matches(const InboundStream* stream, uint8_t pt, const Names* names) noexcept nogil:
    cdef bint rtx = stream.primary_of_rtx[pt] != NO_PT
    if not rtx and stream.codec_of_pt[pt] == NO_PT:
        return False
    if names.mid_size and not same(stream.mid, stream.mid_size, names.mid, names.mid_size):
        return False
    if stream.rid_size == 0:
        return True
    if rtx:
        return same(
            stream.rid, stream.rid_size, names.repaired_rid, names.repaired_rid_size)
    return same(stream.rid, stream.rid_size, names.rid, names.rid_size)


cdef inline bint same(
        const uint8_t* one, uint8_t one_size, const uint8_t* other,
        uint8_t other_size) noexcept nogil:
    return one_size == other_size and memcmp(one, other, one_size) == 0


cdef inline bint is_free(const InboundStream* stream) noexcept nogil:
    """Nobody has said that it has the SSRC that it is presumed to have, and nothing came by it."""
    return stream.presumed and not stream.started


cdef inline bint may_move(const InboundStream* stream, const Worker* worker) noexcept nogil:
    return not stream.started or worker.now_us - stream.stats.last_packet_us >= MOVE_US


cdef void bind_stream(
        Worker* worker, Transport* transport, InboundStream* stream, bint rtx,
        uint32_t ssrc) noexcept nogil:
    if rtx:
        if stream.rtx_ssrc != ssrc:
            stream.rtx_ssrc = ssrc
            transport_bind(transport, ssrc, stream.handle, SSRC_INBOUND_RTX)
        return
    if stream.started and stream.ssrc == ssrc:
        return
    if stream.bound and stream.ssrc != ssrc:
        release(worker, transport, stream)
    if not stream.bound:
        transport_bind(transport, ssrc, stream.handle, SSRC_INBOUND)
    stream.bound = True
    stream.started = True
    stream.ssrc = ssrc
    stream.stats.ssrc = ssrc
    reception_init(&stream.reception, ssrc, stream.clock_rate)
    tell(worker, stream)


cdef void release(Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil:
    """It has had another SSRC until now."""
    frames_flush(worker, stream)
    table_remove(&transport.by_ssrc, stream.ssrc)
    if stream.rtx_ssrc:
        table_remove(&transport.by_ssrc, stream.rtx_ssrc)
    stream.rtx_ssrc = 0
    stream.bound = False
    inbound_anew(stream)


cdef void tell(Worker* worker, const InboundStream* stream) noexcept nogil:
    cdef StreamStarted* event = <StreamStarted*>emit_reserve(
        worker, EVENT_STREAM_STARTED, stream.handle, sizeof(StreamStarted))
    if event != NULL:
        event.ssrc = stream.ssrc
        emit_commit(worker)
