"""Which packets may be sent to a receiver again: a number once in a round-trip time, and those of
all streams within a share of what fits to it. A receiver on a full link loses the repeats too, and
asks for those again: without a bound they are all that it gets.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.base.bucket cimport Bucket

cdef enum:
    REPEATS_CAPACITY = 512        # numbers remembered: a power of two; HISTORY_PACKETS
    NUMBERS_KEPT = 512            # a power of two; HISTORY_PACKETS
    REPEATS_OWED = 32
    REPEATS_MANY = 6              # times: it is unlikely to get through before it is given up
    REPEATS_SHARE = 4             # one part in so many of the estimate
    REPEATS_FREE_BPS = 8000000    # while there is none

cdef struct Repeat:
    uint16_t seq
    uint16_t asks                 # how often it was asked for
    uint32_t us                   # when it was sent last: low 32 bits; 0 = never

# A packet that is sent again until it has arrived, since the receiver asks for it only once.
cdef struct Owed:
    uint16_t seq
    uint16_t number               # transport-wide, of its last repeat
    uint8_t tries                 # 0 = the budget had nothing left for it yet

cdef struct Repeats:
    Repeat last[REPEATS_CAPACITY]     # by (number % REPEATS_CAPACITY)
    Owed owed[REPEATS_OWED]
    int owed_count

# The transport-wide number of a packet that was sent. A repeat under the same SRTP index has to be
# the same to the last bit (media/rewrite), its number too.
cdef struct Numbered:
    uint16_t seq
    uint16_t number
    uint8_t id                    # of the header extension; 0 = nothing here

# NULL: out of memory. Freed by free().
cdef Repeats* repeats_new() noexcept nogil
# May this number be sent again now, `size` bytes? Then it counts as sent. budget: the receiver's;
# estimate_bps: 0 = none.
cdef bint repeats_allow(
    Repeats* repeats, Bucket* budget, uint16_t seq, uint32_t size, uint32_t rtt_us,
    int64_t estimate_bps, int64_t now_us) noexcept nogil
# Was it asked for REPEATS_MANY times?
cdef bint repeats_vain(const Repeats* repeats, uint16_t seq) noexcept nogil
# The entry of this packet, a new one if need be; NULL: there are too many.
cdef Owed* repeats_owe(Repeats* repeats, uint16_t seq) noexcept nogil
# The last one takes its place.
cdef void repeats_settle(Repeats* repeats, int owed) noexcept nogil
# The same, without being asked: while half of what may be saved up of the budget is there.
cdef bint repeats_spare(
    Bucket* budget, uint32_t size, int64_t estimate_bps, int64_t now_us) noexcept nogil
# The same packet once more, at once: is there enough left of the budget?
cdef bint repeats_afford(
    Bucket* budget, uint32_t size, int64_t estimate_bps, int64_t now_us) noexcept nogil
