"""Which encoding each receiver is to get, by what it asks for, what fits to it
(forwarding/allocation) and which of them are sent; and which encodings somebody asks for, so that
their sender can rest the others.
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport InboundStream, OutboundStream

cdef enum:
    PREFERENCE_INTERVAL_US = 100000
    REST_AFTER_US = 3000000       # nobody has asked for an encoding for so long: it may rest

# Its preference is new, or its source, or what fits: aim at the best that is sent. `at_once`: what
# it has is too much.
cdef void preference_choose(OutboundStream* receiver, bint at_once) noexcept nogil
# It takes its source now. If that rests, the next tick, which tells its sender, comes at once.
cdef void preference_want(Worker* worker, const OutboundStream* receiver) noexcept nogil
# The same for all receivers of a ladder, since other encodings of it are sent than before.
cdef void preference_ladder(InboundStream* lowest) noexcept nogil
# Each PREFERENCE_INTERVAL_US.
cdef void preference_tick(Worker* worker) noexcept nogil
