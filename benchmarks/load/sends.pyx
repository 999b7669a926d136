"""What one UDP datagram costs to send here, by each way that does not gather: the least for what
cannot be gathered.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t

import numpy as np

from benchmarks.load.sockets cimport clock_ns

cdef extern from * nogil:
    """
    #include <arpa/inet.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <time.h>

    enum { SENDS = 32, DATAGRAM = 2048 };
    static uint8_t datagram[DATAGRAM];
    static struct sockaddr_in loopback(uint16_t port)
    {
        return (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    }
    static int send_to(int fd, const uint16_t *ports, int count, int size)
    {
        for (int i = 0; i < count; i++) {
            struct sockaddr_in to = loopback(ports[i]);
            if (sendto(fd, datagram, size, 0, (void *)&to, sizeof to) != size)
                return -1;
        }
        return 0;
    }
    static int send_many(int fd, const uint16_t *ports, int count, int size)
    {
        struct sockaddr_in to[SENDS];
        struct mmsghdr message[SENDS];
        struct iovec vector = {datagram, size};
        for (int first = 0, n; first < count; first += n) {
            n = count - first < SENDS ? count - first : SENDS;
            for (int i = 0; i < n; i++) {
                to[i] = loopback(ports[first + i]);
                message[i].msg_hdr = (struct msghdr){
                    .msg_name = &to[i], .msg_namelen = sizeof to[i],
                    .msg_iov = &vector, .msg_iovlen = 1};
            }
            if ((n = sendmmsg(fd, message, n, 0)) <= 0)
                return -1;
        }
        return 0;
    }
    static int send_connected(const int *fds, int count, int size)
    {
        for (int i = 0; i < count; i++)
            if (send(fds[i], datagram, size, 0) != size)
                return -1;
        return 0;
    }
    """
    enum: DATAGRAM
    enum: CLOCK_THREAD_CPUTIME_ID
    uint8_t datagram[2048]
    void* memset(void* to, int value, size_t size)
    int send_to(int fd, const uint16_t* ports, int count, int size)
    int send_many(int fd, const uint16_t* ports, int count, int size)
    int send_connected(const int* fds, int count, int size)


def measure(int fd, connected, ports, int size, int rounds):
    """The least that one datagram of `size` bytes took in any round: way -> ns of this thread.

    A round goes to each of the loopback `ports` by each way: sendto, sendmmsg of 32, both from
    `fd`, and send from one socket of `connected` for each port. OSError when a send fails.
    """
    cdef int count = <int>len(ports)
    if not 0 < size <= DATAGRAM:
        raise ValueError(f"size is {size}, from 1 to {DATAGRAM} is possible")
    cdef uint16_t[::1] to = np.array(ports, np.uint16)
    cdef int[::1] fds = np.array(connected, np.intc)
    cdef int64_t least[3]
    cdef int64_t start, spent
    cdef int way, failed = 0
    memset(datagram, 0xff, DATAGRAM)     # what a receiver that drops media takes for media
    for way in range(3):
        least[way] = 1 << 62
    with nogil:
        for _ in range(rounds):
            for way in range(3):
                start = clock_ns(CLOCK_THREAD_CPUTIME_ID)
                if way == 0:
                    failed |= send_to(fd, &to[0], count, size)
                elif way == 1:
                    failed |= send_many(fd, &to[0], count, size)
                else:
                    failed |= send_connected(&fds[0], count, size)
                spent = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start
                least[way] = min(least[way], spent)
    if failed:
        raise OSError("a send failed")
    return {
        name: least[way] / count
        for way, name in enumerate(("sendto", "sendmmsg", "connected"))
    }
