"""How wide a link is that the first pictures fill.

While nothing is known of a link all is sent, so that a wide one shows its first picture at once. A
narrow one can be told by its queue long before that has a trend: as long as packets wait, they
arrive as fast as the link lets them through.
"""

from libc.stdint cimport int64_t, uint32_t

cdef struct Start:                # zeroes: nothing has waited yet
    int64_t since_us              # arrival of the last packet that hardly waited; 0 = none yet
    int64_t last_us               # and of the last one
    int64_t gap_us                # most time between two of them: more than its share is a stall
    int64_t bytes                 # that arrived after it

# queue_us: how long it waited on the way; arrival_us: by the receiver's clock, above 0.
cdef void start_on_packet(
    Start* start, int64_t queue_us, int64_t arrival_us, uint32_t size) noexcept nogil
# What gets through, bits a second; 0: nothing says that the link is full. low_us: the least time
# that a packet waited since the last feedback.
cdef double start_bps(const Start* start, int64_t low_us) noexcept nogil
