"""Reports, NACKs and goodbyes, written; see reports.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.bwe.twcc cimport twcc_tell
from fastsfu._native.forwarding.compound cimport Compound, compound_send
from fastsfu._native.forwarding.keyframes cimport keyframes_ask
from fastsfu._native.forwarding.state cimport RTCP_CAPACITY, TWCC_INTERVAL_US
from fastsfu._native.media.keyframe cimport want_keyframe
from fastsfu._native.media.loss cimport loss_due
from fastsfu._native.media.receivers cimport has_receivers, outbound_known
from fastsfu._native.media.reception cimport (
    reception_lost, reception_report, reception_sender_clock,
)
from fastsfu._native.media.stream cimport InboundStream, OutboundState
from fastsfu._native.packet.rtcp cimport (
    ReportBlock, SenderInfo, rtcp_write_bye, rtcp_write_nack, rtcp_write_rr, rtcp_write_sdes_cname,
    rtcp_write_sr,
)
from fastsfu._native.peer.egress cimport egress_flush

cdef enum:
    MAX_BLOCKS = 31               # RFC 3550 section 6.4.1
    MAX_NACKS = 64                # numbers in one NACK of ours
    SDES_BYTES = 16 + 64          # of one chunk with the longest CNAME
    SR_BYTES = 28
    NAMED_PACKETS = 256           # that have the MID: two seconds of video, five of sound


cdef bint reports_tick(Worker* worker, Transport* transport) noexcept nogil:
    cdef InboundStream* stream
    cdef bint hurry = False
    cdef int i
    for i in range(transport.inbound_count):
        stream = transport.inbound[i]
        if stream.started and has_receivers(stream):
            ask_for_missing(worker, transport, stream)
            keyframes_ask(worker, transport, stream)
            hurry = hurry or stream.waiting or stream.keyframe_wanted or (
                stream.nack and stream.loss.count)
    reports_twcc(worker, transport)
    return hurry


cdef void reports_nack(
        Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil:
    if stream.started and has_receivers(stream):
        ask_for_missing(worker, transport, stream)


cdef void ask_for_missing(
        Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil:
    cdef int64_t answer_us = transport.answer_us if transport.answer_us else transport.rtt_us
    cdef uint16_t seqs[MAX_NACKS]
    cdef bint gave_up = False
    cdef Compound compound
    cdef int count
    if not stream.nack or stream.loss.count == 0:
        return
    count = loss_due(&stream.loss, worker.now_us, answer_us, seqs, MAX_NACKS, &gave_up)
    if gave_up:
        want_keyframe(stream)
    if count == 0:
        return
    stream.stats.nack_count += count
    compound.size = rtcp_write_nack(compound.data, transport.ssrc, stream.ssrc, seqs, count)
    compound_send(worker, transport, &compound)


cdef void reports_twcc(Worker* worker, Transport* transport) noexcept nogil:
    cdef Compound compound
    if transport.twcc == NULL or worker.now_us < transport.twcc_due_us:
        return
    transport.twcc_due_us = worker.now_us + TWCC_INTERVAL_US
    while True:
        compound.size = twcc_tell(
            transport.twcc, compound.data, RTCP_CAPACITY, transport.ssrc, transport.twcc_media_ssrc)
        if compound.size == 0:
            return
        compound_send(worker, transport, &compound)


cdef void reports_send(Worker* worker, Transport* transport) noexcept nogil:
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
            compound_send(worker, transport, &compound)
        write_sender(worker, transport.outbound[i], &compound)
    compound_send(worker, transport, &compound)


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
            compound_send(worker, transport, compound)
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
    if stream.stats.packets >= NAMED_PACKETS:
        outbound_known(stream)
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


cdef void reports_bye(
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
    compound_send(worker, transport, &compound)
    egress_flush(&worker.egress, &worker.udp)      # the transport may be freed next
