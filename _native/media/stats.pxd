"""One row of Engine.snapshot(): written by the worker, copied by the event loop's thread.

Every field is aligned and read whole; a row may mix values of two moments, never halves of one.
Names follow webrtc-stats.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:                     # StreamStats.row
    ROW_INBOUND = 0
    ROW_OUTBOUND = 1
    ROW_TRANSPORT = 2
    ROW_REPLICA = 3

cdef struct StreamStats:
    uint64_t handle               # 0 = row not in use
    uint64_t transport
    uint64_t source               # outbound: handle of the inbound stream; replica: what it is of
    uint64_t packets              # received or sent, retransmissions not counted
    uint64_t bytes                # of their payloads
    uint64_t retransmitted        # packets recovered (inbound) or sent again (outbound)
    uint64_t discarded            # duplicates and packets too late
    uint64_t replayed             # refused by the replay list
    uint64_t unauthentic          # refused by authentication
    uint64_t keyframes
    uint64_t nack_count           # numbers asked for (inbound: by us; outbound: by the receiver)
    # keyframe requests, PLI and FIR (inbound: by us; outbound: by the receiver)
    uint64_t pli_count
    int64_t lost                  # cumulative, RFC 3550 6.4.1 (outbound: as the receiver reports)
    # CLOCK_MONOTONIC; transport: when it was last heard, other than by media; of a second ago
    int64_t last_packet_us
    int64_t last_keyframe_us
    uint64_t estimate_bps         # transport: what fits to its receiver; 0 = not known
    uint32_t ssrc
    uint32_t rtt_us               # outbound: from the receiver's reports; 0 = unknown
    uint32_t jitter_us
    uint8_t row                   # what it is of
    uint8_t kind                  # MediaKind
    uint8_t fraction_lost         # 1/256, of the last report
    uint8_t state                 # outbound: OutboundState
    uint16_t worker               # index
    uint16_t height               # inbound: lines of its last keyframe's picture; 0 = not known
    uint8_t fits                  # outbound: the highest encoding that does; 255 = any
    uint8_t fits_temporal         # the highest layer of that encoding; 255 = any
    uint8_t layer                 # inbound: which of its ladder it is, 0 = the smallest
    uint8_t scanty                # inbound: it comes, but too little of it to be shown


# The row's stream has ended: `ended`, the sums of all such, counts on for it.
cdef inline void stats_end(StreamStats* row, StreamStats* ended) noexcept nogil:
    row.handle = 0                # first: who reads meanwhile may miss it, not count it twice
    ended.packets += row.packets
    ended.bytes += row.bytes
    ended.retransmitted += row.retransmitted
    ended.discarded += row.discarded
    ended.replayed += row.replayed
    ended.unauthentic += row.unauthentic
    ended.keyframes += row.keyframes
    ended.nack_count += row.nack_count
    ended.pli_count += row.pli_count
