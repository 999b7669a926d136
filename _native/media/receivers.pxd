"""Where a receiver sits: in the list of the encoding that it gets, and while it waits to switch, in
that of the next one too.

    WAITING   one seat, for a keyframe there (or the first packet of a sound)
    FLOWING   one seat; or two: it gets `source` and waits for a keyframe of `next`
    PAUSED    one seat, where it will go on

Invariants: `InboundStream.waiting` counts the seats of those that wait there, whether they get
something else meanwhile or nothing. What a receiver is to get is `next`, else `source`. `state` is
written here alone.
"""

from libc.stdint cimport int64_t, uint8_t

from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stream cimport InboundStream, OutboundStream

# Its first seat, waiting. 0, or -1: out of memory.
cdef int outbound_attach(OutboundStream* receiver, InboundStream* source) noexcept nogil
cdef void outbound_leave(OutboundStream* receiver) noexcept nogil
# From now on it is to get these layers of `encoding`. Until that one's keyframe comes it gets what
# it had; `at_once`: nothing. 0, or -1: out of memory, and nothing has changed.
cdef int outbound_aim(
    OutboundStream* receiver, InboundStream* encoding, uint8_t spatial, uint8_t temporal,
    bint at_once) noexcept nogil
cdef void outbound_pause(OutboundStream* receiver, bint paused) noexcept nogil
# Nothing of it fits: the same, by the worker's own choice.
cdef void outbound_suspend(OutboundStream* receiver, bint suspended) noexcept nogil
# A keyframe of `next` is here: it gets that one now, and waits for nothing but to be started.
cdef void outbound_switch(OutboundStream* receiver) noexcept nogil
# It begins with this packet of its source.
cdef void outbound_start(
    OutboundStream* receiver, const MediaPacket* packet, int64_t now_us) noexcept nogil
# Packets are missing: it starts anew at the next keyframe, and numbers on without a gap.
cdef void outbound_break(OutboundStream* receiver) noexcept nogil
# So do all receivers of this source.
cdef void inbound_break(InboundStream* stream) noexcept nogil
# Its SSRC has become another: nothing goes on from what came before, neither numbers nor
# timestamps.
cdef void inbound_anew(InboundStream* stream) noexcept nogil
# The same of a replica, whose origin keeps the rest.
cdef void inbound_forget(InboundStream* stream) noexcept nogil
# It ends: its receivers go to another encoding of its ladder, or have no source.
cdef void inbound_vacate(InboundStream* stream) noexcept nogil


# Anybody to forward to, here or on another worker?
cdef inline bint has_receivers(const InboundStream* stream) noexcept nogil:
    return stream.outbound_count or stream.tap_count


cdef inline void outbound_known(OutboundStream* receiver) noexcept nogil:
    """The client knows where it belongs. What has been sent keeps its MID, for repeats; within a
    message all packets have it or none, so this comes between two.
    """
    receiver.named_until = min(receiver.named_until, receiver.rewrite.numbers.next)
