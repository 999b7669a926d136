"""See gate.pxd."""

from fastsfu._native.base.pool cimport buffer_release


cdef bint gate_pass(Gate* gate, MediaPacket* packet) noexcept nogil:
    if packet.ext_seq < gate.since:
        return False
    packet.ext_seq -= gate.shift
    gate.last = max(gate.last, packet.ext_seq) if gate.used else packet.ext_seq
    gate.used = True
    return True


cdef void gate_open(Gate* gate, const MediaPacket* packet) noexcept nogil:
    cdef int64_t oldest_us = packet.arrival_us - LOOK_BACK_US
    while gate.held_count and (
            gate.held[0].arrival_us < oldest_us or gate.held[gate.held_count - 1].ext_seq
            >= packet.ext_seq):
        drop_oldest(gate)
    gate.since = gate.held[0].ext_seq if gate.held_count else packet.ext_seq
    if gate.used:
        gate.shift = gate.since - gate.last - 1
    gate.shut = False


cdef void gate_hold(Gate* gate, const MediaPacket* packet) noexcept nogil:
    gate.shut = True
    if gate.held_count and packet.ext_seq <= gate.held[gate.held_count - 1].ext_seq:
        buffer_release(packet.buffer)     # late: it would have to leave before what is held
        return
    if gate.held_count == LOOK_BACK:
        drop_oldest(gate)
    gate.held[gate.held_count] = packet[0]
    gate.held_count += 1


cdef void gate_forget(Gate* gate) noexcept nogil:
    while gate.held_count:
        drop_oldest(gate)


cdef void drop_oldest(Gate* gate) noexcept nogil:
    cdef int i
    buffer_release(gate.held[0].buffer)
    gate.held_count -= 1
    for i in range(gate.held_count):
        gate.held[i] = gate.held[i + 1]
