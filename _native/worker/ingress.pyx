"""From a datagram to a transport's streams; see ingress.pxd.

    stun   -> transport by ufrag -> ice agent -> answer; TURN's messages -> relay
    channel data -> relay
    dtls   -> transport by address -> event loop (crypto/dtls)
    rtp    -> transport by address -> stream by SSRC or MID -> unprotect -> statistics -> frames
    rtcp   -> transport by address -> feedback
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastsfu._native.base.pool cimport BUFFER_CAPACITY, Buffer, buffer_release, pool_take
from fastsfu._native.base.ring cimport ring_room
from fastsfu._native.base.seq cimport seq_extend
from fastsfu._native.base.wire cimport read_u16
from fastsfu._native.bwe.twcc cimport twcc_on_packet
from fastsfu._native.crypto.srtp cimport (
    SRTP_OK, SRTP_OLD, SRTP_REPLAYED, SrtpResult, srtp_unprotect,
)
from fastsfu._native.forwarding.command cimport MAX_DTLS_BYTES, DtlsDatagram
from fastsfu._native.forwarding.counters cimport (
    DROP_DTLS_FLOOD, DROP_DUPLICATE, DROP_NO_BUFFER, DROP_NO_KEYS, DROP_RTP_MALFORMED,
    DROP_RTP_TOO_LARGE, DROP_RTP_UNKNOWN_PT, DROP_RTP_UNKNOWN_SSRC, DROP_SRTP_REPLAYED,
    DROP_SRTP_UNAUTHENTIC, DROP_UNKNOWN_KIND, DROP_UNKNOWN_SOURCE,
)
from fastsfu._native.forwarding.event cimport EVENT_DTLS
from fastsfu._native.forwarding.frames cimport frames_put
from fastsfu._native.forwarding.keyframes cimport keyframes_ask
from fastsfu._native.forwarding.state cimport (
    EVENT_RESERVE, Worker, count_drop, emit_commit, emit_level, emit_reserve,
)
from fastsfu._native.media.keyframe cimport want_keyframe
from fastsfu._native.media.ladder cimport ladder_height
from fastsfu._native.media.levels cimport level_on_packet
from fastsfu._native.media.lateness cimport (
    LATENESS_BYTES, lateness_on_packet, lateness_write,
)
from fastsfu._native.media.loss cimport (
    LOSS_DUPLICATE_OR_OLD, LOSS_GAP, LOSS_HOPELESS, LOSS_RECOVERED, LossVerdict, loss_answer_us,
    loss_on_packet, loss_usual_us,
)
from fastsfu._native.media.packet cimport (
    CARRIED, CARRIED_PLAYOUT_DELAY, NO_LEVEL, MediaPacket, carried_count,
)
from fastsfu._native.media.receivers cimport has_receivers
from fastsfu._native.media.reception cimport reception_on_packet
from fastsfu._native.media.redundancy cimport redundancy_deepen, redundancy_undo
from fastsfu._native.media.scalability cimport scalability_on_packet
from fastsfu._native.media.stream cimport NO_PT, InboundStream, MediaKind
from fastsfu._native.media.timeline cimport timeline_map
from fastsfu._native.net.udp cimport Datagram
from fastsfu._native.packet.codec cimport Codec, codec_starts_keyframe
from fastsfu._native.packet.demux cimport (
    KIND_DTLS, KIND_RTCP, KIND_RTP, KIND_STUN, PacketKind, demux,
)
from fastsfu._native.packet.layers cimport codec_height
from fastsfu._native.packet.rtp cimport (
    ExtensionKind, RtpExtensions, rtp_extensions, rtp_parse, rtp_payload_size,
)
from fastsfu._native.peer.transport cimport (
    DTLS_DATA_PER_SECOND, DTLS_PER_SECOND, EARLY_PACKETS, Transport, transport_witness,
)
from fastsfu._native.turn.relay cimport relay_takes
from fastsfu._native.worker.bind cimport bind_find, bind_stream
from fastsfu._native.worker.feedback cimport feedback_on_rtcp
from fastsfu._native.worker.gating cimport gating_end, gating_passes
from fastsfu._native.worker.paths cimport paths_find, paths_on_stun
from fastsfu._native.worker.reports cimport reports_nack, reports_twcc

cdef enum:
    OPUS_RATE = 48000             # Hz, always (RFC 7587 section 4.1)


cdef void ingress(Worker* worker, const Datagram* datagram) noexcept nogil:
    cdef PacketKind kind = demux(datagram.data, datagram.size)
    cdef Transport* transport
    if worker.relay != NULL and relay_takes(
            worker.relay, &worker.udp, kind, datagram, worker.now_us):
        return
    if kind == KIND_STUN:
        paths_on_stun(worker, datagram)
        return
    if kind != KIND_RTP and kind != KIND_RTCP and kind != KIND_DTLS:
        count_drop(worker, DROP_UNKNOWN_KIND)
        return
    transport = paths_find(worker, &datagram.source)
    if transport == NULL:
        count_drop(worker, DROP_UNKNOWN_SOURCE)
    elif kind == KIND_RTP:
        on_rtp(worker, transport, datagram.data, datagram.size)
    elif kind == KIND_RTCP:
        feedback_on_rtcp(worker, transport, datagram.data, datagram.size)
    else:
        on_dtls(worker, transport, datagram.data, datagram.size)


cdef void on_dtls(
        Worker* worker, Transport* transport, const uint8_t* data, uint32_t size) noexcept nogil:
    cdef DtlsDatagram* event
    if worker.now_us - transport.dtls_window_us > 1000000:
        transport.dtls_window_us = worker.now_us
        transport.dtls_count = transport.dtls_data_count = 0
    # Only once there are keys can application data (content type 23) be anything.
    if transport.keyed and data[0] == 23:
        transport.dtls_data_count += 1
    else:
        transport.dtls_count += 1
    if (transport.dtls_count > DTLS_PER_SECOND or transport.dtls_data_count > DTLS_DATA_PER_SECOND
            or size > MAX_DTLS_BYTES or ring_room(&worker.events) < EVENT_RESERVE):
        count_drop(worker, DROP_DTLS_FLOOD)
        return
    event = <DtlsDatagram*>emit_reserve(
        worker, EVENT_DTLS, transport.handle, sizeof(DtlsDatagram) - MAX_DTLS_BYTES + size)
    if event != NULL:
        event.size = size
        memcpy(event.data, data, size)
        emit_commit(worker)


cdef void on_rtp(
        Worker* worker, Transport* transport, const uint8_t* data, uint32_t size) noexcept nogil:
    """One protected packet: find its stream, unprotect, keep the books, hand it on."""
    cdef MediaPacket packet
    cdef RtpExtensions extensions
    cdef InboundStream* stream = NULL
    cdef bint rtx = False
    cdef uint16_t place
    if size > BUFFER_CAPACITY:
        count_drop(worker, DROP_RTP_TOO_LARGE)
        return
    if not transport.keyed:
        keep_early(worker, transport, data, size)
        return
    if not rtp_parse(data, size, &packet.header) or not rtp_extensions(
            data, &packet.header, transport.kind_of_id, &extensions):
        count_drop(worker, DROP_RTP_MALFORMED)
        return
    stream = bind_find(worker, transport, data, &packet.header, &extensions, &rtx)
    if stream == NULL:
        count_drop(worker, DROP_RTP_UNKNOWN_SSRC)
    if stream == NULL and not is_numbered(transport, &extensions):
        return
    if not unprotect(worker, transport, stream, data, size, &packet):
        return
    if is_numbered(transport, &extensions):
        place = extensions.offset[<int>ExtensionKind.EXT_TRANSPORT_SEQ]
        twcc_on_packet(transport.twcc, read_u16(data + place), worker.now_us)
        transport.twcc_media_ssrc = packet.header.ssrc
        reports_twcc(worker, transport)
    if stream == NULL:            # a probe for bandwidth: noted, and of no other use
        buffer_release(packet.buffer)
        return
    bind_stream(worker, transport, stream, rtx, packet.header.ssrc)
    if rtx and not undo_rtx(stream, &packet):
        buffer_release(packet.buffer)      # padding that probes for bandwidth
        return
    if rtx:
        note_answer(worker, transport, stream, packet.ext_seq)
    accept(worker, transport, stream, &packet, &extensions)


cdef inline void note_answer(
        const Worker* worker, Transport* transport, const InboundStream* stream,
        int64_t ext_seq) noexcept nogil:
    """Rather too long than too short: who is asked again too soon answers neither ask."""
    cdef int64_t took_us = loss_answer_us(
        &stream.loss, ext_seq, transport.answer_us, worker.now_us)
    if took_us:
        transport.answer_us = loss_usual_us(transport.answer_us, took_us)


cdef inline bint is_numbered(
        const Transport* transport, const RtpExtensions* extensions) noexcept nogil:
    """Transport-wide. Whatever stream it is of or none, its sender waits to hear of it."""
    return transport.twcc != NULL and extensions.size[<int>ExtensionKind.EXT_TRANSPORT_SEQ] == 2


cdef void keep_early(
        Worker* worker, Transport* transport, const uint8_t* data, uint32_t size) noexcept nogil:
    cdef Buffer* buffer = NULL
    if transport.early == NULL:
        transport.early = <Buffer**>calloc(EARLY_PACKETS, sizeof(Buffer*))
    if transport.early != NULL and transport.early_count < EARLY_PACKETS:
        buffer = pool_take(&worker.pool)
    if buffer == NULL:
        count_drop(worker, DROP_NO_KEYS)
        return
    memcpy(buffer.data, data, size)
    buffer.size = <uint16_t>size
    transport.early[transport.early_count] = buffer
    transport.early_count += 1


cdef void ingress_early(Worker* worker, Transport* transport) noexcept nogil:
    cdef int i
    for i in range(transport.early_count):
        on_rtp(worker, transport, transport.early[i].data, transport.early[i].size)
        buffer_release(transport.early[i])
    transport.early_count = 0
    free(transport.early)
    transport.early = NULL


cdef bint unprotect(
        Worker* worker, Transport* transport, InboundStream* stream, const uint8_t* data,
        uint32_t size, MediaPacket* packet) noexcept nogil:
    """Into a pooled buffer; False (counted) when the packet is not authentic or not new. `stream`
    may be NULL.
    """
    cdef SrtpResult result
    cdef size_t plain_size
    cdef int64_t index
    cdef int payload_size
    packet.buffer = pool_take(&worker.pool)
    if packet.buffer == NULL:
        count_drop(worker, DROP_NO_BUFFER)
        return False
    packet.buffer.size = <uint16_t>size
    result = srtp_unprotect(
        &transport.receive, data, size, packet.header.header_size, packet.buffer.data, &plain_size,
        &index)
    if result != SRTP_OK:
        buffer_release(packet.buffer)
        refuse(worker, stream, result)
        return False
    payload_size = rtp_payload_size(packet.buffer.data, plain_size, &packet.header)
    if payload_size < 0:
        buffer_release(packet.buffer)
        count_drop(worker, DROP_RTP_MALFORMED)
        return False
    packet.payload_size = <uint16_t>payload_size
    packet.padding = 0
    packet.redundancy = 0
    packet.ext_seq = index          # ROC || SEQ extends the sequence number by itself
    packet.arrival_us = worker.now_us
    return True


cdef void refuse(Worker* worker, InboundStream* stream, SrtpResult result) noexcept nogil:
    if result == SRTP_REPLAYED or result == SRTP_OLD:
        if stream != NULL:
            stream.stats.replayed += 1
        count_drop(worker, DROP_SRTP_REPLAYED)
    else:
        if stream != NULL:
            stream.stats.unauthentic += 1
        count_drop(worker, DROP_SRTP_UNAUTHENTIC)


cdef bint undo_rtx(InboundStream* stream, MediaPacket* packet) noexcept nogil:
    """RFC 4588 section 4: the payload begins with the original sequence number. False: it carries
    none.
    """
    cdef uint8_t primary = stream.primary_of_rtx[packet.header.pt]
    if packet.payload_size < 2 or primary == NO_PT or stream.last_ext_seq < 0:
        return False
    packet.header.seq = read_u16(packet.buffer.data + packet.header.header_size)
    packet.header.pt = primary
    packet.header.ssrc = stream.ssrc
    packet.header.header_size += 2
    packet.payload_size -= 2
    packet.ext_seq = seq_extend(packet.header.seq, stream.last_ext_seq)
    return True


cdef void accept(
        Worker* worker, Transport* transport, InboundStream* stream, MediaPacket* packet,
        const RtpExtensions* extensions) noexcept nogil:
    """An authentic packet of a known stream; takes over the hold of its buffer."""
    cdef uint8_t codec = stream.codec_of_pt[packet.header.pt]
    cdef LossVerdict verdict
    if codec == Codec.CODEC_RED:
        codec = redundancy_undo(stream, packet)
    if codec == NO_PT:
        buffer_release(packet.buffer)
        count_drop(worker, DROP_RTP_UNKNOWN_PT)
        return
    verdict = loss_on_packet(&stream.loss, packet.ext_seq, worker.now_us)
    if verdict == LOSS_DUPLICATE_OR_OLD:
        buffer_release(packet.buffer)
        stream.stats.discarded += 1
        count_drop(worker, DROP_DUPLICATE)
        return
    packet.bridges = verdict == LOSS_GAP
    stream.last_ext_seq = max(stream.last_ext_seq, packet.ext_seq)
    # Of other codecs the clock may be another than the stream's.
    if codec == Codec.CODEC_OPUS and stream.clock_rate == OPUS_RATE:
        packet.header.ts = timeline_map(
            &stream.timeline, packet.ext_seq, packet.header.ts, stream.clock_rate, worker.now_us,
            transport_witness(transport, worker.now_us))
    if packet.redundancy:
        redundancy_deepen(stream, packet, worker.now_us)
    count(worker, transport, stream, packet, verdict == LOSS_RECOVERED)
    if stream.gate.paused:
        gating_end(worker, packet)
        return
    packet.codec = codec
    packet.keyframe = codec_starts_keyframe(
        <Codec>codec, packet.buffer.data + packet.header.header_size, packet.payload_size)
    describe(worker, transport, stream, packet, extensions)
    ask(worker, transport, stream, packet, verdict)
    if stream.kind == MediaKind.VIDEO or gating_passes(worker, stream, packet):
        frames_put(worker, stream, packet)


cdef inline void count(
        const Worker* worker, Transport* transport, InboundStream* stream,
        const MediaPacket* packet, bint repaired) noexcept nogil:
    reception_on_packet(&stream.reception, packet.ext_seq, packet.header.ts, worker.now_us)
    stream.stats.packets += 1
    stream.stats.bytes += packet.payload_size + packet.redundancy
    stream.stats.last_packet_us = worker.now_us
    stream.stats.retransmitted += repaired
    if stream.kind == MediaKind.VIDEO and has_receivers(stream):
        lateness_on_packet(
            &transport.lateness, stream.loss.late_us if repaired else 0, worker.now_us)


cdef inline void ask(
        Worker* worker, Transport* transport, InboundStream* stream, const MediaPacket* packet,
        LossVerdict verdict) noexcept nogil:
    """For what is missing, now or on the tick, and for a keyframe."""
    if stream.nack and stream.loss.due_us <= worker.now_us:
        reports_nack(worker, transport, stream)
    if verdict == LOSS_GAP and stream.nack and has_receivers(stream):
        worker.next_tick_us = min(worker.next_tick_us, stream.loss.due_us)
    if verdict == LOSS_HOPELESS:
        want_keyframe(stream)
    if (stream.waiting or stream.keyframe_wanted) and not keyframe_at_hand(stream, packet):
        keyframes_ask(worker, transport, stream)


cdef inline bint keyframe_at_hand(
        const InboundStream* stream, const MediaPacket* packet) noexcept nogil:
    return packet.keyframe or (stream.frame_count and stream.frame[0].keyframe)


cdef void describe(
        Worker* worker, Transport* transport, InboundStream* stream, MediaPacket* packet,
        const RtpExtensions* extensions) noexcept nogil:
    """What the event loop or a receiver wants to know besides the payload: keyframes counted, a
    voice's level.
    """
    cdef uint8_t level
    packet.level = NO_LEVEL
    carry(packet, extensions)
    if stream.kind == MediaKind.VIDEO:
        hold(worker, transport, packet)
        describe_picture(worker, stream, packet)
        return
    if extensions.size[<int>ExtensionKind.EXT_AUDIO_LEVEL] != 1:
        return
    packet.level = packet.buffer.data[extensions.offset[<int>ExtensionKind.EXT_AUDIO_LEVEL]]
    if level_on_packet(&stream.level, packet.level, worker.now_us, &level):
        emit_level(worker, stream.handle, level)


cdef void carry(MediaPacket* packet, const RtpExtensions* extensions) noexcept nogil:
    """Note the header extensions that travel on."""
    cdef int i, kind
    for i in range(CARRIED):
        kind = <int>ExtensionKind.EXT_DEPENDENCY + i
        packet.carried.at[i] = extensions.offset[kind]
        packet.carried.size[i] = extensions.size[kind]
    carried_count(&packet.carried)


cdef inline void hold(
        const Worker* worker, Transport* transport, MediaPacket* packet) noexcept nogil:
    """Say to receivers how long to hold the picture, unless its sender does: with some packets, for
    all. The fixed header has been read: its place is free.
    """
    if packet.carried.size[CARRIED_PLAYOUT_DELAY]:
        transport.lateness.said = True
    elif lateness_write(&transport.lateness, packet.buffer.data, worker.now_us):
        packet.carried.at[CARRIED_PLAYOUT_DELAY] = 0
        packet.carried.size[CARRIED_PLAYOUT_DELAY] = LATENESS_BYTES
        carried_count(&packet.carried)


cdef void describe_picture(
        Worker* worker, InboundStream* stream, MediaPacket* packet) noexcept nogil:
    """Its layers and what they cost; of a keyframe its height, by which encodings are ordered."""
    cdef const uint8_t* payload = packet.buffer.data + packet.header.header_size
    cdef uint16_t height
    if scalability_on_packet(&stream.scalability, packet, worker.now_us):
        want_keyframe(stream)
    if not packet.keyframe:
        return
    stream.stats.keyframes += 1
    stream.stats.last_keyframe_us = worker.now_us
    height = codec_height(
        <Codec>packet.codec, payload, packet.payload_size, stream.scalability.templates)
    if height and height != stream.height:
        ladder_height(stream, height)
