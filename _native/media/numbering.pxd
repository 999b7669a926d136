"""A source's numbers (of packets or of pictures, extended so that they don't wrap) turned into one
receiver's, which has no gaps where the source is paused, exchanged, or skipped in part.

    source   10 11 12 (13 skipped) 14 15 | start 70 71
    out      40 41 42              43 44 |       45 46

Invariant: a number goes out for one source number only. Between two skips lies a stretch with one
offset; the numbers of each stretch begin above those of the one before, and each start begins above
all that were ever given. What was lost before it came to us keeps its number, so that it can come
late; the last few stretches are kept for it.
"""

from libc.stdint cimport int64_t

cdef enum:
    STRETCHES = 16

cpdef enum Skip:
    SKIP_DONE = 0                 # no number goes out for it
    SKIP_HOLE                     # others were numbered around it: *out is to be filled by nothing
    SKIP_UNKNOWN                  # from before the start, or too long ago

cdef struct Stretch:
    int64_t begin                 # the first source number of it
    int64_t offset

cdef struct Stretches:            # a ring
    int count                     # ever put since the start
    Stretch past[STRETCHES]

cdef struct Numbering:
    int64_t begin                 # first source number of the present stretch
    int64_t offset                # out = source + offset in it
    int64_t next                  # one above the highest number given
    Stretches* older              # the stretches before it, since the start; NULL = not kept

# `first` is the first number given.
cdef void numbering_init(Numbering* numbering, int64_t first) noexcept nogil
# `older` from now on holds what is skipped past; it has to live as long.
cdef void numbering_keep(Numbering* numbering, Stretches* older) noexcept nogil
# Begin (again) with this source number; nothing before it has a number any more.
cdef void numbering_start(Numbering* numbering, int64_t source) noexcept nogil
# This source number is not to go out.
cdef Skip numbering_skip(Numbering* numbering, int64_t source, int64_t* out) noexcept nogil
# False: from before the start, skipped, or too long ago.
cdef bint numbering_past(const Numbering* numbering, int64_t source, int64_t* out) noexcept nogil
# The source number that an out number stands for, given or not. False: as above.
cdef bint numbering_find(
    const Numbering* numbering, int64_t out, int64_t* source) noexcept nogil


cdef inline bint numbering_map(
        Numbering* numbering, int64_t source, int64_t* out) noexcept nogil:
    """The number that goes out for it, and always the same one. False as numbering_past."""
    out[0] = source + numbering.offset
    if source < numbering.begin and not numbering_past(numbering, source, out):
        return False
    if out[0] >= numbering.next:
        numbering.next = out[0] + 1
    return True
