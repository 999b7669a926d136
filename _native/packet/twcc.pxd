"""Transport-wide congestion feedback on the wire
(draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1)."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.packet.rtcp cimport RtcpPacket

cdef enum:
    TWCC_TICK_US = 250        # unit of a receive delta
    TWCC_STATUSES = 1024      # packets that one feedback packet of ours tells of at most
    # and one that we read: a run length alone could name 8,191 in two bytes
    TWCC_STATUSES_READ = 2048

# What is to be told: the arrivals of the numbers from `first` to `last`.
cdef struct TwccSpan:
    const int64_t* arrival_us # ring by (extended number & mask), us; -1 = not received
    uint32_t mask
    int64_t first             # extended numbers; first <= last
    int64_t last

# Writes one feedback packet over the beginning of the span, as much as fits; returns the number of
# packets it tells of, at least 1. capacity >= 64 bytes; *size: bytes written.
cdef int twcc_write(
    const TwccSpan* span, uint8_t* out, size_t capacity, uint32_t sender_ssrc,
    uint32_t media_ssrc, uint8_t feedback_count, size_t* size) noexcept nogil

# What feedback says of one packet.
cdef struct Arrival:
    uint16_t number           # transport-wide
    bint received
    uint32_t ticks            # when, in TWCC_TICK_US of the receiver's clock, modulo 2^32

cdef struct TwccReader:
    const uint8_t* data       # the packet; borrowed
    uint16_t number           # of the next status
    int left                  # statuses still to come
    uint16_t chunk            # the one being read
    int place                 # of its next symbol
    int symbols               # that it has
    size_t chunk_at           # where the next chunk stands
    size_t delta_at           # and the next delta
    uint32_t ticks            # of the packet received before, or the reference time

# True: it is transport-wide feedback whose chunks and deltas are all there. Then twcc_read until 0.
cdef bint twcc_open(const RtcpPacket* packet, TwccReader* reader) noexcept nogil
# The next ones, in order of the numbers, at most `capacity`; 0: there are no more.
cdef int twcc_read(TwccReader* reader, Arrival* arrivals, int capacity) noexcept nogil
