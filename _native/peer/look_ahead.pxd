"""What the next receivers' packets are made of comes from memory while one's is laid out: of a
thousand receivers nothing is left in the cache from the frame before.
"""

from fastsfu._native.base.cache cimport ask_for_line, ask_for_lines
from fastsfu._native.media.stream cimport OutboundStream
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    OUTBOUND_LINES = 3            # of cache, that each packet asks for
    TRANSPORT_LINES = 2


cdef inline void look_ahead(OutboundStream** receivers, int count, int i) noexcept nogil:
    """The i-th is laid out now. Each step needs what the one before it has brought."""
    cdef const Transport* transport
    if i + 3 < count:
        ask_for_lines(receivers[i + 3], OUTBOUND_LINES)
    if i + 2 < count:
        ask_for_lines(receivers[i + 2].transport, TRANSPORT_LINES)
        ask_for_line(receivers[i + 2].stats)
    if i + 1 < count:
        transport = <const Transport*>receivers[i + 1].transport
        ask_for_line(transport.destination)
        ask_for_line(transport.send.gcm_rtp)
