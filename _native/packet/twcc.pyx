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

from libc.stdint cimport int16_t

from fastsfu._native.base.wire cimport read_u16, read_u24, write_u16, write_u24, write_u32
from fastsfu._native.packet.rtcp cimport RTCP_RTPFB, RTPFB_TRANSPORT_CC, RtcpPacket

cdef enum:
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
    RESERVED = 3

cdef struct Plan:             # what one feedback packet tells
    uint8_t symbols[TWCC_STATUSES]
    int count
    int delta_bytes
    int64_t reference         # in ticks, a multiple of REFERENCE_TICKS


cdef int twcc_write(
        const TwccSpan* span, uint8_t* out, size_t capacity, uint32_t sender_ssrc,
        uint32_t media_ssrc, uint8_t feedback_count, size_t* size) noexcept nogil:
    cdef Plan plan
    cdef size_t end, padded
    make_plan(&plan, span, capacity)
    end = write_chunks(&plan, out, FIXED_SIZE)
    end = write_deltas(&plan, span, out, end)
    padded = (end + 3) & ~<size_t>3
    while end < padded:                         # zeros without the P bit, as in the draft's figure
        out[end] = 0
        end += 1
    out[0] = 0x80 | RTPFB_TRANSPORT_CC
    out[1] = RTCP_RTPFB
    write_u16(out + 2, <uint16_t>(end // 4 - 1))
    write_u32(out + 4, sender_ssrc)
    write_u32(out + 8, media_ssrc)
    write_u16(out + 12, <uint16_t>span.first)
    write_u16(out + 14, <uint16_t>plan.count)
    write_u24(out + 16, <uint32_t>(plan.reference // REFERENCE_TICKS) & 0xFFFFFF)
    out[19] = feedback_count
    size[0] = end
    return plan.count


cdef inline int64_t arrival_ticks(const TwccSpan* span, int64_t number) noexcept nogil:
    """-1: not received."""
    cdef int64_t arrival_us = span.arrival_us[number & span.mask]
    return arrival_us // TWCC_TICK_US if arrival_us >= 0 else -1


cdef void make_plan(Plan* plan, const TwccSpan* span, size_t capacity) noexcept nogil:
    """As many numbers from `first` on as fit, until a delta does not fit in 16 bits."""
    cdef int64_t number = span.first, ticks, last
    plan.count = 0
    plan.delta_bytes = 0
    plan.reference = reference_ticks(span)
    last = plan.reference
    while (number <= span.last and plan.count < TWCC_STATUSES
            and size_with_one_more(plan) <= capacity):
        ticks = arrival_ticks(span, number)
        plan.symbols[plan.count] = NOT_RECEIVED
        if ticks >= 0:
            if not LARGE_DELTA_MIN <= ticks - last <= LARGE_DELTA_MAX:
                return
            plan.symbols[plan.count] = symbol_of(ticks - last)
            plan.delta_bytes += plan.symbols[plan.count]
            last = ticks
        plan.count += 1
        number += 1


cdef int64_t reference_ticks(const TwccSpan* span) noexcept nogil:
    """The arrival of the first number received, rounded down to the reference time's unit."""
    cdef int64_t number = span.first, ticks = -1
    while ticks < 0 and number <= span.last:
        ticks = arrival_ticks(span, number)
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
        const Plan* plan, const TwccSpan* span, uint8_t* out, size_t size) noexcept nogil:
    cdef int64_t last = plan.reference, ticks
    cdef int i
    for i in range(plan.count):
        if plan.symbols[i] == NOT_RECEIVED:
            continue
        ticks = arrival_ticks(span, span.first + i)
        if plan.symbols[i] == SMALL_DELTA:
            out[size] = <uint8_t>(ticks - last)
        else:
            write_u16(out + size, <uint16_t>(ticks - last))
        size += plan.symbols[i]
        last = ticks
    return size


cdef bint twcc_open(const RtcpPacket* packet, TwccReader* reader) noexcept nogil:
    cdef size_t delta_bytes = 0
    cdef int left, symbol
    if packet.type != RTCP_RTPFB or packet.count != RTPFB_TRANSPORT_CC:
        return False
    if packet.size < FIXED_SIZE:
        return False
    reader.data = packet.data
    reader.number = read_u16(packet.data + 12)
    reader.left = left = read_u16(packet.data + 14)
    reader.ticks = read_u24(packet.data + 16) * REFERENCE_TICKS
    reader.chunk_at = FIXED_SIZE
    reader.place = reader.symbols = 0
    if left > TWCC_STATUSES_READ:
        return False
    while left > 0:                       # how long are the chunks, and what follows them?
        if reader.place == reader.symbols and not next_chunk(reader, packet.size):
            return False
        symbol = next_symbol(reader)
        if symbol == RESERVED:
            return False
        delta_bytes += symbol
        left -= 1
    reader.delta_at = reader.chunk_at
    reader.chunk_at = FIXED_SIZE
    reader.place = reader.symbols = 0
    return reader.delta_at + delta_bytes <= packet.size


cdef int twcc_read(TwccReader* reader, Arrival* arrivals, int capacity) noexcept nogil:
    cdef int count = min(capacity, reader.left)
    cdef int i, symbol
    for i in range(count):
        if reader.place == reader.symbols:
            next_chunk(reader, reader.delta_at)
        symbol = next_symbol(reader)
        if symbol == SMALL_DELTA:
            reader.ticks += reader.data[reader.delta_at]
        elif symbol == LARGE_DELTA:
            reader.ticks += <uint32_t><int16_t>read_u16(reader.data + reader.delta_at)
        reader.delta_at += symbol
        arrivals[i].number = reader.number
        arrivals[i].received = symbol != NOT_RECEIVED
        arrivals[i].ticks = reader.ticks
        reader.number += 1
    reader.left -= count
    return count


cdef bint next_chunk(TwccReader* reader, size_t end) noexcept nogil:
    """Go on to the next chunk that has symbols; False: there is none before `end`."""
    reader.place = reader.symbols = 0
    while reader.symbols == 0:
        if reader.chunk_at + 2 > end:
            return False
        reader.chunk = read_u16(reader.data + reader.chunk_at)
        reader.chunk_at += 2
        if reader.chunk >> 15 == 0:
            reader.symbols = reader.chunk & 0x1FFF
        else:
            reader.symbols = SHORT_VECTOR if reader.chunk >> 14 & 1 else LONG_VECTOR
    return True


cdef inline int next_symbol(TwccReader* reader) noexcept nogil:
    cdef int place = reader.place
    reader.place += 1
    if reader.chunk >> 15 == 0:
        return reader.chunk >> 13 & 3
    if reader.chunk >> 14 & 1:
        return reader.chunk >> (12 - 2 * place) & 3
    return reader.chunk >> (13 - place) & 1
