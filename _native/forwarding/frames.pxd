"""A video frame's packets, gathered until its marker bit, at most hold_us, and cut into runs of
equal sizes: each run leaves as one message (GSO), whoever receives it. At most MAX_PADDING bytes of
RTP padding make them equal.

Voices that come in one turn of the worker leave together, once all that came in it is read, or
before the next frame: who hears several of them, of one room, gets them in one message.
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stream cimport InboundStream

# A packet to all receivers of its stream, here and on other workers, now or with its frame; it may
# be padded. Takes over the caller's hold of packet.buffer.
cdef void frames_put(
    Worker* worker, InboundStream* stream, MediaPacket* packet) noexcept nogil
# Send what is gathered of this stream's frame.
cdef void frames_flush(Worker* worker, InboundStream* stream) noexcept nogil
# The end of a turn: send its voices, and the frames whose hold has ended.
cdef void frames_due(Worker* worker) noexcept nogil
# Send nothing of what is gathered of this stream, and forget it: it is off, or about to be freed.
cdef void frames_drop(Worker* worker, InboundStream* stream) noexcept nogil
