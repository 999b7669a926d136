"""Datagrams on their way through the relay, gathered: equal-sized ones of a flow leave in one
message (GSO), as they came in one burst. A large datagram is held for a moment where the last one
of its flow was followed by others at once; small ones alone, as of a voice, leave with the batch
that they came in.

The order within a flow is kept. A flow's key means something on its socket only.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.net.socket_address cimport SocketAddress
from fastsfu._native.net.udp cimport UdpSocket

cdef enum:
    OUTBOX_SLOTS = 32
    OUTBOX_SLOT_BYTES = 20480     # of one message
    OUTBOX_LARGEST = 16384        # of one datagram
    # Beyond a link's MTU the kernel refuses GSO, where it would fragment a plain datagram.
    OUTBOX_GSO_LARGEST = 1400
    OUTBOX_LARGE = 500            # bytes from which on a datagram may be one of a burst
    OUTBOX_HOLD_US = 250          # of the 0.1 to 0.3 ms in which browsers send a frame
    NO_FLOW = 0                   # never gathered

cdef struct Pace:                 # of one direction of an allocation
    int64_t last_us               # when its last large datagram came
    bint followed                 # so far this burst has more than one
    bint expected                 # the one before had

cdef struct OutboxSlot:           # one message
    UdpSocket* udp
    int fd                        # that udp takes up to send it
    uint64_t flow
    SocketAddress destination
    uint32_t size
    uint32_t segment              # bytes of its first datagram
    bint closed                   # takes no further datagram

cdef struct Outbox:
    uint8_t* area                 # OUTBOX_SLOT_BYTES for each slot
    int count
    bint holds                    # a slot may still grow
    int64_t due_us                # when all of them leave; 0 = not known yet
    OutboxSlot slots[OUTBOX_SLOTS]

cdef int outbox_init(Outbox* outbox) noexcept nogil           # 0, or -ENOMEM
cdef void outbox_free(Outbox* outbox) noexcept nogil
# Take note of a datagram of this size. May more follow at once? Then it is worth while to hold it.
cdef bint outbox_more(Pace* pace, uint32_t size, int64_t now_us) noexcept nogil
# Room for a further datagram of a flow that is being gathered; NULL: begin another message.
cdef uint8_t* outbox_extend(
    Outbox* outbox, int fd, uint64_t flow, uint32_t size, bint more) noexcept nogil
# Room for the first datagram (of at most OUTBOX_LARGEST bytes) of a message; the caller fills in
# `(*slot).destination` and writes the datagram. Sends what there is when no slot is free.
cdef uint8_t* outbox_begin(
    Outbox* outbox, UdpSocket* udp, int fd, uint64_t flow, uint32_t size, bint more,
    OutboxSlot** slot) noexcept nogil
cdef void outbox_flush(Outbox* outbox) noexcept nogil
# The same, but while something is held for at most hold_us (0: nothing is).
cdef void outbox_flush_due(Outbox* outbox, int64_t now_us, int64_t hold_us) noexcept nogil
