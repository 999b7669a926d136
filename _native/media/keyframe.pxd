"""When a keyframe is asked for: each costs all receivers of a stream."""

from libc.stdint cimport int64_t

from fastsfu._native.media.stream cimport InboundStream, OutboundStream

cdef enum:
    # at most one keyframe request in that time: a keyframe costs every receiver
    KEYFRAME_INTERVAL_US = 500000
    # of one receiver's: so far apart at least, and KEYFRAME_ASKS in that time
    KEYFRAME_APART_US = 200000
    KEYFRAME_ASKS_US = 10000000

# A receiver cannot go on without a keyframe; it is asked for by keyframe_due.
cdef void want_keyframe(InboundStream* stream) noexcept nogil
# A receiver asks for a keyframe; False: it has asked often enough.
cdef bint keyframe_granted(OutboundStream* stream, int64_t now_us) noexcept nogil
# Shall a request leave now? At most one each KEYFRAME_INTERVAL_US; repeated while receivers wait.
cdef bint keyframe_due(InboundStream* stream, int64_t now_us) noexcept nogil
