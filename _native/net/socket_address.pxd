"""Addresses as the kernel has them, and which of our own a path leaves from.

On a host with several addresses the kernel's own choice may be another one than a datagram came to,
which ICE would not know (RFC 8445 section 7.3.1.3): so what goes back names it, where it has to.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.base.net cimport in6_pktinfo, in_pktinfo, sockaddr_in6

cdef enum:
    ROUTE_US = 60000000           # routes may change: that long the kernel is believed

cdef struct LocalAddress:         # one of this host's addresses, ready to be a control message
    in_pktinfo v4
    in6_pktinfo v6
    uint8_t family                # 4 or 6; 0 = let the kernel choose

cdef struct SocketAddress:        # what sendmmsg wants; holds either family
    sockaddr_in6 raw
    uint32_t size                 # of `raw`
    LocalAddress local            # what it leaves from
    bint cut                      # the kernel takes no GSO on this way, until it settles anew

cdef struct Destination:          # of a path that is used; begins as its SocketAddress
    SocketAddress address
    SocketAddress asked           # before the kernel was asked what it would choose
    int64_t settled_us            # when it was

# False: `host` is no address ("0.0.0.0", "::").
cdef bint socket_address_parse(
    const char* host, uint16_t port, SocketAddress* out) noexcept nogil
# dual_stack: of a socket of AF_INET6, where IPv4 addresses travel mapped.
cdef void socket_address(
    bint dual_stack, const Address* address, const LocalAddress* local,
    SocketAddress* out) noexcept nogil
cdef void socket_address_read(const sockaddr_in6* raw, Address* out) noexcept nogil
# `out` has no port; its family is 0 where the kernel chooses.
cdef void local_address_read(const LocalAddress* local, Address* out) noexcept nogil
cdef bint local_address_is(const LocalAddress* local, const Address* address) noexcept nogil
# Send to `path` from now on. The choice of the source address is left to the kernel where it would
# choose the same: to name it costs a message about 0.4 us. To find out takes four system calls, so
# they are made for a path that will be used, and again only each ROUTE_US.
cdef void destination_settle(
    Destination* destination, const SocketAddress* path, int64_t now_us) noexcept nogil
