"""The only socket code: one UDP socket, read in batches (recvmmsg, UDP_GRO), written in messages
(sendmmsg, UDP_SEGMENT).

A datagram remembers which of our addresses it came to, and what goes back leaves from there
(IP_PKTINFO): on a host with several addresses the kernel's own choice may be another one, which ICE
would not know (RFC 8445 section 7.3.1.3).

GSO (UDP_SEGMENT) cuts one message into equal datagrams; only the last may be smaller. What the
kernel or the route refuses at run time is sent again as plain datagrams and counted; EINVAL and EIO
turn GSO off for good.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.base.net cimport iovec, mmsghdr, sockaddr_in6
from fastsfu._native.net.socket_address cimport LocalAddress, SocketAddress

cdef enum:
    UDP_BATCH = 32                # messages in one recvmmsg or sendmmsg
    UDP_RECEIVE_BYTES = 65536     # of one received message: up to 64 GRO segments
    # room for an address (IPV6_PKTINFO) and a segment size (UDP_GRO, UDP_SEGMENT)
    UDP_CONTROL_BYTES = 96
    GSO_MAX_SEGMENTS = 64
    GSO_MAX_BYTES = 65000

cdef struct Datagram:             # one received datagram: borrowed until the next udp_receive
    uint8_t* data
    uint32_t size
    Address source
    LocalAddress local            # where it came to

cdef struct Message:              # one to GSO_MAX_SEGMENTS datagrams to one destination, contiguous
    const SocketAddress* destination
    const uint8_t* data
    uint32_t size
    uint16_t segment              # bytes of every datagram but the last, which may be smaller

cdef struct UdpSocket:
    int fd
    bint dual_stack               # AF_INET6: IPv4 addresses travel mapped
    bint gso                      # may use UDP_SEGMENT
    bint gro
    uint16_t port                 # bound, host order
    # receiving
    uint8_t* receive_area
    mmsghdr received[UDP_BATCH]
    iovec receive_vectors[UDP_BATCH]
    sockaddr_in6 sources[UDP_BATCH]
    uint8_t receive_control[UDP_BATCH][UDP_CONTROL_BYTES]
    int message_count             # messages of the last udp_receive
    int message                   # cursor of udp_next: message, and byte within it
    uint32_t offset
    Address source                # of the message at the cursor
    LocalAddress local
    uint32_t segment              # bytes of each datagram in it
    # sending
    mmsghdr sending[UDP_BATCH]
    iovec send_vectors[UDP_BATCH]
    uint8_t send_control[UDP_BATCH][UDP_CONTROL_BYTES]
    # counters
    uint64_t messages_sent
    uint64_t datagrams_sent
    uint64_t gso_refused          # messages that had to be cut by us
    uint64_t send_errors          # datagrams that the kernel did not take
    uint64_t batches_received
    uint64_t datagrams_received

# host: text of an address, "0.0.0.0" or "::". 0, or -errno.
cdef int udp_open(
    UdpSocket* udp, const char* host, uint16_t port, bint gso, bint gro) noexcept nogil
# The batches without a socket, for sockets that take turns in it: set `fd` and `dual_stack`. 0, or
# -ENOMEM.
cdef int udp_open_shared(UdpSocket* udp, bint gso) noexcept nogil
# A small socket bound to this address, for one that takes turns; clears DF (RFC 8656 section 14
# leaves that to the client). Its descriptor, or -errno.
cdef int udp_bind(const Address* address, bint gro) noexcept nogil
# Set DF on what it sends, or clear it.
cdef void udp_set_df(int fd, int family, bint df) noexcept nogil
cdef void udp_close(UdpSocket* udp) noexcept nogil
# Reads what is there without waiting: messages read, 0 when there was nothing. udp_next gives the
# datagrams one by one.
cdef int udp_receive(UdpSocket* udp) noexcept nogil
cdef bint udp_next(UdpSocket* udp, Datagram* datagram) noexcept nogil
# count <= UDP_BATCH
cdef void udp_send(UdpSocket* udp, const Message* messages, int count) noexcept nogil
cdef void udp_send_one(
    UdpSocket* udp, const SocketAddress* destination, const uint8_t* data,
    uint32_t size) noexcept nogil
