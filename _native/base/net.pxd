"""The kernel's socket interface, as net/udp uses it: socket(7), udp(7), recvmmsg(2),
sendmmsg(2), ppoll(2), epoll(7)."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from posix.time cimport timespec

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE 1
    #endif
    #include <sys/socket.h>
    #include <netinet/in.h>
    #include <netinet/udp.h>
    #include <errno.h>
    #include <sys/random.h>
    #include <poll.h>
    #include <sys/epoll.h>
    #include <arpa/inet.h>
    #ifndef UDP_SEGMENT
    #define UDP_SEGMENT 103
    #endif
    #ifndef UDP_GRO
    #define UDP_GRO 104
    #endif
    #ifndef SOL_UDP
    #define SOL_UDP 17
    #endif
    """
    enum:
        AF_INET, AF_INET6, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC, SOL_SOCKET, SOL_UDP
        SO_RCVBUF, SO_SNDBUF, SO_RCVBUFFORCE, SO_SNDBUFFORCE
        IPPROTO_IP, IP_PKTINFO, IPPROTO_IPV6, IPV6_V6ONLY, IPV6_PKTINFO, IPV6_RECVPKTINFO
        IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_PMTUDISC_DO, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT
        IPV6_PMTUDISC_DO
        EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL, EPOLLIN, EPOLLOUT
        UDP_SEGMENT, UDP_GRO, MSG_DONTWAIT, POLLIN
        EADDRINUSE, EADDRNOTAVAIL
        EAGAIN, EINTR, EINVAL, EIO, EMSGSIZE, ENOBUFS, ENOMEM, EPERM, ENOSYS

    ctypedef unsigned int socklen_t
    ctypedef unsigned long nfds_t
    ctypedef struct sigset_t:
        pass

    cdef struct sockaddr:
        uint16_t sa_family
    cdef struct in_addr:
        uint32_t s_addr
    cdef struct in6_addr:
        uint8_t s6_addr[16]
    cdef struct sockaddr_in:
        uint16_t sin_family
        uint16_t sin_port
        in_addr sin_addr
    cdef struct sockaddr_in6:
        uint16_t sin6_family
        uint16_t sin6_port
        in6_addr sin6_addr
    cdef struct sockaddr_storage:
        uint16_t ss_family

    cdef struct iovec:
        void* iov_base
        size_t iov_len
    cdef struct msghdr:
        void* msg_name
        socklen_t msg_namelen
        iovec* msg_iov
        size_t msg_iovlen
        void* msg_control
        size_t msg_controllen
        int msg_flags
    cdef struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    cdef struct cmsghdr:
        size_t cmsg_len
        int cmsg_level
        int cmsg_type
    cdef struct in_pktinfo:
        int ipi_ifindex
        in_addr ipi_spec_dst
        in_addr ipi_addr
    cdef struct in6_pktinfo:
        in6_addr ipi6_addr
        unsigned int ipi6_ifindex
    cdef struct pollfd:
        int fd
        short events
        short revents

    ctypedef union epoll_data_t:
        uint64_t u64
    cdef struct epoll_event:
        uint32_t events
        epoll_data_t data

    cmsghdr* CMSG_FIRSTHDR(msghdr* message) noexcept nogil
    cmsghdr* CMSG_NXTHDR(msghdr* message, cmsghdr* cmsg) noexcept nogil
    uint8_t* CMSG_DATA(cmsghdr* cmsg) noexcept nogil
    size_t CMSG_LEN(size_t length) noexcept nogil
    size_t CMSG_SPACE(size_t length) noexcept nogil

    long getrandom(void* buffer, size_t size, unsigned int flags) noexcept nogil
    int socket(int domain, int type, int protocol) noexcept nogil
    int connect(int fd, const sockaddr* address, socklen_t length) noexcept nogil
    int bind(int fd, const sockaddr* address, socklen_t length) noexcept nogil
    int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept nogil
    int setsockopt(int fd, int level, int name, const void* value, socklen_t length) noexcept nogil
    int recvmmsg(
        int fd, mmsghdr* messages, unsigned int count, int flags,
        timespec* timeout) noexcept nogil
    int sendmmsg(int fd, mmsghdr* messages, unsigned int count, int flags) noexcept nogil
    int ppoll(
        pollfd* fds, nfds_t count, const timespec* timeout,
        const sigset_t* mask) noexcept nogil
    int epoll_create1(int flags) noexcept nogil
    int epoll_ctl(int fd, int operation, int of, epoll_event* event) noexcept nogil
    int epoll_wait(int fd, epoll_event* events, int most, int timeout_ms) noexcept nogil
    uint16_t htons(uint16_t value) noexcept nogil
    uint16_t ntohs(uint16_t value) noexcept nogil
    int inet_pton(int family, const char* text, void* out) noexcept nogil
