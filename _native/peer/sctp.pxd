"""One SCTP association (RFC 9260) for data channels: packets in and out of DTLS (RFC 8261),
messages to and from streams (RFC 8831). No socket; usrsctp takes round-trip times by the real
clock.

By usrsctp. Measured on one core, a message of 200 bytes at both ends: usrsctp 7.4 us, aiortc's
SCTP 73 us; 20,000 messages a second leave 50 us for all there is to do with one.

usrsctp's state is one for the process, and without its threads it is for one thread: the first
association binds it to its thread until the last one is freed. All verbs hold the GIL. What is
given as `output` is called from within them, never for an association that was freed: usrsctp knows
it by a number only.
"""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.peer.usrsctp cimport usrsctp_socket

cdef enum:
    SCTP_MAX_PACKET = 1160        # bytes; DTLS adds 37
    # Streams in each direction: each costs about 200 bytes, whether it is used or not.
    SCTP_STREAMS = 128
    SCTP_SEND_BYTES = 262144      # messages taken by sctp_send and not yet acknowledged
    SCTP_RECEIVE_BYTES = 131072   # the window: what the peer may send before it is read
    SCTP_TICK_MS = 10             # usrsctp's own grain; call sctp_handle_timers so often

cdef enum SctpState:
    SCTP_IDLE = 0                 # not connected yet
    SCTP_CONNECTING
    SCTP_UP
    SCTP_DOWN                     # aborted or given up; free it

cdef enum SctpRead:
    SCTP_NOTHING = 0
    SCTP_MESSAGE                  # a whole one
    SCTP_TOO_LARGE                # the end of one beyond max_message; `data` is NULL
    SCTP_CAME_UP
    SCTP_WENT_DOWN
    SCTP_PEER_RESET               # the peer closed these streams: `data` are 16-bit numbers
    SCTP_RESET_SETTLED            # what we asked to reset was reset or refused

cdef enum SctpSend:
    SCTP_SENT = 0
    SCTP_NO_ROOM                  # sctp_writable says when there is some
    SCTP_REFUSED                  # not up, or no such stream

cdef struct SctpMessage:
    uint16_t stream
    uint32_t ppid                 # RFC 8831 section 8: 50 DCEP, 51 text, 53 binary, 56, 57 empty
    const uint8_t* data           # received: borrowed until the next sctp_read of any association
    uint32_t size                 # bytes; for SCTP_PEER_RESET the number of streams, 0 = all
    bint unordered
    int32_t max_retransmits       # -1 = no limit
    int32_t lifetime_ms           # -1 = no limit

# A packet for the peer; `owner` is the one given to sctp_new.
ctypedef void (*SctpOutput)(void* owner, const uint8_t* packet, size_t size) noexcept

cdef struct Sctp:
    usrsctp_socket* socket
    uint64_t key                  # what usrsctp knows it by
    SctpState state
    bint ready                    # sctp_read may find something
    uint16_t local_port
    uint16_t remote_port
    uint32_t max_message          # bytes
    SctpOutput output
    void* owner
    uint8_t* partial              # beginning of a message that is still coming; NULL = none
    uint32_t partial_size
    bint discarding               # it grew too large: dropped until its end

# Raises RuntimeError in another thread than that of the associations that live, or MemoryError.
cdef Sctp* sctp_new(
    uint16_t local_port, uint16_t remote_port, uint32_t max_message, SctpOutput output,
    void* owner) except NULL
cdef void sctp_free(Sctp* sctp) noexcept            # says ABORT; NULL is allowed
cdef bint sctp_connect(Sctp* sctp) noexcept         # both ends may; False: it cannot
cdef void sctp_receive(Sctp* sctp, const uint8_t* packet, size_t size) noexcept
# Call it until SCTP_NOTHING when `ready` is set, or leave it to let the peer's window close.
cdef SctpRead sctp_read(Sctp* sctp, SctpMessage* message) noexcept
cdef SctpSend sctp_send(Sctp* sctp, const SctpMessage* message) noexcept
cdef bint sctp_writable(Sctp* sctp) noexcept
# Reset our side of a stream (RFC 6525). False: another reset is under way; ask again after
# SCTP_RESET_SETTLED.
cdef bint sctp_reset(Sctp* sctp, uint16_t stream) noexcept
cdef void sctp_handle_timers(uint32_t elapsed_ms) noexcept       # of all associations
