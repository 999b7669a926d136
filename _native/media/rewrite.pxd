"""One receiver's view of a forwarded stream: continuous sequence numbers and timestamps of its own
(RFC 7667 section 3.6.2), whatever is paused, switched or skipped at the source.

Invariant: an outgoing index (ROC << 16 | SEQ) is given to one source packet only, so that no SRTP
nonce repeats (media/numbering). Mapping the same source packet again gives the same index: that is
for sending the identical bytes again (a retransmission without RTX). Header, extensions, payload
and padding must then be the same to the last bit: a changed padding alone breaks AES-GCM's key for
tags.

The way back (out -> source), for NACKs, holds for packets sent since the last start."""

from libc.stdint cimport int64_t, uint16_t, uint32_t

from fastsfu._native.media.numbering cimport Numbering, Skip

cdef struct Rewrite:
    bint started              # between a start and the next stop
    bint ever                 # a packet was ever forwarded
    Numbering numbers         # source ext_seq -> out index
    uint32_t ts_offset        # out ts = source ts + ts_offset
    uint32_t last_ts          # highest out ts given
    int64_t last_us           # when

# first_seq: of the first packet (RFC 3711 wants < 2^15 so that the receiver's ROC guess is right);
# ts_offset: random.
cdef void rewrite_init(Rewrite* rewrite, uint16_t first_seq, uint32_t ts_offset) noexcept nogil
# Pause: the next rewrite_start continues without a gap.
cdef void rewrite_stop(Rewrite* rewrite) noexcept nogil
# Begin (again) with this source packet. ts_offset: as it is while the source's timestamps go on
# (pause and resume), else of one of the two below.
cdef void rewrite_start(
    Rewrite* rewrite, int64_t source_ext_seq, uint32_t ts_offset) noexcept nogil
# The ts_offset with which a packet of another source comes as much later as time has passed since
# the last one, one tick at least.
cdef uint32_t rewrite_elapsed(
    const Rewrite* rewrite, uint32_t source_ts, uint32_t clock_rate, int64_t now_us) noexcept nogil
# `ts_offset`, or what is needed for this packet to come a tick after the last one.
cdef uint32_t rewrite_later(
    const Rewrite* rewrite, uint32_t source_ts, uint32_t ts_offset) noexcept nogil
# Out index and timestamp of a source packet. False: from before the start, skipped, or stopped
# (drop it).
cdef bint rewrite_map(
    Rewrite* rewrite, int64_t source_ext_seq, uint32_t source_ts, int64_t now_us,
    int64_t* index, uint32_t* ts) noexcept nogil
# A source packet that this receiver is not to get: those behind it take its number. SKIP_HOLE: they
# have gone already, and only a packet without payload may go under *index.
cdef Skip rewrite_skip(Rewrite* rewrite, int64_t source_ext_seq, int64_t* index) noexcept nogil
# The source packet that a receiver's sequence number stands for, and its out index. False: not
# since the last start, or never sent. (A number lost before it came to us counts as sent.)
cdef bint rewrite_find(
    const Rewrite* rewrite, uint16_t out_seq, int64_t* source_ext_seq,
    int64_t* index) noexcept nogil
