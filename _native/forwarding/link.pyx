"""Records onto links; see link.pxd. What arrives is read in worker/replica."""

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastsfu._native.base.pool cimport buffer_release, pool_lend
from fastsfu._native.base.ring cimport ring_commit, ring_reserve, ring_room, ring_wake
from fastsfu._native.base.seats cimport seats_grow
from fastsfu._native.forwarding.counters cimport LINK_DROPPED, LINK_PACKETS
from fastsfu._native.media.keyframe cimport want_keyframe
from fastsfu._native.media.stream cimport MediaKind
from fastsfu._native.media.tap cimport Tap

cdef enum:
    LEAST_TAPS = 2                # that a stream has room for


cdef void link_connect(
        Worker* worker, uint32_t peer, Ring* out, Ring* back, Ring* wake) noexcept nogil:
    cdef Link* link
    if link_to(worker, peer) != NULL:
        return
    link = &worker.links[worker.link_count]
    link.peer = peer
    link.out = out
    link.back = back
    link.wake = wake
    link.written = 0
    worker.link_count += 1


cdef Link* link_to(Worker* worker, uint32_t peer) noexcept nogil:
    cdef int i
    for i in range(worker.link_count):
        if worker.links[i].peer == peer:
            return &worker.links[i]
    return NULL


cdef int link_tap(
        Worker* worker, InboundStream* stream, Link* link, uint64_t replica) noexcept nogil:
    if seats_grow(
            <void**>&stream.taps, sizeof(Tap), stream.tap_count, &stream.tap_capacity,
            LEAST_TAPS) < 0:
        return -1
    stream.taps[stream.tap_count].link = link
    stream.taps[stream.tap_count].replica = replica
    stream.taps[stream.tap_count].wanted = False
    stream.taps[stream.tap_count].broken = False
    stream.taps[stream.tap_count].demand_bps = 0
    stream.tap_count += 1
    link_clock(worker, stream)
    return 0


cdef void link_untap(InboundStream* stream, uint64_t replica, const Link* link) noexcept nogil:
    cdef int i
    for i in range(stream.tap_count):
        if stream.taps[i].replica == replica and stream.taps[i].link == link:
            stream.tap_count -= 1
            stream.taps[i] = stream.taps[stream.tap_count]
            return


cdef void link_frame(
        Worker* worker, InboundStream* stream, const MediaPacket* packets, int count,
        const Run* runs, int run_count) noexcept nogil:
    cdef bint keyframe = False
    cdef Tap* tap
    cdef int i
    for i in range(count):
        keyframe = keyframe or packets[i].keyframe
    for i in range(stream.tap_count):
        tap = &stream.taps[i]
        if not tap.wanted:
            continue
        if tap.broken and not keyframe:
            worker.counters[LINK_DROPPED] += count
            mend(stream, tap)
        elif put_frame(tap, packets, count, runs, run_count):
            worker.counters[LINK_PACKETS] += count
            tap.broken = False
        else:
            worker.counters[LINK_DROPPED] += count
            tap.broken = True


cdef inline void mend(InboundStream* stream, const Tap* tap) noexcept nogil:
    """Ask for the keyframe at which a broken stream goes on, but only when there is room for it:
    a worker that is stuck must not cost the sender's other receivers a keyframe every moment.
    """
    cdef const Link* link = <const Link*>tap.link
    if stream.kind == MediaKind.VIDEO and ring_room(link.out) >= LINK_RING_BYTES // 2:
        want_keyframe(stream)


cdef bint put_frame(
        const Tap* tap, const MediaPacket* packets, int count, const Run* runs,
        int run_count) noexcept nogil:
    cdef Link* link = <Link*>tap.link
    cdef LinkFrame* frame = <LinkFrame*>put(link, LINK_FRAME, tap.replica, <uint32_t>(
        sizeof(LinkFrame) + count * sizeof(MediaPacket) + run_count * sizeof(Run)))
    if frame == NULL:
        return False
    frame.count = count
    frame.run_count = run_count
    frame.restart = tap.broken
    memcpy(frame_packets(frame), packets, count * sizeof(MediaPacket))
    memcpy(frame_runs(frame), runs, run_count * sizeof(Run))
    if not lend(frame_packets(frame), count):
        return False              # the reserved record was not committed
    commit(link)
    return True


cdef bint lend(MediaPacket* packets, int count) noexcept nogil:
    """Replace their buffers by loans of them; False: out of memory, and nothing is lent."""
    cdef int lent = 0
    while lent < count:
        packets[lent].buffer = pool_lend(packets[lent].buffer)
        if packets[lent].buffer == NULL:
            break
        lent += 1
    if lent == count:
        return True
    while lent:
        lent -= 1
        buffer_release(packets[lent].buffer)
    return False


cdef LinkHead* put(Link* link, uint32_t kind, uint64_t handle, uint32_t size) noexcept nogil:
    cdef LinkHead* head = <LinkHead*>ring_reserve(link.out, size)
    if head != NULL:
        head.kind = kind
        head.handle = handle
    return head


cdef void commit(Link* link) noexcept nogil:
    """The first record of a batch wakes the peer at once, so that both work on it; link_wake sees
    to those after it.
    """
    ring_commit(link.out)
    if link.written == 0:
        ring_wake(link.wake)
    link.written += 1


cdef void link_clock(Worker* worker, const InboundStream* stream) noexcept nogil:
    cdef LinkClock* clock
    cdef int i
    for i in range(stream.tap_count):
        clock = <LinkClock*>put(
            <Link*>stream.taps[i].link, LINK_CLOCK, stream.taps[i].replica, sizeof(LinkClock))
        if clock != NULL:         # else the next report
            clock.live = stream.live
            clock.remb = stream.remb
            clock.height = stream.height
            clock.points = stream.points
            clock.ntp = stream.reception.sr_ntp
            clock.rtp_ts = stream.reception.sr_rtp_ts
            clock.arrival_us = stream.reception.sr_arrival_us
            commit(<Link*>stream.taps[i].link)


cdef void link_keyframe(InboundStream* replica) noexcept nogil:
    cdef Link* link = <Link*>replica.origin_link
    if put(link, LINK_KEYFRAME, replica.origin, sizeof(LinkHead)) != NULL:
        commit(link)              # else asked again while somebody waits
        replica.stats.pli_count += 1


cdef void link_seated(Worker* worker, InboundStream* replica) noexcept nogil:
    cdef bint wanted = replica.outbound_count > 0
    cdef LinkWanted* record
    if wanted == replica.seated:
        return
    record = <LinkWanted*>put(
        <Link*>replica.origin_link, LINK_WANTED, replica.origin, sizeof(LinkWanted))
    if record != NULL:            # else at the next tick
        record.peer = worker.index
        record.replica = replica.handle
        record.wanted = wanted
        commit(<Link*>replica.origin_link)
        replica.seated = wanted


cdef void link_wanted(
        Worker* worker, InboundStream* stream, const LinkWanted* record) noexcept nogil:
    cdef Tap* tap = tap_of(worker, stream, record.peer, record.replica)
    if tap != NULL:
        tap.wanted = record.wanted
        tap.broken = False        # whoever sits there waits for a keyframe


cdef Tap* tap_of(
        Worker* worker, InboundStream* stream, uint32_t peer, uint64_t replica) noexcept nogil:
    cdef const Link* link = link_to(worker, peer)
    cdef int i
    for i in range(stream.tap_count):
        if stream.taps[i].replica == replica and stream.taps[i].link == link:
            return &stream.taps[i]
    return NULL


cdef bint link_demand(const Worker* worker, InboundStream* replica, int64_t bps) noexcept nogil:
    cdef LinkDemand* record = <LinkDemand*>put(
        <Link*>replica.origin_link, LINK_DEMAND, replica.origin, sizeof(LinkDemand))
    if record == NULL:
        return False
    record.peer = worker.index
    record.replica = replica.handle
    record.bps = bps
    commit(<Link*>replica.origin_link)
    return True


cdef void link_demanded(
        Worker* worker, InboundStream* stream, const LinkDemand* record) noexcept nogil:
    cdef Tap* tap = tap_of(worker, stream, record.peer, record.replica)
    if tap != NULL:
        tap.demand_bps = record.bps


cdef void link_wake(Worker* worker) noexcept nogil:
    cdef int i
    for i in range(worker.link_count):
        if worker.links[i].written > 1:
            ring_wake(worker.links[i].wake)
        worker.links[i].written = 0
