"""See vp8_numbers.pxd."""

from libc.stdint cimport uint16_t

from fastsfu._native.media.numbering cimport (
    numbering_init, numbering_keep, numbering_map, numbering_skip, numbering_start,
)
from fastsfu._native.packet.vp8 cimport VP8_LONG_ID, VP8_SHORT_ID

cdef enum:
    # Where extended ids begin: far above 0, and a multiple of both moduli.
    FAR = 1 << 30
    KEYIDX_MASK = 0x1F


cdef void vp8_numbers_init(Vp8Numbers* numbers, const Vp8Descriptor* last) noexcept nogil:
    numbering_init(&numbers.pictures, 0)
    numbering_keep(&numbers.pictures, &numbers.older)
    numbers.newest = <int64_t>FAR + last.picture_id
    numbers.pictures.next = numbers.newest + 1
    numbers.tl0_offset = numbers.keyidx_offset = 0
    numbers.last_tl0 = last.tl0picidx
    numbers.last_keyidx = last.keyidx


cdef void vp8_numbers_start(Vp8Numbers* numbers, const Vp8Descriptor* first) noexcept nogil:
    numbers.newest = <int64_t>FAR + first.picture_id
    numbering_start(&numbers.pictures, numbers.newest)
    numbers.tl0_offset = numbers.last_tl0 + 1 - first.tl0picidx
    numbers.keyidx_offset = numbers.last_keyidx + 1 - first.keyidx


cdef void vp8_numbers_skip(Vp8Numbers* numbers, const Vp8Descriptor* skipped) noexcept nogil:
    cdef int64_t picture = extended(numbers, skipped)
    cdef int64_t hole
    if skipped.picture_at == 0 or picture < numbers.pictures.begin:
        return                    # skipped before: it is the one below where the stretch begins
    numbering_skip(&numbers.pictures, picture, &hole)
    numbers.newest = max(numbers.newest, picture)


cdef bint vp8_numbers_map(Vp8Numbers* numbers, Vp8Descriptor* descriptor) noexcept nogil:
    cdef int64_t picture = extended(numbers, descriptor)
    cdef int64_t out
    cdef bint newest = picture >= numbers.newest
    if descriptor.picture_at:
        if not numbering_map(&numbers.pictures, picture, &out):
            return False
        numbers.newest = max(numbers.newest, picture)
        descriptor.picture_id = <uint16_t>(out & (
            VP8_LONG_ID if descriptor.long_id else VP8_SHORT_ID))
    descriptor.tl0picidx += numbers.tl0_offset
    descriptor.keyidx = (descriptor.keyidx + numbers.keyidx_offset) & KEYIDX_MASK
    if newest:
        numbers.last_tl0 = descriptor.tl0picidx
        numbers.last_keyidx = descriptor.keyidx
    return True


cdef inline int64_t extended(
        const Vp8Numbers* numbers, const Vp8Descriptor* descriptor) noexcept nogil:
    """The extended picture id that lies nearest to the newest one; the newest where it has none."""
    cdef int64_t mask = VP8_LONG_ID if descriptor.long_id else VP8_SHORT_ID
    cdef int64_t distance
    if descriptor.picture_at == 0:
        return numbers.newest
    distance = (descriptor.picture_id - numbers.newest) & mask
    return numbers.newest + (distance if distance <= mask >> 1 else distance - mask - 1)
