"""Repeats before they are asked for. To a far receiver that loses packets at random each picture of
the lowest temporal layer goes once more, as RTX, when the next picture leaves.

A decoder can do without any other layer, so nothing else makes the picture stand still for the
round-trip time that an asked repeat takes. Only while nothing says that the link is full, and from
the upper half of the budget for repeats: what is asked for goes first.
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stream cimport InboundStream, OutboundStream

# By its last report; sets receiver.ahead.
cdef void ahead_choose(const Worker* worker, OutboundStream* receiver) noexcept nogil
# These packets of one picture have left and are in the history; one of the receivers is `ahead`.
cdef void ahead_send(
    Worker* worker, InboundStream* stream, const MediaPacket* packets, int count) noexcept nogil
