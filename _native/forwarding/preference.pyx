"""Receivers to encodings; see preference.pxd."""

from libc.stdint cimport int64_t, uint8_t

from fastsfu._native.forwarding.event cimport EVENT_WANTED, EncodingWanted
from fastsfu._native.forwarding.link cimport link_clock
from fastsfu._native.forwarding.state cimport emit_commit, emit_reserve
from fastsfu._native.media.ladder cimport (
    ladder_best, ladder_layer, ladder_look, ladder_lowest, ladder_most, ladder_slow,
    ladder_spatial,
)
from fastsfu._native.media.layering cimport OperatingPoint
from fastsfu._native.media.points cimport Points, points_differ, points_measure
from fastsfu._native.media.receivers cimport outbound_aim
from fastsfu._native.media.stream cimport MediaKind
from fastsfu._native.packet.layers cimport TOP_LAYER
from fastsfu._native.peer.transport cimport Transport


cdef void preference_choose(OutboundStream* receiver, bint at_once) noexcept nogil:
    cdef const OperatingPoint* fits = &receiver.fits
    cdef InboundStream* best
    cdef bint bound
    cdef uint8_t most
    if receiver.source == NULL:
        return
    best = ladder_best(receiver)
    bound = ladder_layer(best) == fits.encoding
    most = ladder_spatial(receiver, best)
    # What has fallen silent shows nothing more: no use in waiting there for the other's keyframe.
    outbound_aim(
        receiver, best, min(most, fits.spatial if bound else <uint8_t>TOP_LAYER),
        fits.temporal if bound else TOP_LAYER, at_once or not receiver.source.live)


cdef void preference_want(Worker* worker, const OutboundStream* receiver) noexcept nogil:
    if receiver.source != NULL and not receiver.paused and not ladder_most(receiver).wanted:
        worker.preference_due_us = worker.next_tick_us = worker.now_us


cdef void preference_ladder(InboundStream* lowest) noexcept nogil:
    cdef InboundStream* stream = lowest
    cdef int i
    while stream != NULL:
        i = stream.outbound_count
        while i > 0:              # who leaves is followed by the last one, which was asked already
            i -= 1
            if i < stream.outbound_count and stream.outbound[i].source == stream:
                preference_choose(stream.outbound[i], False)
        stream = stream.higher


cdef void preference_tick(Worker* worker) noexcept nogil:
    cdef Transport* transport
    cdef InboundStream* stream
    cdef int i, k
    for i in range(worker.sender_count):
        transport = worker.senders[i]
        for k in range(transport.inbound_count):
            stream = transport.inbound[k]
            if stream.kind == MediaKind.VIDEO:
                measure(worker, stream)
            if stream.lower != NULL or stream.kind != MediaKind.VIDEO:
                continue
            if stream.higher != NULL and ladder_look(stream, worker.now_us):
                tell_taps(worker, stream)
                preference_ladder(stream)
            look_wanted(worker, stream)
    for i in range(worker.replica_count):
        stream = worker.replicas[i]
        if stream.lower == NULL and stream.kind == MediaKind.VIDEO:
            look_wanted(worker, stream)


cdef void measure(Worker* worker, InboundStream* stream) noexcept nogil:
    """Who gets all of it may not get all that comes now, nor want as many lines as it has."""
    cdef Points before = stream.points
    points_measure(&stream.points, &stream.scalability, ladder_slow(stream), worker.now_us)
    if stream.resized or points_differ(&before, &stream.points):
        stream.resized = False
        link_clock(worker, stream)
        preference_ladder(ladder_lowest(stream))


cdef void tell_taps(Worker* worker, InboundStream* lowest) noexcept nogil:
    while lowest != NULL:
        link_clock(worker, lowest)
        lowest = lowest.higher


cdef void look_wanted(Worker* worker, InboundStream* lowest) noexcept nogil:
    """An encoding is wanted with all those below it, which are what it gives way to."""
    cdef int64_t now_us = worker.now_us
    cdef InboundStream* stream = lowest
    cdef bint wanted
    mark_most(lowest, now_us)
    while stream != NULL:
        wanted = any_above(stream, now_us)
        if wanted != stream.wanted:
            tell_wanted(worker, stream, wanted)
        stream = stream.higher


cdef void mark_most(InboundStream* lowest, int64_t now_us) noexcept nogil:
    cdef InboundStream* stream = lowest
    cdef OutboundStream* receiver
    cdef int i
    while stream != NULL:
        for i in range(stream.outbound_count):
            receiver = stream.outbound[i]
            if receiver.source == stream and not receiver.paused:
                ladder_most(receiver).wanted_us = now_us
        stream = stream.higher


cdef inline bint any_above(const InboundStream* stream, int64_t now_us) noexcept nogil:
    while stream != NULL:
        if now_us - stream.wanted_us < REST_AFTER_US:
            return True
        stream = stream.higher
    return False


cdef void tell_wanted(Worker* worker, InboundStream* stream, bint wanted) noexcept nogil:
    cdef EncodingWanted* event = <EncodingWanted*>emit_reserve(
        worker, EVENT_WANTED, stream.handle, sizeof(EncodingWanted))
    if event != NULL:             # else told the next time
        event.wanted = wanted
        emit_commit(worker)
        stream.wanted = wanted
