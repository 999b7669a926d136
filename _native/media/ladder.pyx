"""See ladder.pxd."""

from fastsfu._native.media.layering cimport Preference
from fastsfu._native.media.points cimport points_most
from fastsfu._native.packet.layers cimport TOP_LAYER


cdef void ladder_add(InboundStream* stream, InboundStream* lower) noexcept nogil:
    while lower.higher != NULL:
        lower = lower.higher
    insert(lower, stream, NULL)


cdef void ladder_remove(InboundStream* stream) noexcept nogil:
    cdef InboundStream* other = stream.lower if stream.lower != NULL else stream.higher
    take_out(stream)
    if other != NULL:
        number(other)
        other.stats.scanty &= other.lower != NULL or other.higher != NULL


cdef void ladder_height(InboundStream* stream, uint16_t height) noexcept nogil:
    cdef InboundStream* other = stream.higher
    cdef InboundStream* smaller = NULL
    cdef InboundStream* larger = NULL
    stream.height = height
    stream.resized = True
    stream.stats.height = height
    while other != NULL:          # what has never come has no height, and is passed by
        if 0 < other.height < height:
            smaller = other
        other = other.higher
    other = stream.lower
    while other != NULL:
        if other.height > height:
            larger = other
        other = other.lower
    if smaller != NULL:
        take_out(stream)
        insert(smaller, stream, smaller.higher)
    elif larger != NULL:
        take_out(stream)
        insert(larger.lower, stream, larger)


cdef void take_out(InboundStream* stream) noexcept nogil:
    """The others close up."""
    if stream.lower != NULL:
        stream.lower.higher = stream.higher
    if stream.higher != NULL:
        stream.higher.lower = stream.lower
    stream.lower = stream.higher = NULL


cdef void insert(
        InboundStream* lower, InboundStream* stream, InboundStream* higher) noexcept nogil:
    """Between two neighbours, of which one may be NULL."""
    stream.lower, stream.higher = lower, higher
    if lower != NULL:
        lower.higher = stream
    if higher != NULL:
        higher.lower = stream
    number(stream)


cdef void number(InboundStream* stream) noexcept nogil:
    cdef uint8_t layer = 0
    stream = ladder_lowest(stream)
    while stream != NULL:
        stream.stats.layer = layer
        stream = stream.higher
        layer += 1


cdef InboundStream* ladder_lowest(InboundStream* stream) noexcept nogil:
    while stream.lower != NULL:
        stream = stream.lower
    return stream


cdef inline bint scanty(const InboundStream* stream) noexcept nogil:
    """Of equal heights (a shared screen) the larger one has more pictures, when something moves."""
    if stream.lower != NULL and stream.height and stream.height == stream.lower.height:
        return False
    return stream.lower != NULL and stream.points.bps * 4 < stream.lower.points.bps * 3


cdef bint ladder_slow(const InboundStream* stream) noexcept nogil:
    return stream.higher != NULL and stream.height != 0 and stream.height == stream.higher.height


cdef bint ladder_look(InboundStream* lowest, int64_t now_us) noexcept nogil:
    cdef InboundStream* stream = lowest
    cdef int64_t newest = 0
    cdef bint live, changed = False
    while stream != NULL:
        newest = max(newest, stream.stats.last_packet_us)
        stream = stream.higher
    stream = lowest
    while stream != NULL:
        live = stream.started and newest - stream.stats.last_packet_us < (
            SLOW_LIVE_US if ladder_slow(stream) else LIVE_US)
        stream.stats.scanty = live and scanty(stream)
        if not live or stream.stats.scanty:
            live = False
            if not stream.wanted:
                stream.rested_us = 0
            elif stream.live or stream.rested_us:
                stream.rested_us = now_us
        elif stream.rested_us and not stream.live:
            live = now_us - stream.rested_us >= STEADY_US
            stream.stats.scanty = not live
        changed = changed or live != stream.live
        stream.live = live
        stream = stream.higher
    return changed


cdef InboundStream* ladder_most(const OutboundStream* receiver) noexcept nogil:
    cdef const Preference* most = &receiver.preference
    cdef InboundStream* stream = ladder_lowest(receiver.source)
    cdef uint8_t layer = 0
    while stream.higher != NULL and layer < most.most_layer:
        # Of one whose height is not known nobody can say that it is too large.
        if most.most_height and stream.higher.height > most.most_height:
            break
        stream = stream.higher
        layer += 1
    return stream


cdef InboundStream* ladder_best(const OutboundStream* receiver) noexcept nogil:
    cdef InboundStream* most = ladder_most(receiver)
    cdef InboundStream* lowest = ladder_lowest(most)
    cdef InboundStream* stream = lowest
    cdef InboundStream* best = NULL
    cdef bint within = True
    cdef uint8_t layer = 0
    while stream != NULL and (within or best == NULL):
        if stream.live:
            best = stream
        within = within and stream != most and layer < receiver.fits.encoding
        stream = stream.higher
        layer += 1
    return best if best != NULL else lowest


cdef uint8_t ladder_spatial(
        const OutboundStream* receiver, const InboundStream* stream) noexcept nogil:
    cdef const Preference* most = &receiver.preference
    # Where there are several encodings, `most_layer` is about those.
    cdef bint alone = stream.lower == NULL and stream.higher == NULL
    return points_most(
        &stream.points, most.most_height, most.most_layer if alone else <uint8_t>TOP_LAYER)


cdef uint8_t ladder_layer(const InboundStream* stream) noexcept nogil:
    cdef uint8_t layer = 0
    while stream.lower != NULL:
        stream = stream.lower
        layer += 1
    return layer
