"""See absence.pxd."""

from fastsfu._native.bwe.estimator cimport estimator_tick
from fastsfu._native.forwarding.event cimport FIT_NONE
from fastsfu._native.forwarding.pacing cimport pacing_knock
from fastsfu._native.media.keyframe cimport keyframe_granted
from fastsfu._native.media.receivers cimport outbound_break, outbound_suspend
from fastsfu._native.media.stream cimport MediaKind, OutboundState, OutboundStream

cdef enum:
    # An interruption of the way back alone costs no picture until then.
    REST_US = 2000000
    # One that comes and goes costs the others three keyframes in ten seconds at most.
    APART_US = 3300000


cdef void absence_lasts(Worker* worker, Transport* transport) noexcept nogil:
    cdef int i
    if (worker.now_us - transport.estimator.away_us < REST_US
            or worker.now_us - transport.share.back_us < APART_US
            # By its reports it gets what is sent: it is its other feedback that is lost.
            or worker.now_us - transport.estimator.heard_us < REST_US):
        return
    if not pacing_knock(worker, transport):
        return                    # else nothing might be left that is answered
    for i in range(transport.outbound_count):
        if is_video(transport.outbound[i]):
            outbound_suspend(transport.outbound[i], True)


cdef void absence_ends(Worker* worker, Transport* transport) noexcept nogil:
    cdef OutboundStream* receiver
    cdef int i
    estimator_tick(transport.estimator, worker.now_us)
    if transport.share.back_us >= transport.estimator.away_us:
        return                    # it was not away, or is back
    transport.share.back_us = worker.now_us
    for i in range(transport.outbound_count):
        receiver = transport.outbound[i]
        if not is_video(receiver):
            continue
        if receiver.state == OutboundState.FLOWING and keyframe_granted(receiver, worker.now_us):
            outbound_break(receiver)
        outbound_suspend(receiver, receiver.told_fit == FIT_NONE)
    worker.next_tick_us = min(worker.next_tick_us, worker.now_us)     # their keyframes


cdef inline bint is_video(const OutboundStream* receiver) noexcept nogil:
    return receiver.source != NULL and receiver.source.kind == MediaKind.VIDEO
