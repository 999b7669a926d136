"""One UDP socket in batches; see udp.pxd."""

from libc.errno cimport errno
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset
from posix.unistd cimport close

from fastsfu._native.base.address cimport Address
from fastsfu._native.base.net cimport (
    AF_INET, AF_INET6, CMSG_DATA, CMSG_FIRSTHDR, CMSG_LEN, CMSG_NXTHDR, CMSG_SPACE, EAGAIN, EINTR,
    EINVAL, EIO, ENOMEM, IP_MTU_DISCOVER, IP_PKTINFO, IP_PMTUDISC_DO, IP_PMTUDISC_DONT, IPPROTO_IP,
    IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PKTINFO, IPV6_PMTUDISC_DO, IPV6_PMTUDISC_DONT,
    IPV6_RECVPKTINFO, IPV6_V6ONLY, MSG_DONTWAIT, SO_RCVBUF, SO_RCVBUFFORCE, SO_SNDBUF,
    SO_SNDBUFFORCE, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK, SOL_SOCKET, SOL_UDP, UDP_GRO,
    UDP_SEGMENT, bind, cmsghdr, getsockname, in6_pktinfo, in_pktinfo, iovec, mmsghdr, msghdr,
    ntohs, recvmmsg, sendmmsg, setsockopt, sockaddr, sockaddr_in6, socket, socklen_t,
)
from fastsfu._native.net.socket_address cimport (
    LocalAddress, SocketAddress, socket_address, socket_address_parse, socket_address_read,
)

cdef enum:
    # For bursts of keyframes to hundreds of receivers, and a worker not scheduled for some
    # milliseconds.
    KERNEL_BUFFER_BYTES = 8 << 20
    RELAY_BUFFER_BYTES = 1 << 20  # of one allocation's socket


cdef int udp_open(
        UdpSocket* udp, const char* host, uint16_t port, bint gso, bint gro) noexcept nogil:
    cdef SocketAddress local
    cdef socklen_t length = sizeof(sockaddr_in6)
    memset(udp, 0, sizeof(UdpSocket))
    udp.fd = -1
    if not socket_address_parse(host, port, &local):
        return -EINVAL
    udp.receive_area = <uint8_t*>malloc(UDP_BATCH * UDP_RECEIVE_BYTES)
    if udp.receive_area == NULL:
        return -ENOMEM
    udp.dual_stack = local.raw.sin6_family == AF_INET6
    udp.fd = socket(local.raw.sin6_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    if udp.fd < 0:
        return fail(udp)
    if udp.dual_stack and set_option(udp.fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) < 0:
        return fail(udp)
    grow_buffer(udp.fd, SO_RCVBUFFORCE, SO_RCVBUF)
    grow_buffer(udp.fd, SO_SNDBUFFORCE, SO_SNDBUF)
    if bind(udp.fd, <sockaddr*>&local.raw, local.size) < 0:
        return fail(udp)
    if getsockname(udp.fd, <sockaddr*>&local.raw, &length) < 0:
        return fail(udp)
    udp.port = ntohs(local.raw.sin6_port)   # at the same place in both families
    udp.gro = gro and set_option(udp.fd, SOL_UDP, UDP_GRO, 1) == 0
    # A kernel that knows the option can send with it; 0 leaves plain sends as they are.
    udp.gso = gso and set_option(udp.fd, SOL_UDP, UDP_SEGMENT, 0) == 0
    set_option(udp.fd, IPPROTO_IP, IP_PKTINFO, 1)
    if udp.dual_stack:
        set_option(udp.fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    prepare_receive(udp)
    return 0


cdef void udp_close(UdpSocket* udp) noexcept nogil:
    if udp.fd >= 0:
        close(udp.fd)
        udp.fd = -1
    free(udp.receive_area)
    udp.receive_area = NULL


cdef int udp_open_shared(UdpSocket* udp, bint gso) noexcept nogil:
    memset(udp, 0, sizeof(UdpSocket))
    udp.fd = -1
    udp.gso = gso
    udp.receive_area = <uint8_t*>malloc(UDP_BATCH * UDP_RECEIVE_BYTES)
    if udp.receive_area == NULL:
        return -ENOMEM
    prepare_receive(udp)
    return 0


cdef int udp_bind(const Address* address, bint gro) noexcept nogil:
    cdef SocketAddress local
    cdef LocalAddress any
    cdef int error
    cdef int fd = socket(
        AF_INET if address.family == 4 else AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    if fd < 0:
        return -errno
    memset(&any, 0, sizeof(any))
    socket_address(address.family == 6, address, &any, &local)
    if address.family == 6:
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)
    if bind(fd, <sockaddr*>&local.raw, local.size) < 0:
        error = errno
        close(fd)
        return -error
    set_option(fd, SOL_SOCKET, SO_RCVBUF, RELAY_BUFFER_BYTES)
    set_option(fd, SOL_SOCKET, SO_SNDBUF, RELAY_BUFFER_BYTES)
    if gro:
        set_option(fd, SOL_UDP, UDP_GRO, 1)
    udp_set_df(fd, address.family, False)
    return fd


cdef void udp_set_df(int fd, int family, bint df) noexcept nogil:
    if family == 4:
        set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO if df else IP_PMTUDISC_DONT)
    else:
        set_option(
            fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO if df else IPV6_PMTUDISC_DONT)


cdef int fail(UdpSocket* udp) noexcept nogil:
    cdef int error = errno
    udp_close(udp)
    return -error


cdef int set_option(int fd, int level, int name, int value) noexcept nogil:
    return setsockopt(fd, level, name, &value, sizeof(int))


cdef void grow_buffer(int fd, int forced, int polite) noexcept nogil:
    """Past net.core.[rw]mem_max where we may (CAP_NET_ADMIN), else up to it."""
    if set_option(fd, SOL_SOCKET, forced, KERNEL_BUFFER_BYTES) < 0:
        set_option(fd, SOL_SOCKET, polite, KERNEL_BUFFER_BYTES)


cdef void prepare_receive(UdpSocket* udp) noexcept nogil:
    cdef int i
    cdef msghdr* header
    for i in range(UDP_BATCH):
        udp.receive_vectors[i].iov_base = udp.receive_area + i * UDP_RECEIVE_BYTES
        udp.receive_vectors[i].iov_len = UDP_RECEIVE_BYTES
        header = &udp.received[i].msg_hdr
        header.msg_iov = &udp.receive_vectors[i]
        header.msg_iovlen = 1
        header.msg_name = &udp.sources[i]
        header.msg_control = udp.receive_control[i]
        rearm(udp, i)


cdef inline void rearm(UdpSocket* udp, int i) noexcept nogil:
    """The kernel overwrites these lengths in every message that it fills."""
    udp.received[i].msg_hdr.msg_namelen = sizeof(sockaddr_in6)
    udp.received[i].msg_hdr.msg_controllen = UDP_CONTROL_BYTES


cdef int udp_receive(UdpSocket* udp) noexcept nogil:
    cdef int i, count
    for i in range(udp.message_count):
        rearm(udp, i)
    count = recvmmsg(udp.fd, udp.received, UDP_BATCH, MSG_DONTWAIT, NULL)
    udp.message = 0
    udp.offset = 0
    udp.message_count = count if count > 0 else 0
    udp.batches_received += count > 0
    return udp.message_count


cdef bint udp_next(UdpSocket* udp, Datagram* datagram) noexcept nogil:
    cdef mmsghdr* message
    cdef uint32_t left
    while udp.message < udp.message_count:
        message = &udp.received[udp.message]
        left = message.msg_len - udp.offset
        if left == 0:
            udp.message += 1
            udp.offset = 0
            continue
        if udp.offset == 0:
            socket_address_read(&udp.sources[udp.message], &udp.source)
            udp.segment = read_control(&message.msg_hdr, message.msg_len, &udp.local)
        datagram.data = <uint8_t*>udp.receive_vectors[udp.message].iov_base + udp.offset
        datagram.size = min(udp.segment, left)
        datagram.source = udp.source
        datagram.local = udp.local
        udp.offset += datagram.size
        udp.datagrams_received += 1
        return True
    return False


cdef uint32_t read_control(msghdr* header, uint32_t whole, LocalAddress* local) noexcept nogil:
    """Which of our addresses a message came to; returns the bytes of each datagram that UDP_GRO
    merged into it.
    """
    cdef cmsghdr* control = CMSG_FIRSTHDR(header)
    cdef int size = 0
    local.family = 0
    while control != NULL:
        if control.cmsg_level == SOL_UDP and control.cmsg_type == UDP_GRO:
            memcpy(&size, CMSG_DATA(control), sizeof(int))
        elif control.cmsg_level == IPPROTO_IP and control.cmsg_type == IP_PKTINFO:
            memcpy(&local.v4, CMSG_DATA(control), sizeof(in_pktinfo))
            local.v4.ipi_ifindex = 0          # only the address: the route may change
            local.family = 4
        elif control.cmsg_level == IPPROTO_IPV6 and control.cmsg_type == IPV6_PKTINFO:
            # IPv4 on a dual-stack socket brings both; the kernel takes the mapped form back.
            memcpy(&local.v6, CMSG_DATA(control), sizeof(in6_pktinfo))
            if not is_link_local(&local.v6):
                local.v6.ipi6_ifindex = 0
            local.family = 6
            break
        control = CMSG_NXTHDR(header, control)
    return <uint32_t>size if size > 0 else whole


cdef inline bint is_link_local(const in6_pktinfo* info) noexcept nogil:
    """fe80::/10 means nothing without its interface."""
    return info.ipi6_addr.s6_addr[0] == 0xfe and (info.ipi6_addr.s6_addr[1] & 0xc0) == 0x80


cdef void udp_send(UdpSocket* udp, const Message* messages, int count) noexcept nogil:
    cdef int i, done = 0
    for i in range(count):
        if messages[i].size > messages[i].segment and (
                not udp.gso or messages[i].destination.cut):
            # In order: what must be cut here goes between its neighbours.
            send_run(udp, messages, done, i)
            send_cut(udp, &messages[i])
            done = i + 1
        else:
            fill(udp, i, &messages[i])
    send_run(udp, messages, done, count)


cdef void fill(UdpSocket* udp, int i, const Message* message) noexcept nogil:
    address(&udp.sending[i].msg_hdr, &udp.send_vectors[i], udp.send_control[i], message)


cdef void address(
        msghdr* header, iovec* vector, uint8_t* area, const Message* message) noexcept nogil:
    """One message with its control messages: the address it leaves from, and the size of its
    segments.
    """
    cdef const LocalAddress* local = &message.destination.local
    vector.iov_base = <void*>message.data
    vector.iov_len = message.size
    header.msg_name = <void*>&message.destination.raw
    header.msg_namelen = message.destination.size
    header.msg_iov = vector
    header.msg_iovlen = 1
    header.msg_control = area
    header.msg_controllen = 0
    if local.family == 4:
        append(header, IPPROTO_IP, IP_PKTINFO, &local.v4, sizeof(in_pktinfo))
    elif local.family == 6:
        append(header, IPPROTO_IPV6, IPV6_PKTINFO, &local.v6, sizeof(in6_pktinfo))
    if message.size > message.segment:
        append(header, SOL_UDP, UDP_SEGMENT, &message.segment, sizeof(uint16_t))


cdef inline void append(
        msghdr* header, int level, int type, const void* value, size_t size) noexcept nogil:
    cdef cmsghdr* control = <cmsghdr*>(<uint8_t*>header.msg_control + header.msg_controllen)
    control.cmsg_level = level
    control.cmsg_type = type
    control.cmsg_len = CMSG_LEN(size)
    memcpy(CMSG_DATA(control), value, size)
    header.msg_controllen += CMSG_SPACE(size)


cdef void send_run(UdpSocket* udp, const Message* messages, int begin, int end) noexcept nogil:
    """Send the filled messages [begin, end); what the kernel refuses is degraded or dropped, the
    rest goes on.
    """
    cdef int sent, i
    while begin < end:
        sent = sendmmsg(udp.fd, &udp.sending[begin], end - begin, 0)
        if sent > 0:
            udp.messages_sent += sent
            for i in range(begin, begin + sent):
                udp.datagrams_sent += segments(&messages[i])
            begin += sent
        elif errno != EINTR:
            refused(udp, &messages[begin], errno)
            begin += 1


cdef void refused(UdpSocket* udp, const Message* message, int error) noexcept nogil:
    cdef uint64_t before = udp.send_errors
    if message.size <= message.segment or error == EAGAIN:
        udp.send_errors += segments(message)
        return
    send_cut(udp, message)
    # Not for all: above the MTU of a path, which one ICMP packet can lower, kernels say EINVAL too.
    # What is refused cut, too, is an address that nothing can be sent to (port 0).
    if (error == EINVAL or error == EIO) and udp.send_errors == before:
        (<SocketAddress*>message.destination).cut = True


cdef void send_cut(UdpSocket* udp, const Message* message) noexcept nogil:
    """One plain datagram for each segment of a message."""
    cdef uint32_t offset = 0, size
    udp.gso_refused += 1
    while offset < message.size:
        size = min(message.size - offset, <uint32_t>message.segment)
        udp_send_one(udp, message.destination, message.data + offset, size)
        offset += size


cdef void udp_send_one(
        UdpSocket* udp, const SocketAddress* destination, const uint8_t* data,
        uint32_t size) noexcept nogil:
    cdef mmsghdr one
    cdef iovec vector
    cdef uint8_t control[UDP_CONTROL_BYTES]
    cdef Message message
    memset(&one, 0, sizeof(one))
    message.destination = destination
    message.data = data
    message.size = size
    message.segment = <uint16_t>size
    address(&one.msg_hdr, &vector, control, &message)
    while True:
        if sendmmsg(udp.fd, &one, 1, 0) == 1:
            udp.messages_sent += 1
            udp.datagrams_sent += 1
            return
        if errno != EINTR:
            udp.send_errors += 1
            return


cdef inline uint32_t segments(const Message* message) noexcept nogil:
    return (message.size + message.segment - 1) // message.segment
