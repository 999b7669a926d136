"""RTCP in; see feedback.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.table cimport TABLE_NONE, table_get
from fastsfu._native.crypto.srtcp cimport srtcp_unprotect
from fastsfu._native.crypto.srtp cimport SRTP_OK
from fastsfu._native.forwarding.absence cimport absence_ends
from fastsfu._native.forwarding.ahead cimport ahead_choose
from fastsfu._native.forwarding.counters cimport DROP_NO_KEYS, DROP_RTCP_MALFORMED, DROP_SRTCP
from fastsfu._native.forwarding.estimate cimport (
    estimate_on_feedback, estimate_on_remb, estimate_on_reports, estimate_spills,
)
from fastsfu._native.forwarding.event cimport EVENT_STREAM_ENDED
from fastsfu._native.forwarding.link cimport link_clock
from fastsfu._native.forwarding.pacing cimport pacing_begins, pacing_heard
from fastsfu._native.forwarding.repeat cimport repeat_owed, repeat_packet, repeat_too_late
from fastsfu._native.forwarding.state cimport count_drop, emit_event
from fastsfu._native.media.keyframe cimport keyframe_granted, want_keyframe
from fastsfu._native.media.receivers cimport outbound_known
from fastsfu._native.media.reception cimport reception_on_sr
from fastsfu._native.media.redundancy cimport REDUNDANT_US
from fastsfu._native.media.reported cimport Since, reported_on
from fastsfu._native.media.stream cimport InboundStream, MediaKind, OutboundState, OutboundStream
from fastsfu._native.media.timeline cimport timeline_report
from fastsfu._native.packet.rtcp cimport (
    PSFB_FIR, PSFB_PLI, PSFB_REMB, RTCP_BYE, RTCP_PSFB, RTCP_RR, RTCP_RTPFB, RTCP_SR, RTPFB_NACK,
    RTPFB_TRANSPORT_CC, Feedback, ReportBlock, RtcpPacket, SenderInfo, rtcp_fir_names, rtcp_next,
    rtcp_read_bye, rtcp_read_feedback, rtcp_read_nack, rtcp_read_report, rtcp_read_sender_info,
)
from fastsfu._native.peer.transport cimport SSRC_INBOUND, SSRC_OUTBOUND, transport_heard

cdef enum:
    MAX_RTCP = 1500               # bytes of one compound packet that we read
    MAX_NACKS = 64                # numbers read at a time
    ANY = -1                      # in `format`: it is a count

cdef struct Part:                 # of a compound packet: what it is, and what is done with it
    int type
    int format                    # FMT of RFC 4585 section 6.1
    void (*verb)(Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil

cdef Part[8] PARTS
PARTS = [
    Part(RTCP_SR, ANY, on_sr),
    Part(RTCP_RR, ANY, on_report_blocks),
    Part(RTCP_RTPFB, RTPFB_NACK, on_nack),
    Part(RTCP_RTPFB, RTPFB_TRANSPORT_CC, on_transport_feedback),
    Part(RTCP_PSFB, PSFB_REMB, estimate_on_remb),
    Part(RTCP_PSFB, PSFB_PLI, on_pli),
    Part(RTCP_PSFB, PSFB_FIR, on_fir),
    Part(RTCP_BYE, ANY, on_bye),
]


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
    pacing_heard(worker, transport)
    while rtcp_next(plain, plain_size, &offset, &part):
        on_part(worker, transport, &part)
    if offset != plain_size:
        count_drop(worker, DROP_RTCP_MALFORMED)


cdef void on_part(Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    """Of the rest nothing is asked of us."""
    cdef const Part* known = PARTS
    cdef int i
    for i in range(<int>(sizeof(PARTS) // sizeof(Part))):
        if part.type == known[i].type and known[i].format in (ANY, part.count):
            known[i].verb(worker, transport, part)
            return


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


cdef void on_sr(Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    on_sender_report(worker, transport, part)
    on_report_blocks(worker, transport, part)


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
    cdef Since since
    cdef uint32_t packets = 0, lost = 0
    cdef bint arrives = False
    cdef int i
    for i in range(part.count):
        if not rtcp_read_report(part, i, &block):
            break
        stream = outbound_of(worker, transport, block.ssrc)
        if stream != NULL:
            arrives = arrives or block.highest_seq != stream.reported.highest
            since = reported_on(
                &stream.reported, &block, stream.rewrite.numbers.next, stream.stats.packets)
            packets += since.packets
            lost += since.lost
            block.fraction_lost = since.share
            note_report(worker, transport, stream, &block)
    if arrives:
        estimate_on_reports(worker, transport, packets, lost)


cdef void note_report(
        Worker* worker, Transport* transport, OutboundStream* stream,
        const ReportBlock* block) noexcept nogil:
    cdef int64_t rtt
    outbound_known(stream)
    stream.stats.fraction_lost = block.fraction_lost
    stream.stats.lost = block.lost
    if block.fraction_lost and (
            worker.now_us < stream.redundant_until_us or not estimate_spills(worker, transport)):
        stream.redundant_until_us = worker.now_us + REDUNDANT_US
    if stream.source != NULL and stream.source.clock_rate:
        stream.stats.jitter_us = <uint32_t>(
            <uint64_t>block.jitter * 1000000 // stream.source.clock_rate)
    if block.lsr != 0 and block.lsr == stream.last_report_ntp:
        # RFC 3550 section 6.4.1, by our own clock instead of the echoed time.
        rtt = worker.now_us - stream.last_report_us - (<int64_t>block.dlsr * 1000000 >> 16)
        if 0 < rtt < 10000000:
            stream.stats.rtt_us = <uint32_t>rtt
            transport.rtt_us = <uint32_t>rtt
    ahead_choose(worker, stream)


cdef void on_transport_feedback(
        Worker* worker, Transport* transport, const RtcpPacket* part) noexcept nogil:
    cdef OutboundStream* stream
    cdef int i
    estimate_on_feedback(worker, transport, part)
    if transport.destination == NULL or transport.expired:
        return
    for i in range(transport.outbound_count):
        stream = transport.outbound[i]
        if repeat_owed(worker, stream) and keyframe_needed(worker, stream):
            stream.given_up = stream.rewrite.numbers.next


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
    if transport.estimator != NULL:
        absence_ends(worker, transport)
    while True:
        count = rtcp_read_nack(part, &cursor, seqs, MAX_NACKS)
        stream.stats.nack_count += count
        # The first is the oldest. A browser whose link was cut would complain two seconds later.
        if count and repeat_too_late(stream, seqs[0]) and keyframe_needed(worker, stream):
            stream.given_up = stream.rewrite.numbers.next
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
    keyframe_needed(worker, stream)


cdef bint keyframe_needed(Worker* worker, OutboundStream* stream) noexcept nogil:
    """False: it has had its share of them, or is about to get one."""
    if stream.source == NULL or stream.state != OutboundState.FLOWING or pacing_begins(
            <const Transport*>stream.transport, worker.now_us):
        return False
    if not keyframe_granted(stream, worker.now_us):
        return False
    want_keyframe(stream.source)
    return True


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
