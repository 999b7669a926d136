"""One receiver's view of a forwarded stream: continuous sequence numbers and timestamps of its own
(RFC 7667 section 3.6.2), whatever is paused, switched or skipped at the source.

Invariant: an outgoing index (ROC << 16 | SEQ) is given to one source packet only, so that no SRTP
nonce repeats. Mapping the same source packet again gives the same index: that is for sending the
identical bytes again (a retransmission without RTX). Header, extensions, payload and padding must
then be the same to the last bit: a changed padding alone breaks AES-GCM's key for tags.

The way back (out -> source), for NACKs, holds for packets sent since the last start."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

cdef struct Rewrite:
    bint started              # between a start and the next stop
    bint ever                 # a packet was ever forwarded
    int64_t start_source      # first source ext_seq since the last start; earlier ones are dropped
    int64_t offset            # out index = source ext_seq + offset, since the last start
    int64_t next_index        # one above the highest out index given
    uint32_t ts_offset        # out ts = source ts + ts_offset
    uint32_t last_ts          # highest out ts given
    int64_t last_us           # when

# first_seq: of the first packet (RFC 3711 wants < 2^15 so that the receiver's ROC guess is right);
# ts_offset: random.
cdef void rewrite_init(Rewrite* rewrite, uint16_t first_seq, uint32_t ts_offset) noexcept nogil
# Pause: the next rewrite_start continues without a gap.
cdef void rewrite_stop(Rewrite* rewrite) noexcept nogil
# Begin (again) with this source packet. same_source: its timestamps continue those before (pause
# and resume); else the timestamp jumps on by the time elapsed at `clock_rate`, one tick at least.
cdef void rewrite_start(
    Rewrite* rewrite, int64_t source_ext_seq, uint32_t source_ts, bint same_source,
    uint32_t clock_rate, int64_t now_us) noexcept nogil
# Out index and timestamp of a source packet. False: from before the start, or stopped (drop it).
cdef bint rewrite_map(
    Rewrite* rewrite, int64_t source_ext_seq, uint32_t source_ts, int64_t now_us,
    int64_t* index, uint32_t* ts) noexcept nogil
# The source packet that a receiver's sequence number stands for, and its out index. False: not
# since the last start, or never sent. (A number lost before it came to us counts as sent.)
cdef bint rewrite_find(
    const Rewrite* rewrite, uint16_t out_seq, int64_t* source_ext_seq,
    int64_t* index) noexcept nogil
