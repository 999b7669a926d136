"""Chunks and their parameters; see sctp_chunks.pxd."""

from libc.stdint cimport uint8_t

from fastsfu._native.base.wire cimport read_u16

cdef enum:
    CHUNK_HEADER = 4              # of a parameter or an error cause too
    CHUNK_DATA = 0                # RFC 9260 section 3.2; the last three RFC 6525, 4820, 3758
    CHUNK_INIT = 1
    CHUNK_INIT_ACK = 2
    CHUNK_SACK = 3
    CHUNK_HEARTBEAT = 4
    CHUNK_HEARTBEAT_ACK = 5
    CHUNK_ABORT = 6
    CHUNK_SHUTDOWN = 7
    CHUNK_SHUTDOWN_ACK = 8
    CHUNK_ERROR = 9
    CHUNK_COOKIE_ECHO = 10
    CHUNK_COOKIE_ACK = 11
    CHUNK_SHUTDOWN_COMPLETE = 14
    CHUNK_RE_CONFIG = 130
    CHUNK_PAD = 132
    CHUNK_FORWARD_TSN = 192


cdef bint sctp_is_sound(const uint8_t* packet, size_t size) noexcept nogil:
    cdef size_t at = SCTP_COMMON_HEADER
    cdef size_t length
    cdef int parameters
    while at + CHUNK_HEADER <= size:
        length = read_u16(packet + at + 2)
        parameters = parameters_at(packet[at])
        if length < CHUNK_HEADER or length > size - at or parameters < 0:
            return False
        if parameters and not are_sound(packet + at, parameters, length):
            return False
        at += (length + 3) & ~<size_t>3
    return at >= size


cdef int parameters_at(uint8_t chunk) noexcept nogil:
    """Where a chunk's parameters (or error causes) begin; 0: it has none; -1: it is not for us."""
    if chunk == CHUNK_INIT or chunk == CHUNK_INIT_ACK:
        return 20
    if chunk in (CHUNK_HEARTBEAT, CHUNK_HEARTBEAT_ACK, CHUNK_ABORT, CHUNK_ERROR, CHUNK_RE_CONFIG):
        return 4
    if chunk in (CHUNK_DATA, CHUNK_SACK, CHUNK_SHUTDOWN, CHUNK_SHUTDOWN_ACK, CHUNK_COOKIE_ECHO,
                 CHUNK_COOKIE_ACK, CHUNK_SHUTDOWN_COMPLETE, CHUNK_PAD, CHUNK_FORWARD_TSN):
        return 0
    return -1


cdef bint are_sound(const uint8_t* chunk, size_t at, size_t size) noexcept nogil:
    cdef size_t length
    while at + CHUNK_HEADER <= size:
        length = read_u16(chunk + at + 2)
        if length < CHUNK_HEADER or length > size - at:
            return False
        at += (length + 3) & ~<size_t>3
    return at >= size
