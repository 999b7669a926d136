"""Redundant audio (RFC 2198): in front of the newest block its predecessors, each said again.

    |F| block PT |  timestamp offset, 14 bits  |  block length, 10 bits |    F = 1: older blocks
    |F| block PT |                                                           F = 0: the newest, last

The blocks follow in the order of their headers; the newest one takes what is left, and the RTP
header's timestamp is its own.
"""

from libc.stdint cimport uint8_t, uint16_t

cdef enum:
    RED_MAX_OFFSET = 0x3FFF       # timestamp units
    RED_MAX_BLOCK = 0x3FF         # bytes
    RED_HEADER = 4                # bytes in front of an older block's

# Bytes in front of the newest block, and its payload type; -1: malformed, or nothing behind them.
cdef int red_read(const uint8_t* payload, size_t size, uint8_t* pt) noexcept nogil
# The timestamp offset of its one older block; -1: it has none, or more. For what red_read takes.
cdef int red_older(const uint8_t* payload) noexcept nogil
# Put a block in front of all others, at most RED_MAX_BLOCK bytes. There has to be room for it and
# RED_HEADER behind the payload.
cdef void red_prepend(
    uint8_t* payload, size_t size, uint8_t pt, uint16_t offset, const uint8_t* block,
    uint16_t block_size) noexcept nogil
