"""What the kernel alone takes for the same work: the same datagrams in, the same messages out.

A forwarder that neither decrypts nor encrypts nor keeps books: it waits for a frame's packets, and
sends as many bytes in one GSO message to each receiver of the room; audio at once. What it costs is
the wake-ups, the cold caches and the system calls of such a call on this machine.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t
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
        for (int i = 0; i < fan->count; i++)
            fan->message[i].msg_hdr.msg_controllen = segment ? sizeof fan->control : 0;
        for (int sent = 0, got = 1; sent < fan->count && got > 0; sent += got) {
            int left = fan->count - sent;
            got = sendmmsg(fd, fan->message + sent, left < SENDS ? left : SENDS, 0);
        }
    }
    static uint32_t ssrc_of(const uint8_t *packet)
    {
        uint32_t ssrc;
        memcpy(&ssrc, packet + 8, sizeof ssrc);
        return ntohl(ssrc);
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
    uint32_t ssrc_of(const uint8_t* packet)
    int readable(int fd, int timeout_ms)

cdef enum:
    SILENCE_MS = 1000
    AUDIO_PT = 111                # load/peer.AUDIO_PT

cdef struct Frame:                # the one that is coming in from an SSRC
    int packets
    int largest                   # bytes

cdef struct Floor:
    batch* incoming
    fan* rooms                    # the receivers of each
    Frame* frames                 # by SSRC - 1
    uint8_t* data                 # what goes out
    int fd
    int senders                   # of all rooms
    int senders_each              # of a room
    bint gso


def forward(int fd, rooms, int senders=1, bint gso=True):
    """Send what comes to the UDP socket `fd` to its room, until nothing has come for a second.

    `rooms` are the loopback ports of each room's receivers; sender n of all has the SSRCs 2n + 1
    and 2n + 2, and `senders` in a row share a room. Without `gso` each packet is a message of its
    own. Returns how many packets went out.
    """
    cdef Floor floor
    cdef long sent = 0
    floor.fd = fd
    floor.senders, floor.senders_each, floor.gso = <int>len(rooms) * senders, senders, gso
    floor.incoming = <batch*>calloc(1, sizeof(batch))
    floor.rooms = <fan*>calloc(len(rooms), sizeof(fan))
    floor.frames = <Frame*>calloc(2 * floor.senders, sizeof(Frame))
    floor.data = <uint8_t*>malloc(GSO_BYTES)
    if not (floor.incoming and floor.rooms and floor.frames and floor.data):
        raise MemoryError
    memset(floor.data, 0xff, GSO_BYTES)     # what a receiver that drops media takes for media
    for number, ports in enumerate(rooms):
        for port in ports:
            if not fan_to(&floor.rooms[<int>number], <uint16_t>port, floor.data):
                raise ValueError(f"{len(ports)} receivers are too many")
    with nogil:
        while readable(fd, SILENCE_MS):
            sent += _take(&floor)
    free(floor.incoming)
    free(floor.rooms)
    free(floor.frames)
    free(floor.data)
    return sent


def drop(int fd):
    """Let media that comes to this socket end in the kernel."""
    if drop_media(fd, 0) < 0:
        raise OSError("SO_ATTACH_FILTER")


cdef long _take(Floor* floor) noexcept nogil:
    """Receive what is there and send the frames that end in it; how many packets went out."""
    cdef int got = batch_receive(floor.incoming, floor.fd), i, size
    cdef uint32_t index
    cdef uint8_t* packet
    cdef Frame* frame
    cdef long sent = 0
    for i in range(got):
        packet = floor.incoming.data[i]
        size = <int>floor.incoming.message[i].msg_len
        index = ssrc_of(packet) - 1
        if packet[1] & 0x60 == 0x40 or index >= 2 * floor.senders:     # RTCP (RFC 5761 section 4)
            continue
        frame = &floor.frames[index]
        frame.packets += 1
        frame.largest = max(frame.largest, size)
        if packet[1] & 0x7f == AUDIO_PT or packet[1] & 0x80:
            sent += _send(floor, &floor.rooms[<int>index // 2 // floor.senders_each], frame)
    return sent


cdef long _send(Floor* floor, fan* room, Frame* frame) noexcept nogil:
    """A frame to everybody in the room."""
    cdef int packets = frame.packets, size = frame.largest
    frame.packets = frame.largest = 0
    if packets * size > GSO_BYTES:
        return 0
    if floor.gso and packets > 1:
        fan_send(room, floor.fd, packets * size, <uint16_t>size)
        return packets * room.count
    for _ in range(packets):
        fan_send(room, floor.fd, size, 0)
    return packets * room.count
