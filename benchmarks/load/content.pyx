"""The load's payloads; see content.pxd."""

from libc.string cimport memcpy, memset

from benchmarks.load.parties cimport PREFIX, STREAMS
from benchmarks.load.sockets cimport CLOCK_REALTIME, clock_ns, htonl, htons

cdef enum:
    STAMP_MAGIC = 0x5AFE57A3


cdef void header_write(
        uint8_t* packet, uint8_t marker_and_pt, uint32_t index, uint32_t ts, uint32_t ssrc,
        uint16_t transport_seq) noexcept nogil:
    packet[0] = 0x90
    packet[1] = marker_and_pt
    (<uint16_t*>(packet + 2))[0] = htons(<uint16_t>index)
    (<uint32_t*>(packet + 4))[0] = htonl(ts)
    (<uint32_t*>(packet + 8))[0] = htonl(ssrc)
    (<uint32_t*>(packet + 12))[0] = htonl(0xBEDE0001)
    packet[16] = 0x31
    (<uint16_t*>(packet + 17))[0] = htons(transport_seq)
    packet[19] = 0


cdef void level_write(uint8_t* packet, uint32_t index, bint speaks) noexcept nogil:
    (<uint32_t*>(packet + 12))[0] = htonl(0xBEDE0002)
    packet[19] = LEVEL_ID << 4
    packet[20] = 24 + index % 7 if speaks else 70 + index % 3      # -dBov
    packet[21] = packet[22] = packet[23] = 0


cdef void content_write(
        uint8_t* payload, const uint8_t* prefix, uint16_t size, Stamp* stamp) noexcept nogil:
    memcpy(payload, prefix, PREFIX)
    stamp.magic = STAMP_MAGIC
    stamp.size, stamp.fill = size, <uint8_t>(stamp.index * 31 + stamp.stream)
    memset(payload + PREFIX, stamp.fill, size - PREFIX)
    stamp.sent_ns = clock_ns(CLOCK_REALTIME)
    memcpy(payload + PREFIX, stamp, sizeof(Stamp))


cdef bint content_read(const uint8_t* packet, int size, Stamp* stamp) noexcept nogil:
    cdef int offset = 12 + 4 * (packet[0] & 15), i
    if packet[0] & 0x10:
        offset += 4 + 4 * ((packet[offset + 2] << 8) | packet[offset + 3])
    if packet[0] & 0x20:
        size -= packet[size - 1]
    if size < offset + PREFIX + <int>sizeof(Stamp):
        return False
    memcpy(stamp, packet + offset + PREFIX, sizeof(Stamp))
    if stamp.magic != STAMP_MAGIC or stamp.stream >= STREAMS or stamp.size != size - offset:
        return False
    for i in range(offset + PREFIX + <int>sizeof(Stamp), size):
        if packet[i] != stamp.fill:
            return False
    return True
