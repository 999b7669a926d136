from libc.stdint cimport uint16_t, uint32_t

from fastsfu._native.base.pool cimport BUFFER_CAPACITY
from fastsfu._native.media.history cimport history_get, history_put
from fastsfu._native.media.stream cimport NO_PT
from fastsfu._native.packet.codec cimport Codec
from fastsfu._native.packet.red cimport (
    RED_HEADER, RED_MAX_OFFSET, red_older, red_prepend, red_read,
)

cdef enum:
    MOST_SAID_AGAIN = 255         # bytes of Opus: voices have about 80, music is said again once


cdef uint8_t redundancy_undo(const InboundStream* stream, MediaPacket* packet) noexcept nogil:
    cdef uint8_t pt
    cdef int older = red_read(
        packet.buffer.data + packet.header.header_size, packet.payload_size, &pt)
    if older < 0 or stream.codec_of_pt[pt] == Codec.CODEC_RED:
        return NO_PT
    packet.red_pt = packet.header.pt
    packet.redundancy = <uint16_t>older
    packet.header.pt = pt
    packet.header.header_size += older
    packet.payload_size -= older
    return stream.codec_of_pt[pt]


cdef void redundancy_deepen(
        InboundStream* stream, MediaPacket* packet, int64_t now_us) noexcept nogil:
    cdef const MediaPacket* before = history_get(&stream.history, packet.ext_seq - 2, now_us)
    if before != NULL and before.header.pt == packet.header.pt:
        say_again(packet, before)
    history_put(&stream.history, packet, now_us)


cdef void say_again(MediaPacket* packet, const MediaPacket* before) noexcept nogil:
    """In front of the one block that is older than the newest."""
    cdef uint8_t* red = packet.buffer.data + packet.header.header_size - packet.redundancy
    cdef uint32_t offset = packet.header.ts - before.header.ts
    cdef uint16_t more = RED_HEADER + before.payload_size
    cdef int next = red_older(red)
    if next < 0 or offset <= <uint32_t>next or offset > RED_MAX_OFFSET:
        return
    if before.payload_size > MOST_SAID_AGAIN or packet.buffer.size + more > BUFFER_CAPACITY:
        return
    red_prepend(
        red, packet.redundancy + packet.payload_size, packet.header.pt, <uint16_t>offset,
        before.buffer.data + before.header.header_size, before.payload_size)
    packet.redundancy += more
    packet.header.header_size += more
    packet.buffer.size += more                  # of what is to be wiped
