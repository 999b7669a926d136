"""Wants of a transport from its streams, and what follows; see allocation.pxd."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from fastsfu._native.bwe.allocate cimport ALLOCATE_NONE, Want, allocate, allocate_up
from fastsfu._native.bwe.estimator cimport estimator_overflows, estimator_pace
from fastsfu._native.forwarding.event cimport (
    EVENT_STEP, FIT_NONE, FIT_REDUCED, FIT_WHOLE, Stepped,
)
from fastsfu._native.forwarding.preference cimport preference_choose
from fastsfu._native.forwarding.state cimport emit_commit, emit_reserve
from fastsfu._native.forwarding.videos cimport (
    MOST_STEPS, MOST_VIDEOS, Video, Videos, cost_of, videos_admit,
)
from fastsfu._native.media.ladder cimport (
    ladder_best, ladder_layer, ladder_lowest, ladder_most, ladder_spatial,
)
from fastsfu._native.media.layering cimport OperatingPoint
from fastsfu._native.media.points cimport WHOLE, Point
from fastsfu._native.media.receivers cimport outbound_suspend
from fastsfu._native.media.stream cimport InboundStream, MediaKind
from fastsfu._native.packet.layers cimport TOP_LAYER

cdef enum:
    ALLOCATION_APART_US = 100000
    HALF_WORTH = 3                # times what the encoding below costs
    OVERHEAD_PERCENT = 108        # of headers, against payload
    SOUND_OVERHEAD = 64           # bytes of them around each packet
    KEEP_PERCENT = 60             # of a video that flows have to fit,
    SHORT_PERCENT = 75            # and so much within
    SHORT_US = 3000000
    WHOLE_PERCENT = 100           # where the queue stood as long, or overflows
    SOUND_LEAST_US = 50000        # over which it is measured
    SOUND_SMOOTHING = 8           # measurements,
    SOUND_SURE = 3                # of which so few have chance in them
    SOUND_MOST_US = 60000000      # for so long it may take again what it took
    HOLD_US = 1000000             # after a step down; then twice as long each time
    HOLD_MOST_US = 30000000
    SOON_US = 20000000            # a step up that lasted no longer was one too many


cdef inline bint was_full(const Worker* worker, const Transport* transport) noexcept nogil:
    return estimator_pace(transport.estimator, worker.now_us) > 0


cdef void allocation_begin(
        const Worker* worker, const Transport* transport,
        OutboundStream* receiver) noexcept nogil:
    if transport.estimator != NULL and was_full(worker, transport):
        receiver.fits.encoding = receiver.stats.fits = 0


cdef void allocation_run(Worker* worker, Transport* transport) noexcept nogil:
    cdef Videos videos
    cdef int64_t bps = <int64_t>transport.stats.estimate_bps
    cdef int64_t keep
    if transport.estimator.log == NULL and not transport.estimator.proven:
        return
    if transport.estimator.away_us:           # nothing is learnt meanwhile
        return
    if worker.now_us - transport.share.shared_us < ALLOCATION_APART_US and (
            bps >= transport.share.shared_bps * 9 // 10):
        return
    transport.share.shared_us = worker.now_us
    transport.share.shared_bps = bps
    measure_sound(worker, transport)
    collect(worker, transport, &videos)
    keep = keep_percent(worker, transport, videos.needed_bps, bps)
    discount(&videos, keep)
    if bps:
        allocate(bps - transport.share.sound_bps, videos.wants, videos.count)
    else:                         # nothing is known: no bound
        give_all(&videos)
    follow(
        worker, transport, &videos, bps,
        keep == KEEP_PERCENT or bps * 100 < videos.needed_bps * KEEP_PERCENT)


cdef void measure_sound(Worker* worker, Transport* transport) noexcept nogil:
    cdef OutboundStream* stream
    cdef uint64_t bytes = 0
    cdef int64_t passed_us = worker.now_us - transport.share.sound_us, more
    cdef int i
    if passed_us < SOUND_LEAST_US:
        return
    for i in range(transport.outbound_count):
        stream = transport.outbound[i]
        if stream.source != NULL and stream.source.kind == MediaKind.AUDIO:
            bytes += stream.stats.bytes + SOUND_OVERHEAD * stream.stats.packets
    more = <int64_t>(bytes - transport.share.sound_bytes)
    if transport.share.sound_us and more >= 0:          # else one of them has ended
        transport.share.sound_count = min(transport.share.sound_count + 1, SOUND_SMOOTHING)
        transport.share.sound_bps += (
            more * 8000000 // passed_us - transport.share.sound_bps) // transport.share.sound_count
    transport.share.sound_us = worker.now_us
    transport.share.sound_bytes = bytes
    if (transport.share.sound_bps >= transport.share.sound_most_bps
            or transport.share.sound_count < SOUND_SURE
            or worker.now_us - transport.share.sound_most_us > SOUND_MOST_US):
        transport.share.sound_most_bps = transport.share.sound_bps
        transport.share.sound_most_us = worker.now_us


cdef void collect(Worker* worker, Transport* transport, Videos* videos) noexcept nogil:
    cdef bint full = was_full(worker, transport)
    videos.count = 0
    videos.needed_bps = transport.share.sound_bps
    videos.most_bps = transport.share.sound_most_bps
    gather(transport, videos, full, False)        # first: of equals they stay
    gather(transport, videos, full, True)


cdef void gather(
        Transport* transport, Videos* videos, bint full, bint suspended) noexcept nogil:
    cdef OutboundStream* receiver
    cdef Video* video
    cdef Want* want
    cdef int i
    for i in range(transport.outbound_count):
        receiver = transport.outbound[i]
        if (receiver.source == NULL or receiver.source.kind != MediaKind.VIDEO or receiver.paused
                or receiver.suspended != suspended or videos.count == MOST_VIDEOS):
            continue
        video = &videos.of[videos.count]
        want = &videos.wants[videos.count]
        videos.count += 1
        video.receiver = receiver
        want.count = list_steps(video)
        want.most = 0             # of what is above its wish there are no steps
        want.priority = receiver.preference.priority
        want.now = now_at(video, want.count, full)
        videos.needed_bps += cost_of(video, want.now)
        videos.most_bps += most_of(video, want)


cdef int32_t list_steps(Video* video) noexcept nogil:
    """Its live encodings up to its wish, the smallest of them layer by layer, of a far larger one
    half of the pictures before all; at least one. How many.
    """
    cdef const InboundStream* most = ladder_most(video.receiver)
    cdef const InboundStream* stream = ladder_lowest(video.receiver.source)
    cdef int32_t count = 0
    cdef uint8_t layer = 0
    while stream != NULL and count < MOST_STEPS:
        if stream.live:
            count = put_steps(video, count, stream, layer)
        if stream == most:
            break
        stream = stream.higher
        layer += 1
    if count == 0:                # a single one, or it is beyond the wish
        stream = ladder_best(video.receiver)
        count = put_steps(video, 0, stream, ladder_layer(stream))
    return count


cdef int32_t put_steps(
        Video* video, int32_t count, const InboundStream* stream, uint8_t layer) noexcept nogil:
    """Append an encoding; how many steps there are then."""
    cdef int32_t half = half_of(video, count, stream, layer)
    cdef uint8_t most = ladder_spatial(video.receiver, stream)
    cdef const Point* point
    cdef int32_t i
    if half >= 0:
        point = &stream.points.of[half]
        put_step(
            video, count, [layer, TOP_LAYER, point.temporal],
            stream.points.bps * point.share // WHOLE)
        count += 1
    if count or stream.points.count == 0:
        put_step(video, count, [layer, TOP_LAYER, TOP_LAYER], stream.points.bps)
        return count + 1
    for i in range(stream.points.count):      # the last one is all of it
        point = &stream.points.of[i]
        if point.spatial <= most:
            put_step(
                video, count, [layer, point.spatial, point.temporal],
                stream.points.bps * point.share // WHOLE)
            count += 1
    return count


cdef int32_t half_of(
        const Video* video, int32_t count, const InboundStream* stream,
        uint8_t layer) noexcept nogil:
    """Its point with half of the pictures, where it costs so much more than the encoding below that
    most of a link might lie idle between them, or is what flows. -1: it is no step."""
    cdef const OperatingPoint* fits = &video.receiver.fits
    cdef int32_t i = stream.points.count - 2
    if count == 0 or count + 2 > MOST_STEPS or i < 0:
        return -1
    if stream.points.of[i].spatial != TOP_LAYER:
        return -1
    if fits.encoding == layer and fits.temporal == stream.points.of[i].temporal:
        return i
    if stream.points.bps * stream.points.of[i].share // WHOLE < (
            HALF_WORTH * video.costs[count - 1]):
        return -1
    return i


cdef void put_step(
        Video* video, int32_t step, OperatingPoint point, int64_t bps) noexcept nogil:
    cdef int64_t cost = bps * OVERHEAD_PERCENT // 100
    video.points[step] = point
    # A larger one that happens to cost less is no reason to go down.
    video.costs[step] = cost if step == 0 else max(cost, video.costs[step - 1])


cdef inline int64_t most_of(const Video* video, const Want* want) noexcept nogil:
    """What has to fit for it to have all that it wishes."""
    if want.now == want.count - 1:
        return cost_of(video, want.now)
    return allocate_up(cost_of(video, want.count - 1))


cdef int32_t now_at(const Video* video, int32_t count, bint full) noexcept nogil:
    """The step that it has, or is about to have."""
    cdef const OutboundStream* receiver = video.receiver
    cdef OperatingPoint point = receiver.fits
    cdef int32_t step = 0
    cdef uint8_t layer
    if receiver.suspended:
        return ALLOCATE_NONE
    if not full and point.encoding == TOP_LAYER:
        return count - 1
    layer = ladder_layer(receiver.next if receiver.next != NULL else receiver.source)
    if layer < point.encoding:
        point = [layer, TOP_LAYER, TOP_LAYER]
    while step + 1 < count and rank(&video.points[step + 1]) <= rank(&point):
        step += 1
    return step


cdef inline uint32_t rank(const OperatingPoint* point) noexcept nogil:
    return <uint32_t>point.encoding << 16 | <uint32_t>point.spatial << 8 | point.temporal


cdef void discount(Videos* videos, int64_t keep) noexcept nogil:
    """What flows already is given that it need not fit whole."""
    cdef Want* want
    cdef Video* video
    cdef int i
    cdef int32_t step
    for i in range(videos.count):
        video = &videos.of[i]
        want = &videos.wants[i]
        want.steps = video.steps
        for step in range(want.count):
            video.steps[step].bps = video.costs[step]
            video.steps[step].up_bps = allocate_up(video.costs[step])
            video.steps[step].height = 0
            if step <= want.now:
                video.steps[step].bps = min(
                    video.costs[step], video.costs[want.now] * keep // 100)


cdef void give_all(Videos* videos) noexcept nogil:
    cdef int i
    for i in range(videos.count):
        videos.wants[i].step = videos.wants[i].count - 1


cdef int64_t keep_percent(
        const Worker* worker, Transport* transport, int64_t needed_bps,
        int64_t bps) noexcept nogil:
    """How much of what flows has to fit."""
    cdef int64_t stands_us = transport.estimator.stands_us
    if not was_full(worker, transport):
        return 0
    if stands_us and (
            worker.now_us - stands_us >= SHORT_US or estimator_overflows(transport.estimator)):
        return WHOLE_PERCENT
    if bps * 100 >= needed_bps * SHORT_PERCENT:
        transport.share.short_us = 0
    elif transport.share.short_us == 0:
        transport.share.short_us = worker.now_us
    if transport.share.short_us and worker.now_us - transport.share.short_us >= SHORT_US:
        return SHORT_PERCENT
    return KEEP_PERCENT


cdef void follow(
        Worker* worker, Transport* transport, Videos* videos, int64_t bps,
        bint at_once) noexcept nogil:
    """Have the steps taken, and probes look for what is missing."""
    cdef bint free = not was_full(worker, transport)
    cdef bint fell = False, lacks = False, flows = False
    cdef int64_t sure = bps
    cdef Want* want
    cdef int i
    for i in range(videos.count):
        want = &videos.wants[i]
        if bps:
            bound_rise(worker, transport, videos, i, bps)
        fell = fell or want.step < want.now
        videos.needed_bps += cost_of(&videos.of[i], want.step) - cost_of(&videos.of[i], want.now)
    if bps:
        if worker.now_us < transport.share.held_us:
            sure = sure * SHORT_PERCENT // 100
        videos_admit(videos, sure - transport.share.sound_most_bps + transport.share.sound_bps)
    for i in range(videos.count):
        want = &videos.wants[i]
        if want.step > want.now:
            transport.share.raised_us = worker.now_us
        lacks = lacks or want.step < want.count - 1
        flows = flows or want.step != ALLOCATE_NONE
        take_step(worker, &videos.of[i], want, free, at_once and fell and want.step < want.now)
    note_room(videos, 0 if free else bps)
    transport.estimator.wanted_bps = videos.most_bps if lacks else 0
    transport.estimator.resting = lacks and not flows
    if fell:
        hold(worker, transport)


cdef void note_room(Videos* videos, int64_t bps) noexcept nogil:
    """What there is for each of them beside the others."""
    cdef int64_t left
    cdef int i
    for i in range(videos.count):
        left = bps - videos.needed_bps + cost_of(&videos.of[i], videos.wants[i].step)
        videos.of[i].receiver.room_bps = (
            max(<int64_t>1, left * 100 // OVERHEAD_PERCENT) if bps else 0)


cdef void bound_rise(
        Worker* worker, Transport* transport, Videos* videos, int i,
        int64_t bps) noexcept nogil:
    """What comes has to fit beside all of what flows, not three fifths of it, and beside the sound
    with the redundancy that it needed of late: what comes may fill the link, and so bring it back.
    """
    cdef Want* want = &videos.wants[i]
    cdef int64_t others_bps = (
        videos.needed_bps - cost_of(&videos.of[i], want.now)
        + transport.share.sound_most_bps - transport.share.sound_bps)
    while want.step > want.now and (
            worker.now_us < transport.share.held_us
            or others_bps + cost_of(&videos.of[i], want.step) > bps):
        want.step -= 1


cdef void hold(Worker* worker, Transport* transport) noexcept nogil:
    """A link at whose edge a step lies is not to be tried again and again; that several fall, one
    after the other, is one try.
    """
    if worker.now_us < transport.share.held_us:
        pass
    elif transport.share.raised_us and worker.now_us - transport.share.raised_us < SOON_US:
        transport.share.hold_us = min(
            max(2 * transport.share.hold_us, <int64_t>HOLD_US), <int64_t>HOLD_MOST_US)
    else:
        transport.share.hold_us = HOLD_US
    transport.share.held_us = worker.now_us + transport.share.hold_us


cdef void take_step(
        Worker* worker, Video* video, const Want* want, bint free, bint at_once) noexcept nogil:
    cdef OutboundStream* receiver = video.receiver
    cdef bint suspended = want.step == ALLOCATE_NONE
    cdef OperatingPoint fits = video.points[max(want.step, 0)]
    if free and want.step == want.count - 1:
        fits = [TOP_LAYER, TOP_LAYER, TOP_LAYER]
    if rank(&fits) != rank(&receiver.fits) or suspended != receiver.suspended:
        receiver.fits = fits
        receiver.stats.fits, receiver.stats.fits_temporal = fits.encoding, fits.temporal
        preference_choose(receiver, at_once)
        if suspended != receiver.suspended:
            outbound_suspend(receiver, suspended)
        worker.next_tick_us = min(worker.next_tick_us, worker.now_us)     # its keyframe
    if suspended:
        tell_fit(worker, receiver, FIT_NONE)
    else:
        tell_fit(worker, receiver, FIT_REDUCED if want.step < want.count - 1 else FIT_WHOLE)


cdef void tell_fit(Worker* worker, OutboundStream* receiver, uint8_t fit) noexcept nogil:
    """Again until it was heard: the ring may be full."""
    cdef Stepped* event
    if receiver.told_fit == fit:
        return
    event = <Stepped*>emit_reserve(worker, EVENT_STEP, receiver.handle, sizeof(Stepped))
    if event != NULL:
        event.fit = fit
        emit_commit(worker)
        receiver.told_fit = fit
