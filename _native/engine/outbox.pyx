"""See outbox.pxd."""

from libc.stdlib cimport free, malloc

from fastsfu._native.base.net cimport ENOMEM
from fastsfu._native.engine.udp cimport GSO_MAX_SEGMENTS, Message, udp_send


cdef int outbox_init(Outbox* outbox) noexcept nogil:
    outbox.count = 0
    outbox.area = <uint8_t*>malloc(OUTBOX_SLOTS * OUTBOX_SLOT_BYTES)
    return -ENOMEM if outbox.area == NULL else 0


cdef void outbox_free(Outbox* outbox) noexcept nogil:
    free(outbox.area)
    outbox.area = NULL


cdef uint8_t* outbox_extend(
        Outbox* outbox, int fd, uint64_t flow, uint32_t size) noexcept nogil:
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
    return outbox.area + i * OUTBOX_SLOT_BYTES + slot.size - size


cdef uint8_t* outbox_begin(
        Outbox* outbox, UdpSocket* udp, int fd, uint64_t flow, uint32_t size,
        OutboxSlot** slot) noexcept nogil:
    if outbox.count == OUTBOX_SLOTS:
        outbox_flush(outbox)
    slot[0] = &outbox.slots[outbox.count]
    slot[0].udp = udp
    slot[0].fd = fd
    slot[0].flow = flow
    slot[0].size = slot[0].segment = size
    slot[0].closed = not 0 < size <= OUTBOX_GSO_LARGEST
    outbox.count += 1
    return outbox.area + (outbox.count - 1) * OUTBOX_SLOT_BYTES


cdef void outbox_flush(Outbox* outbox) noexcept nogil:
    cdef OutboxSlot* slot
    cdef Message message
    cdef int i
    for i in range(outbox.count):
        slot = &outbox.slots[i]
        message.destination = &slot.destination
        message.data = outbox.area + i * OUTBOX_SLOT_BYTES
        message.size = slot.size
        message.segment = <uint16_t>max(slot.segment, 1u)    # of an empty datagram too
        slot.udp.fd = slot.fd
        udp_send(slot.udp, &message, 1)
    outbox.count = 0
