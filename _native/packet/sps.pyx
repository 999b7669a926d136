"""See sps.pxd. Fields are read in the order of section 7.3.2.1.1."""

from libc.stdint cimport uint32_t, uint64_t

from fastsfu._native.packet.bits cimport Bits, bits_golomb, bits_take

cdef enum:
    MOST_BYTES = 128              # that are looked at
    MOST_CYCLE = 255              # num_ref_frames_in_pic_order_cnt_cycle


cdef uint16_t sps_height(const uint8_t* unit, size_t size) noexcept nogil:
    cdef uint8_t plain[MOST_BYTES]
    cdef Bits bits = [plain, 0, 0, False]
    cdef uint32_t profile, chroma = 1
    bits.end = 8 * unescape(unit, size, plain)
    profile = bits_take(&bits, 8)
    bits_take(&bits, 16)          # constraint flags, level
    bits_golomb(&bits)            # seq_parameter_set_id
    if is_high(profile) and not read_chroma(&bits, &chroma):
        return 0
    bits_golomb(&bits)            # log2_max_frame_num_minus4
    skip_order(&bits)
    bits_golomb(&bits)            # max_num_ref_frames
    bits_take(&bits, 1)           # gaps_in_frame_num_value_allowed_flag
    bits_golomb(&bits)            # pic_width_in_mbs_minus1
    return read_height(&bits, chroma)


cdef uint32_t unescape(const uint8_t* unit, size_t size, uint8_t* plain) noexcept nogil:
    """Without emulation prevention (section 7.4.1: 0 0 3); how many bytes."""
    cdef uint32_t count = 0
    cdef int zeros = 0
    cdef size_t i
    for i in range(size):
        if count == MOST_BYTES:
            break
        if zeros >= 2 and unit[i] == 3:
            zeros = 0
            continue
        zeros = zeros + 1 if unit[i] == 0 else 0
        plain[count] = unit[i]
        count += 1
    return count


cdef inline bint is_high(uint32_t profile) noexcept nogil:
    return (
        profile == 100 or profile == 110 or profile == 122 or profile == 244 or profile == 44
        or profile == 83 or profile == 86 or profile == 118 or profile == 128)


cdef bint read_chroma(Bits* bits, uint32_t* chroma) noexcept nogil:
    """False: scaling matrices follow."""
    chroma[0] = bits_golomb(bits)
    if chroma[0] == 3:
        bits_take(bits, 1)        # separate_colour_plane_flag
    bits_golomb(bits)             # bit depths
    bits_golomb(bits)
    bits_take(bits, 1)            # qpprime_y_zero_transform_bypass_flag
    return bits_take(bits, 1) == 0


cdef void skip_order(Bits* bits) noexcept nogil:
    cdef uint32_t kind = bits_golomb(bits), count
    if kind == 0:
        bits_golomb(bits)         # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits_take(bits, 1)
        bits_golomb(bits)
        bits_golomb(bits)
        count = min(bits_golomb(bits), <uint32_t>MOST_CYCLE)
        for _i in range(count):
            bits_golomb(bits)


cdef uint16_t read_height(Bits* bits, uint32_t chroma) noexcept nogil:
    cdef uint64_t units = <uint64_t>bits_golomb(bits) + 1
    cdef uint64_t per_unit = 2 - bits_take(bits, 1)       # frame_mbs_only_flag
    cdef uint64_t height = 16 * units * per_unit
    cdef uint64_t cropped = 0
    if per_unit == 2:
        bits_take(bits, 1)        # mb_adaptive_frame_field_flag
    bits_take(bits, 1)            # direct_8x8_inference_flag
    if bits_take(bits, 1):
        bits_golomb(bits)         # left, right
        bits_golomb(bits)
        cropped = <uint64_t>bits_golomb(bits)             # top
        cropped = (cropped + bits_golomb(bits)) * per_unit * (2 if chroma == 1 else 1)
    if bits.overrun or cropped >= height or height - cropped > 0xFFFF:
        return 0
    return <uint16_t>(height - cropped)
