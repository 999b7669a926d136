"""Whether a packet goes on from here: not of a source that is off, nor of a voice that is not among
those of its room that are passed on (media/voices). Decided where it comes in, so what ends here
costs no receiver and no link anything.
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stream cimport InboundStream

# Sound. True: numbered to go on, after what was held back. False: takes over the hold of its
# buffer.
cdef bint gating_passes(
    Worker* worker, InboundStream* stream, MediaPacket* packet) noexcept nogil
# A voice that sends nothing speaks no more: told once, if it spoke.
cdef void gating_hush(Worker* worker, InboundStream* stream) noexcept nogil
# One of a source that is off.
cdef void gating_end(Worker* worker, MediaPacket* packet) noexcept nogil
# The source is off, or on again: from here on not one packet of it leaves for anybody, nor again
# what has left. A picture goes on at a keyframe.
cdef void gating_pause(Worker* worker, InboundStream* stream, bint paused) noexcept nogil
