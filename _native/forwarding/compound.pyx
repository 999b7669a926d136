"""A compound packet on its way; see compound.pxd."""

from libc.stdint cimport uint16_t

from fastsfu._native.crypto.srtcp cimport srtcp_protect
from fastsfu._native.crypto.srtp cimport SRTP_OK
from fastsfu._native.peer.egress cimport egress_protected


cdef void compound_send(Worker* worker, Transport* transport, Compound* compound) noexcept nogil:
    cdef size_t size = compound.size
    compound.size = 0
    if size == 0 or transport.destination == NULL or transport.expired or not transport.keyed:
        return
    if srtcp_protect(&transport.send, compound.data, &size) == SRTP_OK:
        egress_protected(
            &worker.egress, &worker.udp, &transport.destination.address, compound.data,
            <uint16_t>size)
