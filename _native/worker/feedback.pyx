"""RTCP in and out; see feedback.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.table cimport TABLE_NONE, table_get
from fastsfu._native.crypto.srtp cimport SRTCP_MAX_OVERHEAD, SRTP_OK, srtcp_protect, srtcp_unprotect
from fastsfu._native.media.loss cimport loss_due
from fastsfu._native.media.reception cimport (
    reception_lost, reception_on_sr, reception_report, reception_sender_clock,
)
from fastsfu._native.media.stream cimport (
    InboundStream, MediaKind, OutboundState, OutboundStream, has_receivers, keyframe_due,
    want_keyframe,
)
from fastsfu._native.media.timeline cimport timeline_report
from fastsfu._native.media.twcc cimport twcc_tell
from fastsfu._native.net.udp cimport SocketAddress
from fastsfu._native.packet.rtcp cimport (
    PSFB_FIR, PSFB_PLI, RTCP_BYE, RTCP_PSFB, RTCP_RR, RTCP_RTPFB, RTCP_SR, RTPFB_NACK, Feedback,
    ReportBlock, RtcpPacket, SenderInfo, rtcp_fir_names, rtcp_next, rtcp_read_bye,
    rtcp_read_feedback, rtcp_read_nack, rtcp_read_report, rtcp_read_sender_info, rtcp_write_bye,
    rtcp_write_fir, rtcp_write_nack, rtcp_write_pli, rtcp_write_rr, rtcp_write_sdes_cname,
    rtcp_write_sr,
)
from fastsfu._native.peer.transport cimport SSRC_INBOUND, SSRC_OUTBOUND, Transport, transport_heard
from fastsfu._native.worker.egress cimport egress_flush, egress_protected
from fastsfu._native.worker.event cimport EVENT_STREAM_ENDED
from fastsfu._native.worker.link cimport link_clock, link_keyframe
from fastsfu._native.worker.repeat cimport repeat_packet
from fastsfu._native.worker.state cimport (
    DROP_NO_KEYS, DROP_RTCP_MALFORMED, DROP_SRTCP, RTCP_CAPACITY, TWCC_INTERVAL_US, Worker,
    count_drop, emit_event,
)

cdef enum:
    MAX_RTCP = 1500               # bytes of one compound packet that we read
    MAX_BLOCKS = 31               # RFC 3550 section 6.4.1
    MAX_NACKS = 64                # numbers in one NACK of ours
    SDES_BYTES = 16 + 64          # of one chunk with the longest CNAME
    SR_BYTES = 28

cdef struct Compound:             # one compound packet in the making
    uint8_t data[RTCP_CAPACITY + SRTCP_MAX_OVERHEAD]
    size_t size


cdef void feedback_on_rtcp(
        Worker* worker, Transport* transport, const uint8_t* packet, size_t size) noexcept nogil:
    cdef uint8_t plain[MAX_RTCP]
    cdef size_t plain_size, offset = 0
    cdef RtcpPacket part
    if not transport.keyed:
        count_drop(worker, DROP_NO_KEYS)
        return
    if size > MAX_RTCP:
        count_drop(worker, DROP_RTCP_MALFORMED)
        return
    if srtcp_unprotect(&transport.receive, packet, size, plain, &plain_size) != SRTP_OK:
        count_drop(worker, DROP_SRTCP)
        return
    transport_heard(transport, worker.now_us)
    while rtcp_next(plain, plain_size, &offset, &part):
        on_part(worker, transport, &part)
    if offset != plain_size:
        count_drop(worker, DROP_RTCP_MALFORMED)


cdef void on_part(Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    if part.type == RTCP_SR:
        on_sender_report(worker, transport, part)
        on_report_blocks(worker, transport, part)
    elif part.type == RTCP_RR:
        on_report_blocks(worker, transport, part)
    elif part.type == RTCP_RTPFB and part.count == RTPFB_NACK:
        on_nack(worker, transport, part)
    elif part.type == RTCP_PSFB and part.count == PSFB_PLI:
        on_pli(worker, transport, part)
    elif part.type == RTCP_PSFB and part.count == PSFB_FIR:
        on_fir(worker, transport, part)
    elif part.type == RTCP_BYE:
        on_bye(worker, transport, part)


cdef InboundStream* inbound_of(Worker* worker, Transport* transport, uint32_t ssrc) noexcept nogil:
    cdef uint32_t value = table_get(&transport.by_ssrc, ssrc)
    if value == TABLE_NONE or (value & 3) != SSRC_INBOUND:
        return NULL
    return worker.inbound[value >> 2]


cdef OutboundStream* outbound_of(
        Worker* worker, Transport* transport, uint32_t ssrc) noexcept nogil:
    cdef uint32_t value = table_get(&transport.by_ssrc, ssrc)
    if value == TABLE_NONE or (value & 3) != SSRC_OUTBOUND:
        return NULL
    return worker.outbound[value >> 2]


cdef void on_sender_report(
        Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    cdef SenderInfo info
    cdef InboundStream* stream
    if not rtcp_read_sender_info(part, &info):
        return
    stream = inbound_of(worker, transport, info.ssrc)
    if stream != NULL:
        if stream.kind == MediaKind.AUDIO:
            info.rtp_ts = timeline_report(
                &stream.timeline, &stream.reception, &info, worker.now_us)
        reception_on_sr(&stream.reception, &info, worker.now_us)
        link_clock(worker, stream)


cdef void on_report_blocks(
        Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    cdef ReportBlock block
    cdef OutboundStream* stream
    cdef int i
    cdef int64_t rtt
    for i in range(part.count):
        if not rtcp_read_report(part, i, &block):
            return
        stream = outbound_of(worker, transport, block.ssrc)
        if stream == NULL:
            continue
        stream.stats.fraction_lost = block.fraction_lost
        stream.stats.lost = block.lost
        if stream.source != NULL and stream.source.clock_rate:
            stream.stats.jitter_us = <uint32_t>(
                <uint64_t>block.jitter * 1000000 // stream.source.clock_rate)
        if block.lsr != 0 and block.lsr == stream.last_report_ntp:
            # RFC 3550 section 6.4.1, by our own clock instead of the echoed time.
            rtt = worker.now_us - stream.last_report_us - (<int64_t>block.dlsr * 1000000 >> 16)
            if 0 < rtt < 10000000:
                stream.stats.rtt_us = <uint32_t>rtt
                transport.rtt_us = <uint32_t>rtt


cdef void on_nack(Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    cdef Feedback feedback
    cdef OutboundStream* stream
    cdef uint16_t seqs[MAX_NACKS]
    cdef size_t cursor = 0
    cdef int count, i
    if not rtcp_read_feedback(part, &feedback):
        return
    stream = outbound_of(worker, transport, feedback.media_ssrc)
    if stream == NULL or transport.destination == NULL or transport.expired:
        return
    while True:
        count = rtcp_read_nack(part, &cursor, seqs, MAX_NACKS)
        stream.stats.nack_count += count
        for i in range(count):
            repeat_packet(worker, stream, seqs[i])
        if count < MAX_NACKS:
            return


cdef void on_pli(Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    cdef Feedback feedback
    if rtcp_read_feedback(part, &feedback):
        keyframe_asked(worker, transport, feedback.media_ssrc)


cdef void on_fir(Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    """RFC 5104 section 4.3.1: the entries name the streams; the media SSRC of the head is 0."""
    cdef int i
    for i in range(transport.outbound_count):
        if rtcp_fir_names(part, transport.outbound[i].ssrc):
            keyframe_asked(worker, transport, transport.outbound[i].ssrc)


cdef void keyframe_asked(Worker* worker, Transport* transport, uint32_t ssrc) noexcept nogil:
    cdef OutboundStream* stream = outbound_of(worker, transport, ssrc)
    if stream == NULL:
        return
    stream.stats.pli_count += 1
    if stream.source != NULL and stream.state == OutboundState.FLOWING:
        want_keyframe(stream.source)


cdef void on_bye(Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    cdef uint32_t ssrc
    cdef InboundStream* stream
    cdef int i = 0
    while rtcp_read_bye(part, i, &ssrc):
        stream = inbound_of(worker, transport, ssrc)
        # Once: a flood of them would keep the event loop from everyone else.
        if stream != NULL and not stream.ended:
            stream.ended = emit_event(worker, EVENT_STREAM_ENDED, stream.handle)
        i += 1


cdef void send(Worker* worker, Transport* transport, Compound* compound) noexcept nogil:
    """Protect what has been written and let it leave with the next batch, and begin anew."""
    cdef size_t size = compound.size
    compound.size = 0
    if size == 0 or transport.destination == NULL or transport.expired or not transport.keyed:
        return
    if srtcp_protect(&transport.send, compound.data, &size) == SRTP_OK:
        egress_protected(
            &worker.egress, &worker.udp, <SocketAddress*>transport.destination, compound.data,
            <uint16_t>size)


cdef void feedback_keyframe(
        Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil:
    cdef Compound compound
    if not stream.keyframe_wanted and not somebody_waits(stream):
        return
    if stream.origin:
        if keyframe_due(stream, worker.now_us):
            link_keyframe(stream)
        return
    if transport.keyed and keyframe_due(stream, worker.now_us):
        if stream.fir:
            stream.fir_command += 1       # RFC 5104 section 4.3.1.1: else it repeats the last one
            compound.size = rtcp_write_fir(
                compound.data, transport.ssrc, stream.ssrc, stream.fir_command)
        else:
            compound.size = rtcp_write_pli(compound.data, transport.ssrc, stream.ssrc)
        send(worker, transport, &compound)
        stream.stats.pli_count += 1


cdef bint somebody_waits(const InboundStream* stream) noexcept nogil:
    """Who has no path or keys yet could not take the keyframe, and would wait out the interval."""
    cdef const Transport* receiver
    cdef int i
    for i in range(stream.outbound_count if stream.waiting else 0):
        receiver = <const Transport*>stream.outbound[i].transport
        if stream.outbound[i].state != OutboundState.WAITING:
            continue
        if receiver.keyed and receiver.destination != NULL and not receiver.expired:
            return True
    return False


cdef bint feedback_tick(Worker* worker, Transport* transport) noexcept nogil:
    cdef InboundStream* stream
    cdef bint hurry = False
    cdef int i
    for i in range(transport.inbound_count):
        stream = transport.inbound[i]
        if stream.started and has_receivers(stream):
            ask_again(worker, transport, stream)
            feedback_keyframe(worker, transport, stream)
            hurry = hurry or stream.waiting or stream.keyframe_wanted or (
                stream.nack and stream.loss.count)
    feedback_twcc(worker, transport)
    return hurry


cdef void ask_again(Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil:
    cdef uint16_t seqs[MAX_NACKS]
    cdef bint gave_up = False
    cdef Compound compound
    cdef int count
    if not stream.nack or stream.loss.count == 0:
        return
    count = loss_due(&stream.loss, worker.now_us, transport.rtt_us, seqs, MAX_NACKS, &gave_up)
    if gave_up:
        want_keyframe(stream)
    if count == 0:
        return
    stream.stats.nack_count += count
    compound.size = rtcp_write_nack(compound.data, transport.ssrc, stream.ssrc, seqs, count)
    send(worker, transport, &compound)


cdef void feedback_twcc(Worker* worker, Transport* transport) noexcept nogil:
    cdef Compound compound
    if transport.twcc == NULL or worker.now_us < transport.twcc_due_us:
        return
    transport.twcc_due_us = worker.now_us + TWCC_INTERVAL_US
    while True:
        compound.size = twcc_tell(
            transport.twcc, compound.data, RTCP_CAPACITY, transport.ssrc, transport.twcc_media_ssrc)
        if compound.size == 0:
            return
        send(worker, transport, &compound)


cdef void feedback_report(Worker* worker, Transport* transport) noexcept nogil:
    """RR (always first: RFC 3550 section 6.1), our CNAME, then SR and SDES of each stream we send,
    cut at RTCP_CAPACITY.
    """
    cdef Compound compound
    cdef int i
    if transport.destination == NULL or not transport.keyed:
        return
    compound.size = 0
    write_reception(worker, transport, &compound)
    for i in range(transport.outbound_count):
        if compound.size + SR_BYTES + SDES_BYTES > RTCP_CAPACITY:
            send(worker, transport, &compound)
        write_sender(worker, transport.outbound[i], &compound)
    send(worker, transport, &compound)


cdef void write_reception(Worker* worker, Transport* transport, Compound* compound) noexcept nogil:
    cdef ReportBlock blocks[MAX_BLOCKS]
    cdef InboundStream* stream
    cdef int i, count = 0
    for i in range(transport.inbound_count):
        stream = transport.inbound[i]
        if not stream.bound or stream.reception.received == 0:
            continue
        if count == MAX_BLOCKS:
            flush_blocks(transport, compound, blocks, count)
            send(worker, transport, compound)
            count = 0
        reception_report(&stream.reception, &blocks[count], worker.now_us)
        stream.stats.fraction_lost = blocks[count].fraction_lost
        stream.stats.lost = reception_lost(&stream.reception)
        stream.stats.jitter_us = <uint32_t>(
            <uint64_t>blocks[count].jitter * 1000000 // max(1, stream.clock_rate))
        count += 1
    flush_blocks(transport, compound, blocks, count)


cdef void flush_blocks(
        Transport* transport, Compound* compound, const ReportBlock* blocks,
        int count) noexcept nogil:
    cdef uint8_t* out = compound.data
    compound.size = rtcp_write_rr(out, transport.ssrc, blocks, count)
    compound.size += rtcp_write_sdes_cname(out + compound.size, transport.ssrc, b"fastsfu", 7)


cdef void write_sender(Worker* worker, OutboundStream* stream, Compound* compound) noexcept nogil:
    """The sender's own clock, carried on to now: audio and video of one sender stay in step (lip
    sync).
    """
    cdef SenderInfo info
    cdef uint32_t source_ts
    cdef uint8_t* out = compound.data
    if stream.source == NULL or stream.state != OutboundState.FLOWING or stream.stats.packets == 0:
        return
    if not reception_sender_clock(&stream.source.reception, worker.now_us, &info.ntp, &source_ts):
        return
    info.ssrc = stream.ssrc
    info.rtp_ts = source_ts + stream.rewrite.ts_offset
    info.packets = <uint32_t>stream.stats.packets
    info.octets = <uint32_t>stream.stats.bytes
    stream.last_report_us = worker.now_us
    stream.last_report_ntp = <uint32_t>(info.ntp >> 16)
    compound.size += rtcp_write_sr(out + compound.size, &info, NULL, 0)
    compound.size += rtcp_write_sdes_cname(
        out + compound.size, stream.ssrc, stream.cname, stream.cname_size)


cdef void feedback_bye(
        Worker* worker, Transport* transport, const OutboundStream* stream) noexcept nogil:
    cdef uint32_t ssrcs[MAX_BLOCKS]
    cdef Compound compound
    cdef int i, count = 0
    if stream != NULL:
        ssrcs[0] = stream.ssrc
        count = 1
    else:
        for i in range(min(transport.outbound_count, <int>MAX_BLOCKS)):
            ssrcs[i] = transport.outbound[i].ssrc
            count = i + 1
    if count == 0:
        return
    compound.size = rtcp_write_rr(compound.data, transport.ssrc, NULL, 0)
    compound.size += rtcp_write_bye(compound.data + compound.size, ssrcs, count)
    send(worker, transport, &compound)
    egress_flush(&worker.egress, &worker.udp)      # the transport may be freed next
