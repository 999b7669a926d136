"""The operating points of an encoding: which of its layers can be shown alone, cheapest first.

First ever more temporal layers of its lowest spatial layer, then ever more spatial layers (SVC)
with all temporal ones; the last point is all of it. What each costs is measured where packets come
in, as a share of the whole, so that a picture that gets richer leaves the shares as they are.

Of a slow encoding (media/ladder) a picture is a large part of a second, and a keyframe weighs as
much as three: both count over a longer time, since who has asked for one is not to lose the picture
by that.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t

from fastsfu._native.media.rate cimport RATED
from fastsfu._native.media.scalability cimport Scalability

cdef enum:
    MOST_POINTS = 2 * RATED - 1
    WHOLE = 1024                  # a share: all of it

cdef struct Point:
    uint8_t spatial               # the highest layers that are shown; TOP_LAYER = all
    uint8_t temporal
    int32_t share                 # of the encoding's bits, 0 to WHOLE

cdef struct Points:               # zeroes: nothing came
    int64_t bps                   # of all of it, over two seconds, or if it is slow the sum of
    int64_t delta_bps             # what is no keyframe, over six,
    int64_t keyframe_bps          # and keyframes, over thirteen
    int32_t looks                 # of which there were so many, while they are few
    int32_t count                 # 0: all of it is the only one
    Point of[MOST_POINTS]
    uint16_t height[RATED]        # of each spatial layer's picture; 0 = not known, or there is none
    bint apart                    # an upper spatial layer needs the lower ones in part (k-SVC)

# Ten times a second, by what came of each layer.
cdef void points_measure(
    Points* points, Scalability* scalability, bint slow, int64_t now_us) noexcept nogil
# Whether who chooses a spatial layer would choose another one.
cdef bint points_differ(const Points* points, const Points* others) noexcept nogil
# The highest spatial layer that is of use to who wants no more than `most_height` lines (0 = any)
# and none above `most_layer`; TOP_LAYER = all of them.
cdef uint8_t points_most(
    const Points* points, uint16_t most_height, uint8_t most_layer) noexcept nogil
