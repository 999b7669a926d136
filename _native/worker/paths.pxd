"""Whose an address is: the worker's ways to a transport, by our ufrag (STUN) and by the addresses
that ICE verified (all else).

ICE-lite (RFC 8445): the other side checks, here it is answered; peer/ice decides, this keeps the
worker's tables in step with it.
"""

from fastsfu._native.base.address cimport Address
from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.net.udp cimport Datagram
from fastsfu._native.peer.ice cimport IceCredentials
from fastsfu._native.peer.transport cimport Transport

cdef void paths_on_stun(Worker* worker, const Datagram* datagram) noexcept nogil
# NULL: a stranger's.
cdef Transport* paths_find(Worker* worker, const Address* source) noexcept nogil
# DTLS is done, so the client receives where it was answered: that is its path until it nominates
# one (RFC 8445 section 12.1).
cdef void paths_proven(Worker* worker, Transport* transport) noexcept nogil
# 0, or negative: out of memory.
cdef int paths_register(
    Worker* worker, Transport* transport, const IceCredentials* credentials) noexcept nogil
cdef void paths_unregister_next(Worker* worker, Transport* transport) noexcept nogil
cdef void paths_forget(Worker* worker, Transport* transport) noexcept nogil
