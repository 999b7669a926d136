"""Addresses to and from the kernel; see socket_address.pxd."""

from libc.string cimport memcmp, memcpy, memset
from posix.unistd cimport close

from fastsfu._native.base.net cimport (
    AF_INET, AF_INET6, SOCK_CLOEXEC, SOCK_DGRAM, connect, getsockname, htons, inet_pton, ntohs,
    sockaddr, sockaddr_in, socket, socklen_t,
)

cdef const uint8_t* V4_MAPPED = b"\0\0\0\0\0\0\0\0\0\0\xff\xff"    # RFC 4291 section 2.5.5.2


cdef void socket_address(
        bint dual_stack, const Address* address, const LocalAddress* local,
        SocketAddress* out) noexcept nogil:
    cdef sockaddr_in* v4 = <sockaddr_in*>&out.raw
    memset(out, 0, sizeof(SocketAddress))
    out.local = local[0]
    if not dual_stack:
        v4.sin_family = AF_INET
        v4.sin_port = htons(address.port)
        memcpy(&v4.sin_addr, address.ip, 4)
        out.size = sizeof(sockaddr_in)
        return
    out.raw.sin6_family = AF_INET6
    out.raw.sin6_port = htons(address.port)
    out.size = sizeof(sockaddr_in6)
    if address.family == 6:
        memcpy(&out.raw.sin6_addr, address.ip, 16)
    else:
        memcpy(&out.raw.sin6_addr.s6_addr[0], V4_MAPPED, 12)
        memcpy(&out.raw.sin6_addr.s6_addr[12], address.ip, 4)


cdef void destination_settle(
        Destination* destination, const SocketAddress* path, int64_t now_us) noexcept nogil:
    if (now_us - destination.settled_us < ROUTE_US
            and memcmp(&destination.asked, path, sizeof(SocketAddress)) == 0):
        return
    destination.address = destination.asked = path[0]
    destination.settled_us = now_us
    leave_to_kernel(&destination.address)


cdef void leave_to_kernel(SocketAddress* destination) noexcept nogil:
    cdef sockaddr_in6 chosen
    cdef socklen_t length = sizeof(chosen)
    cdef Address source
    cdef int fd = socket(destination.raw.sin6_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    if fd < 0:
        return
    # Connecting a UDP socket sends nothing: it asks for the route and its source address.
    if connect(fd, <sockaddr*>&destination.raw, destination.size) == 0 and getsockname(
            fd, <sockaddr*>&chosen, &length) == 0:
        socket_address_read(&chosen, &source)
        if local_address_is(&destination.local, &source):
            destination.local.family = 0
    close(fd)


cdef bint local_address_is(const LocalAddress* local, const Address* address) noexcept nogil:
    cdef const uint8_t* v6 = &local.v6.ipi6_addr.s6_addr[0]
    if local.family == 4:
        return address.family == 4 and memcmp(&local.v4.ipi_spec_dst, address.ip, 4) == 0
    if address.family == 4:
        return memcmp(v6, V4_MAPPED, 12) == 0 and memcmp(v6 + 12, address.ip, 4) == 0
    return memcmp(v6, address.ip, 16) == 0


cdef void local_address_read(const LocalAddress* local, Address* out) noexcept nogil:
    cdef const uint8_t* v6 = &local.v6.ipi6_addr.s6_addr[0]
    memset(out, 0, sizeof(Address))
    out.family = local.family
    if local.family == 4:
        memcpy(out.ip, &local.v4.ipi_spec_dst, 4)
    elif local.family == 6 and memcmp(v6, V4_MAPPED, 12) == 0:
        out.family = 4
        memcpy(out.ip, v6 + 12, 4)
    elif local.family == 6:
        memcpy(out.ip, v6, 16)


cdef void socket_address_read(const sockaddr_in6* raw, Address* out) noexcept nogil:
    cdef const sockaddr_in* v4 = <const sockaddr_in*>raw
    memset(out, 0, sizeof(Address))
    out.port = ntohs(raw.sin6_port)
    if raw.sin6_family == AF_INET:
        out.family = 4
        memcpy(out.ip, &v4.sin_addr, 4)
    elif memcmp(&raw.sin6_addr, V4_MAPPED, 12) == 0:
        out.family = 4
        memcpy(out.ip, &raw.sin6_addr.s6_addr[12], 4)
    else:
        out.family = 6
        memcpy(out.ip, &raw.sin6_addr, 16)


cdef bint socket_address_parse(const char* host, uint16_t port, SocketAddress* out) noexcept nogil:
    cdef sockaddr_in* v4 = <sockaddr_in*>&out.raw
    memset(out, 0, sizeof(SocketAddress))
    if inet_pton(AF_INET, host, &v4.sin_addr) == 1:
        v4.sin_family = AF_INET
        v4.sin_port = htons(port)
        out.size = sizeof(sockaddr_in)
        return True
    out.raw.sin6_family = AF_INET6
    out.raw.sin6_port = htons(port)
    out.size = sizeof(sockaddr_in6)
    return inet_pton(AF_INET6, host, &out.raw.sin6_addr) == 1
