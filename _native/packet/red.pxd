"""Redundant audio (RFC 2198): in front of the newest block its predecessors, each said again.

    |F| block PT |  timestamp offset, 14 bits  |  block length, 10 bits |    F = 1: older blocks
    |F| block PT |                                                           F = 0: the newest, last

The blocks follow in the order of their headers; the newest one takes what is left, and the RTP
header's timestamp is its own.
"""

from libc.stdint cimport uint8_t

# Bytes in front of the newest block, and its payload type; -1: malformed, or nothing behind them.
cdef int red_read(const uint8_t* payload, size_t size, uint8_t* pt) noexcept nogil
