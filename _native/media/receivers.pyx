"""See receivers.pxd."""

from libc.stdint cimport uint32_t

from fastsfu._native.base.seats cimport seats_grow, seats_leave, seats_take
from fastsfu._native.media.gate cimport gate_forget
from fastsfu._native.media.history cimport History, history_clear, history_peek
from fastsfu._native.media.keyframe cimport want_keyframe
from fastsfu._native.media.layering cimport layering_exchange, layering_new
from fastsfu._native.media.loss cimport loss_init
from fastsfu._native.media.numbering cimport numbering_keep
from fastsfu._native.media.reception cimport reception_align
from fastsfu._native.media.redundancy cimport REDUNDANT_US
from fastsfu._native.media.rewrite cimport (
    rewrite_elapsed, rewrite_later, rewrite_start, rewrite_stop,
)
from fastsfu._native.media.stream cimport MediaKind, OutboundState
from fastsfu._native.media.timeline cimport timeline_init
from fastsfu._native.packet.layers cimport TOP_LAYER

cdef enum:
    LEAST_RECEIVERS = 4           # that a source has room for


cdef int sit(InboundStream* stream, OutboundStream* receiver) noexcept nogil:
    """The place of a new seat there; -1: out of memory."""
    if seats_grow(
            <void**>&stream.outbound, sizeof(OutboundStream*), stream.outbound_count,
            &stream.outbound_capacity, LEAST_RECEIVERS) < 0:
        return -1
    return seats_take(<void**>stream.outbound, &stream.outbound_count, receiver)


cdef void rise(InboundStream* stream, int place) noexcept nogil:
    """Who moves into the gap waits there, or flows."""
    cdef OutboundStream* moved = <OutboundStream*>seats_leave(
        <void**>stream.outbound, &stream.outbound_count, place)
    if moved.source == stream:
        moved.place = place
    else:
        moved.next_place = place


cdef void enter(OutboundStream* receiver, OutboundState state) noexcept nogil:
    if receiver.source != NULL:
        receiver.source.waiting += (
            <int>(state == OutboundState.WAITING) - <int>(receiver.state == OutboundState.WAITING))
    if state != OutboundState.FLOWING:
        rewrite_stop(&receiver.rewrite)
    receiver.state = state
    receiver.stats.state = state


cdef int outbound_attach(OutboundStream* receiver, InboundStream* source) noexcept nogil:
    cdef int place = sit(source, receiver)
    if place < 0:
        return -1
    receiver.place = place
    receiver.source = source
    receiver.stats.source = source.handle
    enter(receiver, OutboundState.WAITING)
    return 0


cdef void leave_next(OutboundStream* receiver) noexcept nogil:
    if receiver.next != NULL:
        receiver.next.waiting -= 1
        rise(receiver.next, receiver.next_place)
        receiver.next = NULL


cdef void leave_source(OutboundStream* receiver) noexcept nogil:
    if receiver.source != NULL:
        receiver.source.waiting -= receiver.state == OutboundState.WAITING
        rise(receiver.source, receiver.place)
        receiver.source = NULL


cdef void outbound_leave(OutboundStream* receiver) noexcept nogil:
    leave_next(receiver)
    leave_source(receiver)


cdef bint has_layering(OutboundStream* receiver) noexcept nogil:
    """False: out of memory."""
    cdef History* history
    if receiver.layering == NULL:
        history = &receiver.source.history
        receiver.layering = layering_new(history_peek(history, history.newest))
        if receiver.layering == NULL:
            return False
        numbering_keep(&receiver.rewrite.numbers, &receiver.layering.skipped)
    return True


cdef int outbound_aim(
        OutboundStream* receiver, InboundStream* encoding, uint8_t spatial, uint8_t temporal,
        bint at_once) noexcept nogil:
    cdef bint all_of_it = (
        spatial == TOP_LAYER and temporal == TOP_LAYER and not encoding.points.apart)
    if receiver.source == NULL:
        return 0
    if not (encoding == receiver.source and all_of_it) and not has_layering(receiver):
        return -1
    if encoding == receiver.source:
        leave_next(receiver)
        if at_once and encoding.points.apart and spatial < receiver.layering.spatial:
            outbound_break(receiver)      # only a keyframe leads down
            want_keyframe(encoding)
    elif encoding != receiver.next or at_once:
        if receiver.state == OutboundState.FLOWING and not at_once:
            if wait_at(receiver, encoding) < 0:
                return -1
        elif move(receiver, encoding) < 0:
            return -1
    if receiver.layering != NULL:
        receiver.layering.aim_spatial = spatial
        receiver.layering.aim_temporal = temporal
    return 0


cdef int wait_at(OutboundStream* receiver, InboundStream* encoding) noexcept nogil:
    cdef int place = sit(encoding, receiver)
    if place < 0:
        return -1
    leave_next(receiver)
    receiver.next = encoding
    receiver.next_place = place
    encoding.waiting += 1
    want_keyframe(encoding)
    return 0


cdef int move(OutboundStream* receiver, InboundStream* encoding) noexcept nogil:
    """To the other seat, with nothing until its keyframe."""
    if receiver.next != encoding:
        leave_next(receiver)
        receiver.next_place = sit(encoding, receiver)
        if receiver.next_place < 0:
            return -1
        encoding.waiting += 1
        receiver.next = encoding
    outbound_switch(receiver)
    if receiver.state == OutboundState.WAITING:
        want_keyframe(encoding)
    return 0


cdef void outbound_switch(OutboundStream* receiver) noexcept nogil:
    cdef InboundStream* source = receiver.next
    go_on(receiver, receiver.source, source)
    if receiver.state == OutboundState.FLOWING:
        enter(receiver, OutboundState.WAITING)
    leave_source(receiver)
    receiver.source = source
    receiver.place = receiver.next_place
    receiver.next = NULL
    # It was counted as waiting there already.
    source.waiting -= receiver.state != OutboundState.WAITING
    receiver.stats.source = source.handle


cdef void go_on(
        OutboundStream* receiver, InboundStream* old, InboundStream* source) noexcept nogil:
    """Timestamps by the two senders' clocks, which are one sender's; VP8's numbers from the last
    packet that went out.
    """
    cdef int64_t last = receiver.rewrite.numbers.next - 1 - receiver.rewrite.numbers.offset
    cdef uint32_t behind
    receiver.resumes = receiver.resumes and reception_align(
        &old.reception, &source.reception, &behind)
    if receiver.resumes:
        receiver.rewrite.ts_offset += behind
    if receiver.layering != NULL and receiver.rewrite.ever:
        layering_exchange(
            receiver.layering,
            history_peek(&old.history, last) if old.kind == MediaKind.VIDEO else NULL)


cdef void outbound_start(
        OutboundStream* receiver, const MediaPacket* packet, int64_t now_us) noexcept nogil:
    cdef uint32_t clock_rate = receiver.source.clock_rate
    cdef uint32_t ts_offset = rewrite_later(
        &receiver.rewrite, packet.header.ts, receiver.rewrite.ts_offset)
    if not receiver.resumes:
        ts_offset = rewrite_elapsed(&receiver.rewrite, packet.header.ts, clock_rate, now_us)
    rewrite_start(&receiver.rewrite, packet.ext_seq, ts_offset)
    receiver.resumes = True
    if receiver.source.kind == MediaKind.AUDIO:
        receiver.redundant_until_us = now_us + REDUNDANT_US
    enter(receiver, OutboundState.FLOWING)


cdef void outbound_pause(OutboundStream* receiver, bint paused) noexcept nogil:
    receiver.paused = paused
    rest(receiver)


cdef void outbound_suspend(OutboundStream* receiver, bint suspended) noexcept nogil:
    receiver.suspended = suspended
    rest(receiver)


cdef void rest(OutboundStream* receiver) noexcept nogil:
    cdef bint resting = receiver.paused or receiver.suspended
    if resting == (receiver.state == OutboundState.PAUSED):
        return
    if not resting:
        enter(receiver, OutboundState.WAITING)
        if receiver.source != NULL:
            want_keyframe(receiver.source)
        return
    enter(receiver, OutboundState.PAUSED)
    if receiver.next != NULL:     # what it is to get it will get there
        outbound_switch(receiver)


cdef void outbound_break(OutboundStream* receiver) noexcept nogil:
    if receiver.state == OutboundState.FLOWING:
        enter(receiver, OutboundState.WAITING)


cdef void inbound_break(InboundStream* stream) noexcept nogil:
    cdef int i
    for i in range(stream.outbound_count):
        if stream.outbound[i].source == stream:
            outbound_break(stream.outbound[i])


cdef void inbound_anew(InboundStream* stream) noexcept nogil:
    inbound_forget(stream)
    gate_forget(&stream.gate)
    stream.gate.shut = True       # what passes next is numbered on from what has passed
    loss_init(&stream.loss)
    timeline_init(&stream.timeline)
    stream.last_ext_seq = -1
    stream.ended = False
    if stream.scalability.templates != NULL:
        stream.scalability.templates.count = 0


cdef void inbound_forget(InboundStream* stream) noexcept nogil:
    cdef int i
    inbound_break(stream)
    for i in range(stream.outbound_count):
        if stream.outbound[i].source == stream:
            stream.outbound[i].resumes = False
            if stream.outbound[i].layering != NULL:
                layering_exchange(stream.outbound[i].layering, NULL)
    history_clear(&stream.history)


cdef void inbound_vacate(InboundStream* stream) noexcept nogil:
    cdef InboundStream* other = stream.lower if stream.lower != NULL else stream.higher
    cdef OutboundStream* receiver
    while stream.outbound_count:
        receiver = stream.outbound[stream.outbound_count - 1]
        if receiver.next == stream:
            leave_next(receiver)
        elif other == NULL or move(
                receiver, receiver.next if receiver.next != NULL else other) < 0:
            outbound_leave(receiver)
            receiver.stats.source = 0
