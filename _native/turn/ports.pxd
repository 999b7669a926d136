"""Where an allocation is reached: an address of this machine and a port of the range."""

from libc.stdint cimport uint16_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.net.socket_address cimport LocalAddress

# Where the client reached us, if peers can too; else the first of these of `relayed.family`.
cdef void ports_address(
    const Address* addresses, int count, const LocalAddress* reached,
    Address* relayed) noexcept nogil
# At a random port (RFC 6056), which `relayed` gets. A descriptor, or -errno.
cdef int ports_bind(
    uint16_t lowest, uint16_t highest, bint even, bint gro, Address* relayed) noexcept nogil
