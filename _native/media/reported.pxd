"""What a receiver has reported of one outbound stream (RFC 3550 section 6.4.1), held against what
we had sent it by then.

What was lost before it came to us has an index all the same, so that it can come late: the receiver
misses that too, but it is no loss of its own way.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from fastsfu._native.packet.rtcp cimport ReportBlock

cdef enum:
    MAX_REPORTED = 100000         # packets between two reports: else they do not belong together

cdef struct Reported:             # as of the last one
    uint32_t highest              # extended sequence number; 0 = there was none
    int32_t lost                  # in all
    int64_t next                  # our next index then; before the first report, our first one
    uint64_t packets              # how many we had sent

cdef struct Since:                # the report before
    uint32_t packets, lost        # on the way to it; both 0: not known
    uint8_t share                 # of them, in 256ths

# `next` and `packets` are ours now.
cdef Since reported_on(
    Reported* reported, const ReportBlock* block, int64_t next, uint64_t packets) noexcept nogil
