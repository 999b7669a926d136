"""The encodings of one source (simulcast) as a ladder of inbound streams, the smallest lowest.

Which one is the larger no description says reliably: they stand in the offer's order until
keyframes tell the heights of their pictures; what never comes has none, and is in nobody's way.
Which one each is, its `stats` say, which are set before it climbs. Functions take any encoding of a
ladder; a stream alone is one of a single rung.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t

from fastsfu._native.media.stream cimport InboundStream, OutboundStream

cdef enum:
    # Silent for so long while others of its ladder go on: its sender has stopped it.
    LIVE_US = 700000
    # A slow one, which rests after a large picture until its rate allows the next.
    SLOW_LIVE_US = 4000000
    # And once it has: sent again for so long, since a narrow uplink lets it go on and off.
    STEADY_US = 2000000

# On top of `lower`'s ladder.
cdef void ladder_add(InboundStream* stream, InboundStream* lower) noexcept nogil
# The others close up.
cdef void ladder_remove(InboundStream* stream) noexcept nogil
# A keyframe of this height came: it takes its place.
cdef void ladder_height(InboundStream* stream, uint16_t height) noexcept nogil
cdef InboundStream* ladder_lowest(InboundStream* stream) noexcept nogil
# It has fewer pictures of the same size as the next larger one, as a shared screen's is.
cdef bint ladder_slow(const InboundStream* stream) noexcept nogil
# Find out which are live: sent of late, and no more scantily than the next smaller one, as the rest
# of a narrow uplink is. True: another set of them than before.
cdef bint ladder_look(InboundStream* lowest, int64_t now_us) noexcept nogil
# The highest encoding that the receiver has use for, live or not; never NULL.
cdef InboundStream* ladder_most(const OutboundStream* receiver) noexcept nogil
# The highest live one up to that which fits; when there is none, the lowest live one, else the
# lowest.
cdef InboundStream* ladder_best(const OutboundStream* receiver) noexcept nogil
# The highest spatial layer of this encoding that the receiver has use for; TOP_LAYER = all.
cdef uint8_t ladder_spatial(
    const OutboundStream* receiver, const InboundStream* stream) noexcept nogil
# Which one of its ladder it is, 0 = the smallest.
cdef uint8_t ladder_layer(const InboundStream* stream) noexcept nogil
