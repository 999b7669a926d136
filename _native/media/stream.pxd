"""The two ends of a forwarded RTP stream: what one participant sends us, and what we send one
receiver of it (RFC 7656).

Owned by one worker. An inbound stream lists its receivers; an outbound stream points back. Either
may be closed first. The encodings of one source are inbound streams of a ladder (media/ladder). For
receivers on another worker it has a replica there, which a link feeds from a tap (media/tap).
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.media.gate cimport Gate
from fastsfu._native.media.history cimport History
from fastsfu._native.media.layering cimport Layering, OperatingPoint, Preference
from fastsfu._native.media.levels cimport Level
from fastsfu._native.media.loss cimport LossTracker
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.points cimport Points
from fastsfu._native.media.reception cimport Reception
from fastsfu._native.media.reported cimport Reported
from fastsfu._native.media.repeats cimport Numbered, Repeats
from fastsfu._native.media.rewrite cimport Rewrite
from fastsfu._native.media.scalability cimport Scalability
from fastsfu._native.media.stats cimport StreamStats
from fastsfu._native.media.tap cimport Tap
from fastsfu._native.media.timeline cimport Timeline

cpdef enum MediaKind:
    AUDIO = 0
    VIDEO = 1

cdef enum:
    NO_PT = 255                   # no payload type
    MID_CAPACITY = 16             # bytes of a MID that we accept
    RID_CAPACITY = 16
    CNAME_CAPACITY = 64
    FRAME_CAPACITY = 64           # packets of one frame gathered at most (GSO_MAX_SEGMENTS)
    KEYFRAME_ASKS = 3             # times that are kept of a receiver

cdef struct InboundStream:
    uint64_t handle
    uint64_t transport            # handle of the sender's transport; 0 = a replica
    MediaKind kind
    bint nack                     # ask for our own losses
    bint remb                     # its sender is told how much is wanted (worker/demand)
    bint fir                      # ask for keyframes by FIR (RFC 5104 section 4.3.1), not PLI
    uint8_t fir_command           # number of the last one
    bint bound, presumed          # its SSRC is known; from the stream before it (peer/former)
    bint started, ended           # an authentic packet came; a BYE, and the event loop was told
    uint32_t ssrc, rtx_ssrc       # 0 = none or not yet known
    uint8_t mid[MID_CAPACITY]
    uint8_t rid[RID_CAPACITY]     # of one encoding among several
    uint8_t mid_size, rid_size    # 0 = it has none
    uint8_t codec_of_pt[128]      # Codec, or NO_PT
    uint8_t primary_of_rtx[128]   # payload type that an RTX payload type repairs, or NO_PT
    uint32_t clock_rate           # Hz
    int64_t last_ext_seq          # of the newest packet, to extend the next
    Reception reception
    LossTracker loss
    Level level
    Timeline timeline             # of a voice
    Gate gate                     # what of it is passed on
    # layers
    InboundStream* lower          # the next smaller encoding of its source; NULL
    InboundStream* higher         # the next larger one
    bint live, wanted             # packets came lately; somebody asks, as the event loop was told
    int64_t wanted_us, rested_us  # when last; when it had stopped by itself last, 0 = never
    int64_t demand_bps, demand_due_us     # replica: told to its origin; when to look again
    bint seated                   # replica: its origin was told that somebody sits here
    uint16_t height               # of its last keyframe's picture; 0 = not known
    bint resized                  # that is new to those who choose by it
    Points points                 # what it costs; replica: as its origin says
    Scalability scalability
    int64_t base_begin, base_end, base_ts     # its last picture to be sent ahead (forwarding/ahead)
    History history               # of video while there are receivers, of redundant sound always
    # the frame being gathered (forwarding/frames)
    MediaPacket frame[FRAME_CAPACITY]
    int frame_count
    int64_t frame_deadline_us     # send it by then, complete or not
    OutboundStream** outbound     # its receivers
    int outbound_count, outbound_capacity
    int waiting                   # seats of those that cannot start without a keyframe
    # other workers
    Tap* taps
    int tap_count, tap_capacity
    uint64_t origin               # replica: handle of the stream that it is of
    void* origin_link             # and the way there (forwarding/state Link)
    int replica_place             # in the worker's list
    # keyframe requests
    bint keyframe_wanted
    int64_t keyframe_asked_us     # when we last asked; -KEYFRAME_INTERVAL_US at first
    StreamStats* stats

cpdef enum OutboundState:
    WAITING = 0                   # for a keyframe (video) or the first packet
    FLOWING = 1
    PAUSED = 2

cdef struct OutboundStream:
    # what each frame asks for: two lines of cache, and that of its payload type in `pt_of`
    void* transport               # the receiver's Transport (peer/transport)
    InboundStream* source         # NULL once the source is closed
    StreamStats* stats
    OutboundState state
    uint32_t ssrc
    bint numbered, ahead          # has transport-wide numbers; gets repeats before it asks
    Layering* layering            # NULL: gets the source as it comes, and has never switched
    Rewrite rewrite
    int64_t named_until           # index: packets below it have the MID
    uint64_t went_along           # the last chord of the worker (forwarding/forward) that it was in
    uint8_t pt_of[128]            # by the source's payload type; NO_PT = not for this receiver
    # the rest
    int64_t redundant_until_us    # older blocks go along (packet/red), repeats go twice, until then
    uint64_t handle
    int place                     # in source.outbound
    InboundStream* next           # another encoding, for whose keyframe it waits while it flows
    int next_place                # in next.outbound
    bint paused, suspended        # by the receiver; since nothing of it fits
    bint told_begun               # the event loop was, that its first frame is on its way
    uint8_t told_fit              # what the event loop was told (Fit of forwarding/event)
    OperatingPoint fits           # the highest that does
    int64_t room_bps              # that there is for it; 0 = nothing is known to be in the way
    bint resumes                  # its timestamps go on with rewrite.ts_offset
    Preference preference
    uint32_t rtx_ssrc             # 0 = retransmissions are plain repeats
    uint8_t rtx_pt_of[128]
    uint8_t filler_pt             # of RTX with padding alone (probes), or NO_PT
    int64_t rtx_index             # next index of the RTX stream
    Numbered* numbers             # of the last NUMBERS_KEPT pictures' packets, for plain repeats
    int64_t last_report_us        # when our last sender report left, and the middle of its NTP time
    uint32_t last_report_ntp
    Repeats* repeats              # NULL until something is asked for again
    int64_t given_up              # index: what is missing below it waits for a keyframe
    int64_t keyframe_asks_us[KEYFRAME_ASKS]   # when the last ones were granted, oldest first
    Reported reported             # by its receiver
    uint8_t cname[CNAME_CAPACITY]
    uint8_t mid[MID_CAPACITY]     # of the section that it is for
    uint8_t cname_size, mid_size

# NULL: out of memory
cdef InboundStream* inbound_new(MediaKind kind, uint32_t clock_rate) noexcept nogil
# Lets its buffers go; nobody sits there any more (media/receivers) and it stands in no ladder.
cdef void inbound_free(InboundStream* stream) noexcept nogil
# Paused, of no source; its `stats` are set before it is given to any other verb.
cdef OutboundStream* outbound_new(
    uint16_t first_seq, uint16_t first_rtx_seq, uint32_t ts_offset) noexcept nogil
cdef void outbound_free(OutboundStream* stream) noexcept nogil     # it has no seat any more
# Its packets get transport-wide numbers (source and rtx_ssrc are set). 0, or -1: out of memory.
cdef int outbound_number(OutboundStream* stream) noexcept nogil
