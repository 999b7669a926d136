"""From one worker to another: what the worker of a sender has unprotected, for receivers elsewhere.

A link is a ring each way between two workers. Frames cross it as they were gathered, in order, as
loans of their buffers (base/pool): the receiving worker has its own numbering, history and egress,
and hands the buffers back when it is through with them. What asks for keyframes crosses the other
way. A frame that does not fit is dropped whole and counted; the stream then goes on at a keyframe,
so a worker that is stuck costs the others nothing but that.
"""

from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.ring cimport Ring
from fastsfu._native.forwarding.state cimport Link, Worker
from fastsfu._native.media.packet cimport MediaPacket, Run
from fastsfu._native.media.points cimport Points
from fastsfu._native.media.stream cimport InboundStream

cdef enum:
    LINK_RING_BYTES = 1 << 18     # about 600 frames of five packets

cdef enum LinkRecord:
    LINK_FRAME = 0
    LINK_CLOCK
    LINK_KEYFRAME
    LINK_WANTED
    LINK_DEMAND

cdef struct LinkHead:
    uint32_t kind                 # LinkRecord
    uint64_t handle               # frame, clock: of the replica; else of the stream asked for

cdef struct LinkFrame:            # then `count` MediaPackets and `run_count` Runs
    LinkHead head
    int count
    int run_count
    bint restart                  # frames before this one were dropped: it begins at a keyframe

cdef struct LinkWanted:
    LinkHead head
    uint32_t peer                 # worker of the replica
    uint64_t replica              # frames shall come for it, or no more
    bint wanted

cdef struct LinkDemand:
    LinkHead head
    uint32_t peer                 # worker of the replica
    uint64_t replica
    int64_t bps                   # worker/demand

cdef struct LinkClock:            # what the origin knows besides its packets
    LinkHead head
    bint live                     # media/ladder
    bint remb                     # media/stream
    uint16_t height
    Points points
    # of the sender's last report (media/reception)
    uint64_t ntp
    uint32_t rtp_ts
    int64_t arrival_us

cdef inline MediaPacket* frame_packets(LinkFrame* frame) noexcept nogil:
    return <MediaPacket*>(frame + 1)


cdef inline Run* frame_runs(LinkFrame* frame) noexcept nogil:
    return <Run*>(frame_packets(frame) + frame.count)


# The rings exist until both workers have ended. No-op when there is a link to this peer.
cdef void link_connect(
    Worker* worker, uint32_t peer, Ring* out, Ring* back, Ring* wake) noexcept nogil
cdef Link* link_to(Worker* worker, uint32_t peer) noexcept nogil       # NULL: none
# From now on the stream goes to its replica on that worker too. 0, or -1: out of memory.
cdef int link_tap(
    Worker* worker, InboundStream* stream, Link* link, uint64_t replica) noexcept nogil
cdef void link_untap(InboundStream* stream, uint64_t replica, const Link* link) noexcept nogil
# A frame, cut into runs and padded, to all taps of its stream. Nobody may write to its buffers any
# more.
cdef void link_frame(
    Worker* worker, InboundStream* stream, const MediaPacket* packets, int count, const Run* runs,
    int run_count) noexcept nogil
# The sender's clock, for the reports to receivers elsewhere (lip sync), and what tells encodings
# apart.
cdef void link_clock(Worker* worker, const InboundStream* stream) noexcept nogil
# A replica's receivers need a keyframe.
cdef void link_keyframe(InboundStream* replica) noexcept nogil
# Tell the origin when the first receiver has sat down here, or the last one has left.
cdef void link_seated(Worker* worker, InboundStream* replica) noexcept nogil
# The origin is told that.
cdef void link_wanted(
    Worker* worker, InboundStream* stream, const LinkWanted* record) noexcept nogil
# Tell the origin how much its receivers here want. False: the ring is full.
cdef bint link_demand(const Worker* worker, InboundStream* replica, int64_t bps) noexcept nogil
# The origin is told that.
cdef void link_demanded(
    Worker* worker, InboundStream* stream, const LinkDemand* record) noexcept nogil
# The batch has ended: wake whoever may have gone to sleep over it.
cdef void link_wake(Worker* worker) noexcept nogil
