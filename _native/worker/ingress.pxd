"""The way in: one datagram, told apart by RFC 7983, to what it means. Strangers' datagrams end
here, counted.
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.net.udp cimport Datagram
from fastsfu._native.peer.transport cimport Transport

cdef void ingress(Worker* worker, const Datagram* datagram) noexcept nogil
# SRTP that came before the keys, now that they are there.
cdef void ingress_early(Worker* worker, Transport* transport) noexcept nogil
