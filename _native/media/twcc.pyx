"""See twcc.pxd. The packet (section 3.1 of the draft):

     0                   1                   2                   3
    |V=2|P|  FMT=15 |    PT=205     |           length              |
    |                     SSRC of packet sender                     |
    |                      SSRC of media source                     |
    |      base sequence number     |      packet status count      |
    |            reference time (64 ms)             | fb pkt. count |
    |      packet chunk, 16 bits    |      packet chunk ...         |
    |  recv delta, 8 or 16 bits ... |         zero padding          |
"""

from fastsfu._native.base.seq cimport seq_extend
from fastsfu._native.base.wire cimport write_u16, write_u24, write_u32
from fastsfu._native.packet.rtcp cimport RTCP_RTPFB, RTPFB_TRANSPORT_CC

cdef enum:
    TICK_US = 250             # unit of a receive delta
    REFERENCE_TICKS = 256     # 64 ms
    SMALL_DELTA_MAX = 255
    LARGE_DELTA_MIN = -0x8000
    LARGE_DELTA_MAX = 0x7FFF
    FIXED_SIZE = 20           # up to the first chunk
    SHORT_VECTOR = 7          # two-bit symbols in a status vector chunk
    LONG_VECTOR = 14          # one-bit symbols

cdef enum Symbol:             # section 3.1.1
    NOT_RECEIVED = 0
    SMALL_DELTA = 1
    LARGE_DELTA = 2           # or negative

cdef struct Plan:             # what one feedback packet tells
    uint8_t symbols[TWCC_WINDOW]
    int count
    int delta_bytes
    int64_t reference         # in ticks, a multiple of REFERENCE_TICKS


cdef void twcc_init(TwccReceiver* twcc) noexcept nogil:
    cdef int i
    for i in range(TWCC_WINDOW):
        twcc.arrival_us[i] = -1
    twcc.first = -1
    twcc.highest = -1
    twcc.unreported = 0
    twcc.feedback_count = 0


cdef void twcc_on_packet(TwccReceiver* twcc, uint16_t seq, int64_t arrival_us) noexcept nogil:
    cdef int64_t number
    if twcc.first < 0:
        number = 0x10000 + seq                  # room below for what was overtaken by it
        twcc.first = number
        twcc.highest = number
    else:
        number = seq_extend(seq, twcc.highest)
    if number > twcc.highest:
        advance(twcc, number)
    elif number <= twcc.highest - TWCC_WINDOW:
        return
    elif twcc.arrival_us[number & (TWCC_WINDOW - 1)] >= 0:
        return                                  # a duplicate: the first arrival counts
    twcc.arrival_us[number & (TWCC_WINDOW - 1)] = arrival_us
    twcc.unreported += 1
    if number < twcc.first:                     # reported lost: say again, as libwebrtc does
        twcc.first = number


cdef size_t twcc_write(
        TwccReceiver* twcc, uint8_t* out, size_t capacity,
        uint32_t sender_ssrc, uint32_t media_ssrc) noexcept nogil:
    cdef Plan plan
    cdef size_t size, padded
    if twcc.first < 0 or twcc.first > twcc.highest:
        return 0
    make_plan(&plan, twcc, capacity)
    size = write_chunks(&plan, out, FIXED_SIZE)
    size = write_deltas(&plan, twcc, out, size)
    padded = (size + 3) & ~<size_t>3
    while size < padded:                        # zeros without the P bit, as in the draft's figure
        out[size] = 0
        size += 1
    out[0] = 0x80 | RTPFB_TRANSPORT_CC
    out[1] = RTCP_RTPFB
    write_u16(out + 2, <uint16_t>(size // 4 - 1))
    write_u32(out + 4, sender_ssrc)
    write_u32(out + 8, media_ssrc)
    write_u16(out + 12, <uint16_t>twcc.first)
    write_u16(out + 14, <uint16_t>plan.count)
    write_u24(out + 16, <uint32_t>(plan.reference // REFERENCE_TICKS) & 0xFFFFFF)
    out[19] = twcc.feedback_count
    twcc.feedback_count += 1
    twcc.first += plan.count
    if twcc.first > twcc.highest:
        twcc.unreported = 0
    return size


cdef void advance(TwccReceiver* twcc, int64_t number) noexcept nogil:
    """`number` is the new highest: empty the places of those skipped, and forget what falls out of
    the window."""
    cdef int64_t skipped = max(twcc.highest, number - TWCC_WINDOW) + 1
    while skipped < number:
        twcc.arrival_us[skipped & (TWCC_WINDOW - 1)] = -1
        skipped += 1
    twcc.highest = number
    twcc.first = max(twcc.first, number - TWCC_WINDOW + 1)


cdef inline int64_t arrival_ticks(const TwccReceiver* twcc, int64_t number) noexcept nogil:
    """-1: not received."""
    cdef int64_t arrival_us = twcc.arrival_us[number & (TWCC_WINDOW - 1)]
    return arrival_us // TICK_US if arrival_us >= 0 else -1


cdef void make_plan(Plan* plan, const TwccReceiver* twcc, size_t capacity) noexcept nogil:
    """As many numbers from `first` on as fit, until a delta does not fit in 16 bits."""
    cdef int64_t number = twcc.first, ticks, last
    plan.count = 0
    plan.delta_bytes = 0
    plan.reference = reference_ticks(twcc)
    last = plan.reference
    while number <= twcc.highest and size_with_one_more(plan) <= capacity:
        ticks = arrival_ticks(twcc, number)
        plan.symbols[plan.count] = NOT_RECEIVED
        if ticks >= 0:
            if not LARGE_DELTA_MIN <= ticks - last <= LARGE_DELTA_MAX:
                return
            plan.symbols[plan.count] = symbol_of(ticks - last)
            plan.delta_bytes += plan.symbols[plan.count]
            last = ticks
        plan.count += 1
        number += 1


cdef int64_t reference_ticks(const TwccReceiver* twcc) noexcept nogil:
    """The arrival of the first number received, rounded down to the reference time's unit."""
    cdef int64_t number = twcc.first, ticks = -1
    while ticks < 0 and number <= twcc.highest:
        ticks = arrival_ticks(twcc, number)
        number += 1
    return ticks - ticks % REFERENCE_TICKS


cdef inline size_t size_with_one_more(const Plan* plan) noexcept nogil:
    """Upper bound: only short vectors, a large delta, three bytes of padding."""
    return FIXED_SIZE + 2 * (plan.count // SHORT_VECTOR + 1) + plan.delta_bytes + 5


cdef inline Symbol symbol_of(int64_t delta) noexcept nogil:
    """Its number is also the delta's size in bytes."""
    return SMALL_DELTA if 0 <= delta <= SMALL_DELTA_MAX else LARGE_DELTA


cdef size_t write_chunks(const Plan* plan, uint8_t* out, size_t size) noexcept nogil:
    """Each chunk covers at least SHORT_VECTOR symbols, or all that are left."""
    cdef int at = 0, left, run
    cdef const uint8_t* rest
    cdef uint16_t chunk
    while at < plan.count:
        rest = &plan.symbols[at]
        left = plan.count - at
        run = run_length(rest, left)
        if run == left or run >= LONG_VECTOR:
            chunk = <uint16_t>(rest[0] << 13 | run)
        elif all_one_bit(rest, min(left, LONG_VECTOR)):
            chunk = 0x8000 | vector(rest, left, LONG_VECTOR, 1)
            run = LONG_VECTOR
        else:
            chunk = 0xC000 | vector(rest, left, SHORT_VECTOR, 2)
            run = SHORT_VECTOR
        write_u16(out + size, chunk)
        size += 2
        at += run
    return size


cdef inline int run_length(const uint8_t* symbols, int left) noexcept nogil:
    cdef int run = 1
    while run < left and symbols[run] == symbols[0]:
        run += 1
    return run


cdef inline bint all_one_bit(const uint8_t* symbols, int count) noexcept nogil:
    cdef int i
    for i in range(count):
        if symbols[i] > SMALL_DELTA:
            return False
    return True


cdef uint16_t vector(const uint8_t* symbols, int left, int places, int bits) noexcept nogil:
    """The symbols from the left; places beyond the last one stay 0."""
    cdef uint16_t chunk = 0
    cdef int i
    for i in range(places):
        chunk = <uint16_t>(chunk << bits)
        if i < left:
            chunk |= symbols[i]
    return chunk


cdef size_t write_deltas(
        const Plan* plan, const TwccReceiver* twcc, uint8_t* out, size_t size) noexcept nogil:
    cdef int64_t last = plan.reference, ticks
    cdef int i
    for i in range(plan.count):
        if plan.symbols[i] == NOT_RECEIVED:
            continue
        ticks = arrival_ticks(twcc, twcc.first + i)
        if plan.symbols[i] == SMALL_DELTA:
            out[size] = <uint8_t>(ticks - last)
        else:
            write_u16(out + size, <uint16_t>(ticks - last))
        size += plan.symbols[i]
        last = ticks
    return size
