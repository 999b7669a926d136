"""Answers to NACKs: what a receiver has lost, from the history of its source.

As RTX (RFC 4588) where that was negotiated, else the same packet again, byte for byte.
"""

from libc.stdint cimport uint16_t

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport OutboundStream

# One sequence number of the receiver's; no-op where the packet is gone, a keyframe is awaited, or
# it asks too often (media/repeats).
cdef void repeat_packet(Worker* worker, OutboundStream* receiver, uint16_t seq) noexcept nogil
# After transport-wide feedback: what the receiver asks for only once and needs (of pictures of
# several spatial layers), and what it says was lost. True: a packet was tried so often that only a
# keyframe helps.
cdef bint repeat_owed(Worker* worker, OutboundStream* receiver) noexcept nogil
# Then a repeat is lost as often as anything, and a receiver that knows no round-trip time asks
# again only after 100 ms: the picture stands still meanwhile. Who loses more is on a full link.
cdef bint repeat_loses_at_random(
    const Worker* worker, const OutboundStream* receiver) noexcept nogil
# It was sent this one, so long ago that it cannot be had again, or so often in vain that it soon
# waits
# without a word: only a keyframe helps. Not where one was asked for since.
cdef bint repeat_too_late(const OutboundStream* receiver, uint16_t seq) noexcept nogil
