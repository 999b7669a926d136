"""What the load keeps of each sender and each receiver, and what a packet of it carries."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    STREAMS = 2               # 0 audio, 1 video
    PREFIX = 16
    CHECK_CAPACITY = 256

cdef packed struct Stamp:     # behind the payload's prefix
    uint32_t magic
    uint32_t index            # of the packet in its stream, from 0
    int64_t sent_ns           # CLOCK_REALTIME
    uint16_t size             # of the payload, padding excluded
    uint16_t sender
    uint8_t stream
    uint8_t fill              # every byte that follows

cdef struct Row:              # trace.ROW
    int64_t time_us
    uint32_t timestamp
    uint16_t payload_bytes
    uint8_t stream
    uint8_t marker
    uint8_t first
    uint8_t key[PREFIX]
    uint8_t delta[PREFIX]

cdef struct Control:          # what any peer sends by itself
    int fd
    void* protect             # srtp_t of the direction to the server
    uint8_t check[CHECK_CAPACITY]   # a Binding request for consent
    int check_size

cdef struct Sender:
    Control control
    void* unprotect           # srtp_t of the direction from the server
    int row                   # the next to be played
    int64_t offset_us         # of row times: whole loops, less where it began
    uint32_t ssrc[STREAMS]
    uint32_t index[STREAMS]         # of the stream's next packet
    uint32_t window_first[STREAMS]
    uint32_t window_end[STREAMS]
    uint16_t transport_seq
    bint keyframe_wanted
    bint frame_is_key
    int64_t pause_us          # when its next packet of a pause is due

cdef struct Flow:             # what a receiver has of one stream of one sender
    uint64_t packets          # of the window, content right
    uint32_t next_seq         # expected RTP sequence number, 0x10000 before the first
    uint32_t gaps

cdef struct Receiver:
    Control control
    void* unprotect           # srtp_t of the direction from the server
    int first_sender          # those of its room are contiguous
    int sender_count
    Flow* flows               # STREAMS for each sender of its room
    uint64_t unauthentic      # or replayed
    uint64_t wrong            # authentic, but not what was sent
    bint dropping             # its media ends in the kernel
    uint32_t drops_before     # the window


cdef inline int rows_beginning(const Row* rows, int count, int row) noexcept:
    """The first row from here on that begins a frame, or is audio."""
    while row < count and rows[row].stream and not rows[row].first:
        row += 1
    return row % count
