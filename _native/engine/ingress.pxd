"""The way in: one datagram, told apart by RFC 7983, to what it means. Strangers' datagrams end
here, counted.
"""

from fastsfu._native.engine.state cimport Worker
from fastsfu._native.engine.udp cimport Datagram
from fastsfu._native.peer.ice cimport IceCredentials
from fastsfu._native.peer.transport cimport Transport

cdef void ingress(Worker* worker, const Datagram* datagram) noexcept nogil
# SRTP that came before the keys, now that they are there.
cdef void ingress_early(Worker* worker, Transport* transport) noexcept nogil
# The worker's way to a transport: by our ufrag (STUN) and by the addresses that ICE verified (all
# else).
cdef int ingress_register(
    Worker* worker, Transport* transport, const IceCredentials* credentials) noexcept nogil
cdef void ingress_unregister_next(Worker* worker, Transport* transport) noexcept nogil
cdef void ingress_forget(Worker* worker, Transport* transport) noexcept nogil
