"""Address and port of an allocation; see ports.pxd."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memset

from fastsfu._native.base.net cimport EADDRINUSE, EADDRNOTAVAIL, ENOSYS, getrandom
from fastsfu._native.net.socket_address cimport local_address_is
from fastsfu._native.net.udp cimport udp_bind

cdef enum:
    PORT_ATTEMPTS = 32


cdef void ports_address(
        const Address* addresses, int count, const LocalAddress* reached,
        Address* relayed) noexcept nogil:
    cdef uint8_t family = relayed.family
    cdef int i
    for i in range(count - 1, -1, -1):
        if addresses[i].family == family:
            relayed[0] = addresses[i]
    for i in range(count):
        if addresses[i].family == family and local_address_is(reached, &addresses[i]):
            relayed[0] = addresses[i]


cdef int ports_bind(
        uint16_t lowest, uint16_t highest, bint even, bint gro, Address* relayed) noexcept nogil:
    cdef Address local = relayed[0]
    cdef uint32_t ports = <uint32_t>highest - lowest + 1
    cdef uint32_t chance
    cdef int fd = -EADDRINUSE
    for _ in range(PORT_ATTEMPTS):
        if getrandom(&chance, sizeof(chance), 0) < 0:
            return -ENOSYS
        local.port = <uint16_t>(lowest + chance % ports)
        if even:
            local.port &= 0xFFFE
        if local.port < lowest:
            continue
        fd = udp_bind(&local, gro)
        if fd == -EADDRNOTAVAIL:          # behind NAT the address is not this machine's
            memset(local.ip, 0, sizeof(local.ip))
            fd = udp_bind(&local, gro)
        if fd != -EADDRINUSE:
            break
    relayed.port = local.port
    return fd
