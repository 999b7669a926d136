"""The load's sockets and clocks: what Linux offers that Cython's libc does not declare."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

cdef extern from * nogil:
    """
    #include <arpa/inet.h>
    #include <errno.h>
    #include <linux/filter.h>
    #include <linux/sock_diag.h>
    #include <string.h>
    #include <sys/epoll.h>
    #include <sys/socket.h>
    #include <sys/timerfd.h>
    #include <sys/uio.h>
    #include <time.h>
    #include <unistd.h>

    enum { BATCH = 32, SLOT = 2048 };
    struct batch {
        uint8_t data[BATCH][SLOT] __attribute__((aligned(64)));
        uint8_t control[BATCH][64] __attribute__((aligned(8)));
        struct iovec vector[BATCH];
        struct mmsghdr message[BATCH];
    };
    static int64_t clock_ns(int clock)
    {
        struct timespec now;
        clock_gettime(clock, &now);
        return now.tv_sec * 1000000000LL + now.tv_nsec;
    }
    static int batch_receive(struct batch *batch, int fd)
    {
        for (int i = 0; i < BATCH; i++) {
            struct msghdr *header = &batch->message[i].msg_hdr;
            batch->vector[i] = (struct iovec){batch->data[i], SLOT};
            memset(header, 0, sizeof *header);
            header->msg_iov = &batch->vector[i];
            header->msg_iovlen = 1;
            header->msg_control = batch->control[i];
            header->msg_controllen = sizeof batch->control[i];
        }
        return recvmmsg(fd, batch->message, BATCH, MSG_DONTWAIT, NULL);
    }
    /* When the kernel received datagram i, CLOCK_REALTIME; 0: it did not say. */
    static int64_t batch_time_ns(struct batch *batch, int i)
    {
        struct msghdr *header = &batch->message[i].msg_hdr;
        struct cmsghdr *control = CMSG_FIRSTHDR(header);
        struct timespec time = {0, 0};
        if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS)
            memcpy(&time, CMSG_DATA(control), sizeof time);
        return time.tv_sec * 1000000000LL + time.tv_nsec;
    }
    static void timestamp(int fd)
    {
        int on = 1, bytes = 4 << 20;
        setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
    /* Media ends in the kernel, counted among the socket's drops; RTCP and STUN pass
     * (RFC 5761 section 4).
     * The filter sees the datagram from its UDP header on. Most of media is told by its size alone,
     * as no RTCP or STUN is longer than `control_size` bytes: to read a byte of what GSO has cut
     * costs the server's core more than the rest of the filter. Of what is shorter the second byte
     * is enough: RTCP has its packet types there, STUN the low bits of its own, RTP marker and
     * payload type. */
    static int drop_media(int fd, uint32_t control_size)
    {
        struct sock_filter code[] = {
            {BPF_LD | BPF_W | BPF_LEN, 0, 0, 0},
            {BPF_JMP | BPF_JGT | BPF_K, 4, 0, 8 + control_size},
            {BPF_LD | BPF_B | BPF_ABS, 0, 0, 9}, {BPF_JMP | BPF_JGE | BPF_K, 2, 0, 224},
            {BPF_JMP | BPF_JGE | BPF_K, 2, 0, 192}, {BPF_JMP | BPF_JGE | BPF_K, 0, 1, 32},
            {BPF_RET | BPF_K, 0, 0, 0}, {BPF_RET | BPF_K, 0, 0, 0xffff},
        };
        struct sock_fprog program = {sizeof code / sizeof code[0], code};
        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    }
    static uint32_t drops(int fd)
    {
        uint32_t info[SK_MEMINFO_VARS] = {0};
        socklen_t size = sizeof info;
        getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size);
        return info[SK_MEMINFO_DROPS];
    }
    static int watch(int epoll, int fd)
    {
        struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
        return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    static void alarm_at(int timer, int64_t ns)
    {
        struct itimerspec when = {.it_value = {ns / 1000000000LL, ns % 1000000000LL}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
    }
    """
    enum: BATCH
    enum: EPOLLIN
    enum: CLOCK_MONOTONIC
    enum: CLOCK_REALTIME
    enum: TFD_NONBLOCK
    enum: MSG_DONTWAIT
    struct mmsghdr:
        unsigned int msg_len
    struct batch:
        uint8_t data[32][2048]
        mmsghdr message[32]
    ctypedef union epoll_data_t:
        int fd
    struct epoll_event:
        uint32_t events
        epoll_data_t data
    int epoll_create1(int flags)
    int epoll_wait(int epoll, epoll_event* events, int capacity, int timeout_ms)
    int timerfd_create(int clock, int flags)
    ssize_t send(int fd, const void* data, size_t size, int flags)
    ssize_t read(int fd, void* data, size_t size)
    int close(int fd)
    uint16_t htons(uint16_t value)
    uint32_t htonl(uint32_t value)
    int64_t clock_ns(int clock)
    int batch_receive(batch* b, int fd)
    int64_t batch_time_ns(batch* b, int i)
    int watch(int epoll, int fd)
    void timestamp(int fd)
    int drop_media(int fd, uint32_t control_size)
    uint32_t drops(int fd)
    void alarm_at(int timer, int64_t ns)
