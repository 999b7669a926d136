"""What links bring; see replica.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.base.ring cimport Ring, ring_end, ring_front, ring_pop
from fastsfu._native.base.seats cimport seats_leave, seats_take
from fastsfu._native.forwarding.preference cimport preference_ladder
from fastsfu._native.forwarding.counters cimport LINK_DROPPED
from fastsfu._native.forwarding.forward cimport fan_out
from fastsfu._native.forwarding.keyframes cimport keyframes_ask
from fastsfu._native.forwarding.link cimport (
    LINK_CLOCK, LINK_DEMAND, LINK_FRAME, LINK_WANTED, LinkClock, LinkDemand, LinkFrame, LinkHead,
    LinkWanted, frame_packets, frame_runs, link_demanded, link_seated, link_to, link_wanted,
)
from fastsfu._native.forwarding.state cimport Link, find_inbound, find_transport
from fastsfu._native.media.history cimport history_expire
from fastsfu._native.media.keyframe cimport want_keyframe
from fastsfu._native.media.ladder cimport ladder_height, ladder_lowest
from fastsfu._native.media.points cimport points_differ
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.receivers cimport inbound_break, inbound_forget
from fastsfu._native.media.reception cimport reception_init
from fastsfu._native.media.stream cimport MediaKind
from fastsfu._native.worker.demand cimport demand_pass_on

cdef enum:
    # A frame that old, by the sender's worker, is of no use: this one has been stuck, and what it
    # missed would only keep it from what comes now.
    STALE_US = 500000


cdef int replica_open(
        Worker* worker, InboundStream* stream, uint32_t peer, uint64_t origin) noexcept nogil:
    cdef Link* link = link_to(worker, peer)
    if link == NULL:
        return -1
    stream.origin = origin
    stream.origin_link = link
    stream.bound = stream.started = True
    reception_init(&stream.reception, 0, stream.clock_rate)
    stream.replica_place = seats_take(<void**>worker.replicas, &worker.replica_count, stream)
    return 0


cdef void replica_close(Worker* worker, InboundStream* stream) noexcept nogil:
    cdef InboundStream* last = <InboundStream*>seats_leave(
        <void**>worker.replicas, &worker.replica_count, stream.replica_place)
    last.replica_place = stream.replica_place


cdef void replica_receive(Worker* worker) noexcept nogil:
    cdef int i
    for i in range(worker.link_count):
        read_ring(worker, worker.links[i].back)


cdef void read_ring(Worker* worker, Ring* ring) noexcept nogil:
    """Up to where it ends now: a peer that is faster must not keep us from everybody else. It
    wakes us for the rest.
    """
    cdef uint64_t end = ring_end(ring)
    cdef uint32_t size
    cdef uint8_t* record = ring_front(ring, &size) if ring.head != end else NULL
    while record != NULL:
        take(worker, <LinkHead*>record)
        ring_pop(ring)
        record = ring_front(ring, &size) if ring.head != end else NULL


cdef void take(Worker* worker, LinkHead* head) noexcept nogil:
    cdef InboundStream* stream = find_inbound(worker, head.handle)
    if head.kind == LINK_FRAME:
        take_frame(worker, stream, <LinkFrame*>head)
    elif stream == NULL:
        return                    # closed meanwhile
    elif head.kind == LINK_CLOCK:
        take_clock(stream, <LinkClock*>head)
    elif head.kind == LINK_WANTED:
        link_wanted(worker, stream, <LinkWanted*>head)
    elif head.kind == LINK_DEMAND:
        link_demanded(worker, stream, <LinkDemand*>head)
    else:
        want_keyframe(stream)
        keyframes_ask(worker, find_transport(worker, stream.transport), stream)


cdef void take_frame(Worker* worker, InboundStream* stream, LinkFrame* frame) noexcept nogil:
    cdef MediaPacket* packets = frame_packets(frame)
    cdef bint keyframe = False
    cdef int i
    # Paused: what was on its way when its origin was.
    if stream == NULL or stream.outbound_count == 0 or stream.gate.paused:
        let_go(frame)
        return
    if packets[0].header.ssrc != stream.ssrc:
        if stream.ssrc:
            inbound_forget(stream)
        stream.ssrc = packets[0].header.ssrc
    if frame.restart or worker.now_us - packets[0].arrival_us > STALE_US:
        inbound_break(stream)
    if worker.now_us - packets[0].arrival_us > STALE_US:
        worker.counters[LINK_DROPPED] += frame.count
        let_go(frame)
        return
    for i in range(frame.count):
        stream.stats.bytes += packets[i].payload_size
        stream.stats.keyframes += packets[i].keyframe and stream.kind == MediaKind.VIDEO
        keyframe = keyframe or packets[i].keyframe
    stream.stats.packets += frame.count
    stream.stats.last_packet_us = worker.now_us
    if (stream.waiting or stream.keyframe_wanted) and not keyframe:
        keyframes_ask(worker, NULL, stream)
    fan_out(worker, stream, packets, frame.count, frame_runs(frame), frame.run_count)


cdef void take_clock(InboundStream* stream, const LinkClock* clock) noexcept nogil:
    cdef bint changed = (
        stream.live != clock.live or points_differ(&stream.points, &clock.points))
    stream.live = clock.live
    stream.remb = clock.remb
    stream.points = clock.points
    if clock.height and clock.height != stream.height:
        ladder_height(stream, clock.height)
    stream.reception.sr_ntp = clock.ntp
    stream.reception.sr_rtp_ts = clock.rtp_ts
    stream.reception.sr_arrival_us = clock.arrival_us
    if changed or stream.resized:
        stream.resized = False
        preference_ladder(ladder_lowest(stream))


cdef void let_go(LinkFrame* frame) noexcept nogil:
    cdef int i
    for i in range(frame.count):
        buffer_release(frame_packets(frame)[i].buffer)


cdef bint replica_tick(Worker* worker) noexcept nogil:
    cdef InboundStream* stream
    cdef bint hurry = False
    cdef int i
    for i in range(worker.replica_count):
        stream = worker.replicas[i]
        link_seated(worker, stream)
        if stream.remb:
            demand_pass_on(worker, stream)
        if stream.outbound_count:
            keyframes_ask(worker, NULL, stream)
            hurry = hurry or stream.waiting or stream.keyframe_wanted
    return hurry


cdef void replica_sweep(Worker* worker) noexcept nogil:
    cdef int i
    for i in range(worker.replica_count):
        if worker.replicas[i].kind == MediaKind.VIDEO:
            history_expire(&worker.replicas[i].history, worker.now_us)


cdef void replica_abandon(Worker* worker) noexcept nogil:
    cdef uint32_t size
    cdef uint8_t* record
    cdef int i
    for i in range(worker.link_count):
        record = ring_front(worker.links[i].back, &size)
        while record != NULL:
            if (<LinkHead*>record).kind == LINK_FRAME:
                let_go(<LinkFrame*>record)
            ring_pop(worker.links[i].back)
            record = ring_front(worker.links[i].back, &size)
