"""How much of a sender's video is wanted at most, told by REMB (draft-alvestrand-rmcat-remb-03) to
a sender that has no transport-wide feedback of its packets to estimate from (WHIP encoders).

Of each source that is as much as the receiver with the most room for it can have beside its sound
and its other videos (forwarding/allocation): a picture that fits to none of them would be suspended
for all. As long as one receiver's link was never full, or nobody watches, nothing bounds it but
DEMAND_MOST_BPS: who has been told little takes a minute to send more again. Of several encodings
each receiver takes the one that fits; they are not bounded either.
"""

from libc.stdint cimport int64_t

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport InboundStream
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    DEMAND_MOST_BPS = 20000000    # of one source
    DEMAND_LEAST_BPS = 50000      # with less no encoder makes a picture
    DEMAND_APART_US = 100000
    DEMAND_AGAIN_US = 1000000     # also without a change, since RTCP gets lost

# A sender's turn on the tick: at most each DEMAND_APART_US, when it has changed by 3 %, and each
# DEMAND_AGAIN_US.
cdef void demand_tell(Worker* worker, Transport* transport) noexcept nogil
# The same for a replica's receivers, to its origin.
cdef void demand_pass_on(Worker* worker, InboundStream* replica) noexcept nogil
