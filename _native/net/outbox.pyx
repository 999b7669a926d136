"""See outbox.pxd."""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

from fastsfu._native.base.net cimport ENOMEM
from fastsfu._native.net.udp cimport GSO_MAX_SEGMENTS, UDP_BATCH, Message, udp_send


cdef int outbox_init(Outbox* outbox) noexcept nogil:
    outbox.count = 0
    outbox.holds = False
    outbox.due_us = 0
    outbox.area = <uint8_t*>malloc(OUTBOX_SLOTS * OUTBOX_SLOT_BYTES)
    return -ENOMEM if outbox.area == NULL else 0


cdef void outbox_free(Outbox* outbox) noexcept nogil:
    free(outbox.area)
    outbox.area = NULL


cdef bint outbox_more(Pace* pace, uint32_t size, int64_t now_us) noexcept nogil:
    if size < OUTBOX_LARGE:
        return False
    if now_us - pace.last_us <= 2 * OUTBOX_HOLD_US:      # the hold itself takes one
        pace.followed = True
    else:
        pace.expected = pace.followed
        pace.followed = False
    pace.last_us = now_us
    return pace.expected or pace.followed


cdef uint8_t* outbox_extend(
        Outbox* outbox, int fd, uint64_t flow, uint32_t size, bint more) noexcept nogil:
    cdef OutboxSlot* slot
    cdef int i = outbox.count - 1
    while i >= 0 and not (outbox.slots[i].flow == flow and outbox.slots[i].fd == fd):
        i -= 1
    if i < 0 or flow == NO_FLOW:
        return NULL
    slot = &outbox.slots[i]           # the flow's last
    if (slot.closed or size > slot.segment or slot.size + size > OUTBOX_SLOT_BYTES
            or slot.size >= slot.segment * (GSO_MAX_SEGMENTS - 1)):
        return NULL
    slot.closed = size < slot.segment
    slot.size += size
    hold(outbox, slot, more)
    return outbox.area + i * OUTBOX_SLOT_BYTES + slot.size - size


cdef uint8_t* outbox_begin(
        Outbox* outbox, UdpSocket* udp, int fd, uint64_t flow, uint32_t size, bint more,
        OutboxSlot** slot) noexcept nogil:
    if outbox.count == OUTBOX_SLOTS:
        outbox_flush(outbox)
    slot[0] = &outbox.slots[outbox.count]
    slot[0].udp = udp
    slot[0].fd = fd
    slot[0].flow = flow
    slot[0].size = slot[0].segment = size
    slot[0].closed = flow == NO_FLOW or not 0 < size <= OUTBOX_GSO_LARGEST
    hold(outbox, slot[0], more)
    outbox.count += 1
    return outbox.area + (outbox.count - 1) * OUTBOX_SLOT_BYTES


cdef inline void hold(Outbox* outbox, const OutboxSlot* slot, bint more) noexcept nogil:
    outbox.holds = outbox.holds or (more and slot.udp.gso and not slot.closed)


cdef void outbox_flush_due(Outbox* outbox, int64_t now_us, int64_t hold_us) noexcept nogil:
    if outbox.count and outbox.holds and outbox.due_us == 0:
        outbox.due_us = now_us + min(hold_us, <int64_t>OUTBOX_HOLD_US)
    if not outbox.holds or now_us >= outbox.due_us:
        outbox_flush(outbox)


cdef void outbox_flush(Outbox* outbox) noexcept nogil:
    """One system call for messages in a row that leave by one socket."""
    cdef OutboxSlot* slot
    cdef Message messages[UDP_BATCH]
    cdef int i, count = 0
    for i in range(outbox.count):
        slot = &outbox.slots[i]
        messages[count].destination = &slot.destination
        messages[count].data = outbox.area + i * OUTBOX_SLOT_BYTES
        messages[count].size = slot.size
        messages[count].segment = <uint16_t>max(slot.segment, 1u)    # of an empty datagram too
        count += 1
        if count < UDP_BATCH and i + 1 < outbox.count and slot[1].fd == slot.fd:
            continue
        slot.udp.fd = slot.fd
        udp_send(slot.udp, messages, count)
        count = 0
    outbox.count = 0
    outbox.holds = False
    outbox.due_us = 0
