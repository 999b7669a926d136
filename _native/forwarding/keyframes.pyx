"""Who waits, and the request; see keyframes.pxd."""

from fastsfu._native.forwarding.compound cimport Compound, compound_send
from fastsfu._native.forwarding.link cimport link_keyframe
from fastsfu._native.media.keyframe cimport keyframe_due
from fastsfu._native.media.stream cimport OutboundState
from fastsfu._native.packet.rtcp cimport rtcp_write_fir, rtcp_write_pli


cdef void keyframes_ask(
        Worker* worker, Transport* transport, InboundStream* stream) noexcept nogil:
    cdef Compound compound
    if not stream.keyframe_wanted and not somebody_waits(stream):
        return
    if stream.origin:
        if keyframe_due(stream, worker.now_us):
            link_keyframe(stream)
        return
    if transport.keyed and keyframe_due(stream, worker.now_us):
        if stream.fir:
            stream.fir_command += 1       # RFC 5104 section 4.3.1.1: else it repeats the last one
            compound.size = rtcp_write_fir(
                compound.data, transport.ssrc, stream.ssrc, stream.fir_command)
        else:
            compound.size = rtcp_write_pli(compound.data, transport.ssrc, stream.ssrc)
        compound_send(worker, transport, &compound)
        stream.stats.pli_count += 1


cdef bint somebody_waits(const InboundStream* stream) noexcept nogil:
    """Who has no path or keys yet could not take the keyframe, and would wait out the interval."""
    cdef const Transport* receiver
    cdef int i
    for i in range(stream.outbound_count if stream.waiting else 0):
        receiver = <const Transport*>stream.outbound[i].transport
        if (stream.outbound[i].source == stream
                and stream.outbound[i].state != OutboundState.WAITING):
            continue
        if receiver.keyed and receiver.destination != NULL and not receiver.expired:
            return True
    return False
