"""VP8 payload descriptor (RFC 7741 section 4.2).

    |X|R|N|S|R| PID |   S: start of a partition; PID: its number
    |I|L|T|K| RSV   |   when X
    |M| PictureID   |   when I; 15 bits when M
    |   TL0PICIDX   |   when L
    |TID|Y| KEYIDX  |   when T or K

Behind it, in the first partition's first packet, the frame's header: bit 0 is 0 in a keyframe
(section 4.3, RFC 6386 section 9.1).
"""

from libc.stdint cimport uint8_t, uint16_t

from fastsfu._native.packet.layers cimport PacketLayers

cdef enum:
    VP8_SHORT_ID = 0x7F           # the picture id's highest value, with 7 bits and with 15
    VP8_LONG_ID = 0x7FFF

cdef struct Vp8Descriptor:
    bint begins                   # the frame begins here
    uint8_t size                  # bytes, until the frame's header or data
    uint8_t picture_at            # offset of each field; 0 = absent
    uint8_t tl0_at
    uint8_t layer_at              # of TID, Y and KEYIDX
    bint long_id
    bint has_tid
    bint has_keyidx
    uint16_t picture_id
    uint8_t tl0picidx
    uint8_t tid
    bint sync                     # Y: depends on nothing but the lowest layer
    uint8_t keyidx                # 5 bits

# False: truncated, or nothing behind it.
cdef bint vp8_parse(
    const uint8_t* payload, size_t size, Vp8Descriptor* descriptor) noexcept nogil
# Put picture_id, tl0picidx and keyidx in their places, as far as they are there.
cdef void vp8_write(uint8_t* payload, const Vp8Descriptor* descriptor) noexcept nogil
# Nothing beyond the first byte of the frame's header is read, so that end-to-end encrypted frames
# pass, which keep their first bytes clear.
cdef bint vp8_starts_keyframe(const uint8_t* payload, size_t size) noexcept nogil
cdef bint vp8_read_layers(
    const uint8_t* payload, size_t size, PacketLayers* layers) noexcept nogil
# Of the packet that begins a keyframe: the picture's height (RFC 6386 section 9.1); 0: not to be
# read here, or no sane value (an encrypted header).
cdef uint16_t vp8_height(const uint8_t* payload, size_t size) noexcept nogil
