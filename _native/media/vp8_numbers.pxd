"""One receiver's line of VP8's picture ids, TL0PICIDX and KEYIDX (RFC 7741 section 4.2): they go on
without a gap when the source is exchanged or layers are dropped.

A decoder takes a missing picture id for a lost picture and waits for it (libwebrtc's
RtpVp8RefFinder). The three have their places in each packet's descriptor, which is then written
anew for this receiver; the same packet always gets the same numbers.
"""

from libc.stdint cimport int64_t, uint8_t

from fastsfu._native.media.numbering cimport Numbering, Stretches
from fastsfu._native.packet.vp8 cimport Vp8Descriptor

cdef struct Vp8Numbers:
    Numbering pictures            # picture ids, extended
    Stretches older
    int64_t newest                # extended picture id of the source's newest picture
    uint8_t tl0_offset            # out = source + offset, modulo 2^8 and 2^5
    uint8_t keyidx_offset
    uint8_t last_tl0              # as sent
    uint8_t last_keyidx

# `last`: of the newest packet that went out as it came. Those that follow it keep their numbers
# until something is skipped.
cdef void vp8_numbers_init(Vp8Numbers* numbers, const Vp8Descriptor* last) noexcept nogil
# Another source begins with this picture: it is the next one here.
cdef void vp8_numbers_start(Vp8Numbers* numbers, const Vp8Descriptor* first) noexcept nogil
# This packet's picture is not to go out; each of its packets may say so.
cdef void vp8_numbers_skip(Vp8Numbers* numbers, const Vp8Descriptor* skipped) noexcept nogil
# Exchange the descriptor's numbers for this receiver's. False: it was skipped, or is too old.
cdef bint vp8_numbers_map(Vp8Numbers* numbers, Vp8Descriptor* descriptor) noexcept nogil
