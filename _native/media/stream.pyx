"""Life and links of inbound and outbound streams; see stream.pxd."""

from libc.stdint cimport uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.media.gate cimport gate_forget
from fastsfu._native.media.history cimport history_free, history_init
from fastsfu._native.media.keyframe cimport KEYFRAME_ASKS_US, KEYFRAME_INTERVAL_US
from fastsfu._native.media.levels cimport level_init
from fastsfu._native.media.loss cimport loss_init
from fastsfu._native.media.repeats cimport NUMBERS_KEPT, Numbered
from fastsfu._native.media.rewrite cimport rewrite_init
from fastsfu._native.media.timeline cimport timeline_init
from fastsfu._native.media.voices cimport voice_leave
from fastsfu._native.packet.layers cimport TOP_LAYER

cdef enum:
    HISTORY_PACKETS = 512         # of a video stream: 1 s at 4 Mbit/s
    HISTORY_AGE_US = 1000000      # older packets come too late for any playout delay
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
    for i in range(stream.frame_count):
        buffer_release(stream.frame[i].buffer)
    history_free(&stream.history)
    gate_forget(&stream.gate)
    voice_leave(&stream.gate.voice)
    free(stream.outbound)
    free(stream.taps)
    free(stream.scalability.templates)
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
    stream.reported.next = stream.rewrite.numbers.next
    stream.rtx_index = first_rtx_seq
    for i in range(KEYFRAME_ASKS):
        stream.keyframe_asks_us[i] = -KEYFRAME_ASKS_US
    stream.state = OutboundState.PAUSED
    stream.preference.most_layer = TOP_LAYER
    stream.fits.encoding = stream.fits.spatial = stream.fits.temporal = TOP_LAYER
    stream.filler_pt = NO_PT
    return stream


cdef void outbound_free(OutboundStream* stream) noexcept nogil:
    free(stream.layering)
    free(stream.numbers)
    free(stream.repeats)
    free(stream)


cdef int outbound_number(OutboundStream* stream) noexcept nogil:
    if stream.stats.kind == MediaKind.VIDEO and stream.rtx_ssrc == 0:   # no voice is repeated
        stream.numbers = <Numbered*>calloc(NUMBERS_KEPT, sizeof(Numbered))
        if stream.numbers == NULL:
            return -1
    stream.numbered = True
    return 0
