"""The only socket code: one UDP socket, read in batches (recvmmsg, UDP_GRO), written in messages (sendmmsg, UDP_SEGMENT).

GSO (UDP_SEGMENT) cuts one message into equal datagrams; only the last may be smaller. What the kernel or the route
refuses at run time is sent again as plain datagrams and counted; EINVAL and EIO turn GSO off for good.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.net cimport iovec, mmsghdr, sockaddr_in6
from fastsfu._native.peer.ice cimport Address

cdef enum:
    UDP_BATCH = 32                # messages in one recvmmsg or sendmmsg
    UDP_RECEIVE_BYTES = 65536     # of one received message: up to 64 GRO segments
    UDP_CONTROL_BYTES = 64        # room for one UDP_GRO or UDP_SEGMENT control message
    GSO_MAX_SEGMENTS = 64
    GSO_MAX_BYTES = 65000

cdef struct Datagram:             # one received datagram: borrowed until the next udp_receive
    uint8_t* data
    uint32_t size
    Address source

cdef struct SocketAddress:        # what sendmmsg wants; holds either family
    sockaddr_in6 raw
    uint32_t size                 # 0 = none

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
cdef int udp_open(UdpSocket* udp, const char* host, uint16_t port, bint gso, bint gro) noexcept nogil
cdef void udp_close(UdpSocket* udp) noexcept nogil
# Reads what is there without waiting: messages read, 0 when there was nothing. udp_next gives the datagrams one by one.
cdef int udp_receive(UdpSocket* udp) noexcept nogil
cdef bint udp_next(UdpSocket* udp, Datagram* datagram) noexcept nogil
cdef void udp_send(UdpSocket* udp, const Message* messages, int count) noexcept nogil    # count <= UDP_BATCH
cdef void udp_send_one(
    UdpSocket* udp, const SocketAddress* destination, const uint8_t* data, uint32_t size) noexcept nogil
cdef void udp_address(const UdpSocket* udp, const Address* address, SocketAddress* out) noexcept nogil
