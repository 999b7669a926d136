"""Life and links of inbound and outbound streams; see stream.pxd."""

from libc.stdint cimport int64_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memmove, memset

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.base.seats cimport seats_grow, seats_leave, seats_take
from fastsfu._native.media.gate cimport gate_forget
from fastsfu._native.media.history cimport history_free, history_init
from fastsfu._native.media.levels cimport level_init
from fastsfu._native.media.loss cimport loss_init
from fastsfu._native.media.repeats cimport NUMBERS_KEPT, Numbered
from fastsfu._native.media.rewrite cimport (
    rewrite_elapsed, rewrite_init, rewrite_start, rewrite_stop,
)
from fastsfu._native.media.timeline cimport timeline_init
from fastsfu._native.media.voices cimport voice_leave

cdef enum:
    LEAST_RECEIVERS = 4           # that a source has room for
    SPOKEN_PACKETS = 4            # of a voice, to say the last but one again: a power of two


cdef InboundStream* inbound_new(MediaKind kind, uint32_t clock_rate) noexcept nogil:
    cdef InboundStream* stream = <InboundStream*>calloc(1, sizeof(InboundStream))
    if stream == NULL:
        return NULL
    if history_init(
            &stream.history, HISTORY_PACKETS if kind == MediaKind.VIDEO else SPOKEN_PACKETS,
            HISTORY_AGE_US) < 0:
        free(stream)
        return NULL
    stream.kind = kind
    stream.clock_rate = clock_rate
    stream.last_ext_seq = -1
    stream.keyframe_asked_us = -KEYFRAME_INTERVAL_US
    memset(stream.codec_of_pt, NO_PT, sizeof(stream.codec_of_pt))
    memset(stream.primary_of_rtx, NO_PT, sizeof(stream.primary_of_rtx))
    loss_init(&stream.loss)
    level_init(&stream.level)
    timeline_init(&stream.timeline)
    return stream


cdef void inbound_free(InboundStream* stream) noexcept nogil:
    cdef int i
    for i in range(stream.outbound_count):
        stream.outbound[i].source = NULL
        stream.outbound[i].stats.source = 0
    for i in range(stream.frame_count):
        buffer_release(stream.frame[i].buffer)
    history_free(&stream.history)
    gate_forget(&stream.gate)
    voice_leave(&stream.gate.voice)
    free(stream.outbound)
    free(stream.taps)
    free(stream)


cdef OutboundStream* outbound_new(
        uint16_t first_seq, uint16_t first_rtx_seq, uint32_t ts_offset) noexcept nogil:
    cdef OutboundStream* stream = <OutboundStream*>calloc(1, sizeof(OutboundStream))
    cdef int i
    if stream == NULL:
        return NULL
    memset(stream.pt_of, NO_PT, sizeof(stream.pt_of))
    memset(stream.rtx_pt_of, NO_PT, sizeof(stream.rtx_pt_of))
    rewrite_init(&stream.rewrite, first_seq, ts_offset)
    stream.rtx_index = first_rtx_seq
    for i in range(KEYFRAME_ASKS):
        stream.keyframe_asks_us[i] = -KEYFRAME_ASKS_US
    stream.state = OutboundState.PAUSED
    return stream


cdef void outbound_free(OutboundStream* stream) noexcept nogil:
    outbound_leave(stream)
    free(stream.numbers)
    free(stream.repeats)
    free(stream)


cdef int outbound_number(OutboundStream* stream) noexcept nogil:
    if stream.rtx_ssrc == 0:
        stream.numbers = <Numbered*>calloc(NUMBERS_KEPT, sizeof(Numbered))
        if stream.numbers == NULL:
            return -1
    stream.numbered = True
    return 0


cdef void outbound_leave(OutboundStream* stream) noexcept nogil:
    cdef InboundStream* source = stream.source
    cdef OutboundStream* last
    enter(stream, OutboundState.PAUSED)
    if source != NULL:
        last = <OutboundStream*>seats_leave(
            <void**>source.outbound, &source.outbound_count, stream.place)
        last.place = stream.place
        stream.source = NULL


cdef void enter(OutboundStream* stream, OutboundState state) noexcept nogil:
    """Its state, its source's count of those who wait and what its row says change here alone."""
    if stream.source != NULL:
        stream.source.waiting += state == OutboundState.WAITING
        stream.source.waiting -= stream.state == OutboundState.WAITING
    stream.state = state
    stream.stats.state = state


cdef int outbound_attach(OutboundStream* stream, InboundStream* source) noexcept nogil:
    if seats_grow(
            <void**>&source.outbound, sizeof(OutboundStream*), source.outbound_count,
            &source.outbound_capacity, LEAST_RECEIVERS) < 0:
        return -1
    stream.source = source
    stream.place = seats_take(<void**>source.outbound, &source.outbound_count, stream)
    enter(stream, OutboundState.WAITING)
    return 0


cdef void outbound_start(
        OutboundStream* stream, const MediaPacket* packet, int64_t now_us) noexcept nogil:
    cdef uint32_t ts_offset = stream.rewrite.ts_offset
    if not stream.resumes:
        ts_offset = rewrite_elapsed(
            &stream.rewrite, packet.header.ts, stream.source.clock_rate, now_us)
    rewrite_start(&stream.rewrite, packet.ext_seq, ts_offset)
    stream.resumes = True
    stream.redundant_until_us = now_us + REDUNDANT_US
    enter(stream, OutboundState.FLOWING)


cdef void outbound_pause(OutboundStream* stream, bint paused) noexcept nogil:
    if paused == (stream.state == OutboundState.PAUSED):
        return
    if paused:
        rewrite_stop(&stream.rewrite)
        enter(stream, OutboundState.PAUSED)
        return
    enter(stream, OutboundState.WAITING)
    if stream.source != NULL:
        want_keyframe(stream.source)


cdef void inbound_break(InboundStream* stream) noexcept nogil:
    cdef OutboundStream* receiver
    cdef int i
    for i in range(stream.outbound_count):
        receiver = stream.outbound[i]
        if receiver.state == OutboundState.FLOWING:
            rewrite_stop(&receiver.rewrite)
            enter(receiver, OutboundState.WAITING)


cdef void want_keyframe(InboundStream* stream) noexcept nogil:
    stream.keyframe_wanted = stream.kind == MediaKind.VIDEO


cdef bint keyframe_granted(OutboundStream* stream, int64_t now_us) noexcept nogil:
    cdef int64_t* asks = stream.keyframe_asks_us
    if now_us - asks[KEYFRAME_ASKS - 1] < KEYFRAME_APART_US or now_us - asks[0] < KEYFRAME_ASKS_US:
        return False
    memmove(asks, asks + 1, (KEYFRAME_ASKS - 1) * sizeof(int64_t))
    asks[KEYFRAME_ASKS - 1] = now_us
    return True


cdef bint keyframe_due(InboundStream* stream, int64_t now_us) noexcept nogil:
    if stream.kind != MediaKind.VIDEO or not stream.bound or stream.gate.paused:
        return False
    if not stream.keyframe_wanted and stream.waiting == 0:
        return False
    if now_us - stream.keyframe_asked_us < KEYFRAME_INTERVAL_US:
        return False
    stream.keyframe_wanted = False
    stream.keyframe_asked_us = now_us
    return True
