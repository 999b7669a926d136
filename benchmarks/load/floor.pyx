"""What the kernel alone takes for the same work: the same datagrams in, the same messages out.

A forwarder that neither decrypts nor encrypts nor keeps books: it waits for a frame's packets, and
sends as many bytes in one GSO message to each receiver. What it costs is the wake-ups, the cold
caches and the system calls of such a call on this machine.
"""

from libc.stdint cimport uint8_t, uint16_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from benchmarks.load.sockets cimport batch, batch_receive, drop_media

cdef extern from * nogil:
    """
    #include <arpa/inet.h>
    #include <netinet/udp.h>
    #include <poll.h>
    #include <string.h>
    #include <sys/socket.h>

    enum { FAN = 1024, SENDS = 32, GSO_BYTES = 65000 };
    struct fan {                  /* one message to many receivers */
        int count;
        struct sockaddr_in to[FAN];
        struct iovec vector;
        struct mmsghdr message[FAN];
        char control[CMSG_SPACE(sizeof(uint16_t))] __attribute__((aligned(8)));
    };
    static int fan_to(struct fan *fan, uint16_t port, uint8_t *data)
    {
        if (fan->count == FAN)
            return 0;
        fan->vector.iov_base = data;
        fan->to[fan->count] = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
        fan->message[fan->count].msg_hdr = (struct msghdr){
            .msg_name = &fan->to[fan->count], .msg_namelen = sizeof fan->to[0],
            .msg_iov = &fan->vector, .msg_iovlen = 1,
            .msg_control = fan->control, .msg_controllen = sizeof fan->control};
        fan->count++;
        return 1;
    }
    static void fan_send(struct fan *fan, int fd, int size, uint16_t segment)
    {
        struct cmsghdr *control = (struct cmsghdr *)fan->control;
        control->cmsg_level = SOL_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof segment);
        memcpy(CMSG_DATA(control), &segment, sizeof segment);
        fan->vector.iov_len = size;
        for (int sent = 0, got = 1; sent < fan->count && got > 0; sent += got) {
            int left = fan->count - sent;
            got = sendmmsg(fd, fan->message + sent, left < SENDS ? left : SENDS, 0);
        }
    }
    static int readable(int fd, int timeout_ms)
    {
        struct pollfd one = {fd, POLLIN, 0};
        return poll(&one, 1, timeout_ms) == 1;
    }
    """
    enum: GSO_BYTES
    struct fan:
        int count
    int fan_to(fan* fan, uint16_t port, uint8_t* data)
    void fan_send(fan* fan, int fd, int size, uint16_t segment)
    int readable(int fd, int timeout_ms)

cdef enum:
    SILENCE_MS = 2000

cdef struct Frame:                # the one that is coming in
    int packets
    int largest                   # bytes


def forward(int fd, ports):
    """Send every frame that comes to the UDP socket `fd` to each of the loopback `ports`, until
    nothing has come for two seconds. Returns how many packets went out.
    """
    cdef int count = <int>len(ports), i
    cdef long sent = 0
    cdef batch* incoming = <batch*>calloc(1, sizeof(batch))
    cdef fan* outgoing = <fan*>calloc(1, sizeof(fan))
    cdef uint8_t* data = <uint8_t*>malloc(GSO_BYTES)
    cdef Frame frame = Frame(0, 0)
    if incoming == NULL or outgoing == NULL or data == NULL:
        raise MemoryError
    memset(data, 0xff, GSO_BYTES)     # what a receiver that drops media takes for media
    for i in range(count):
        if not fan_to(outgoing, <uint16_t>ports[i], data):
            raise ValueError(f"{count} receivers are too many")
    with nogil:
        while readable(fd, SILENCE_MS):
            sent += count * _take(fd, incoming, outgoing, &frame)
    free(incoming)
    free(outgoing)
    free(data)
    return sent


def drop(int fd):
    """Let media that comes to this socket end in the kernel."""
    if drop_media(fd) < 0:
        raise OSError("SO_ATTACH_FILTER")


cdef int _take(int fd, batch* incoming, fan* outgoing, Frame* frame) noexcept nogil:
    """Receive what is there; the packets of the frames that end in it."""
    cdef int got = batch_receive(incoming, fd), i, packets = 0
    for i in range(got):
        if incoming.data[i][1] & 0x60 == 0x40:         # RTCP (RFC 5761 section 4)
            continue
        frame.packets += 1
        frame.largest = max(frame.largest, <int>incoming.message[i].msg_len)
        if incoming.data[i][1] & 0x80 and frame.packets * frame.largest <= GSO_BYTES:
            fan_send(outgoing, fd, frame.packets * frame.largest, <uint16_t>frame.largest)
            packets += frame.packets
            frame.packets = frame.largest = 0
    return packets
