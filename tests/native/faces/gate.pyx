"""Python face of media/gate, for its tests: packets are their numbers."""

from libc.string cimport memset

from fastsfu._native.base.pool cimport Pool, pool_free, pool_init, pool_take, buffer_release
from fastsfu._native.media.gate cimport (
    Gate as CGate, gate_forget, gate_hold, gate_open, gate_pass)
from fastsfu._native.media.packet cimport MediaPacket


cdef class Gate:
    cdef CGate gate
    cdef Pool pool

    def __cinit__(self):
        pool_init(&self.pool, 256)

    def __dealloc__(self):
        gate_forget(&self.gate)
        pool_free(&self.pool)

    @property
    def used(self):
        return self.pool.used

    def packet(self, number, now_us, passes):
        """What leaves: (number as it came, number as passed on), in order."""
        cdef MediaPacket packet, held
        cdef int i
        memset(&packet, 0, sizeof(packet))
        packet.buffer = pool_take(&self.pool)
        packet.ext_seq = number
        packet.arrival_us = now_us
        if not passes:
            gate_hold(&self.gate, &packet)
            return []
        left = []
        if self.gate.shut:
            gate_open(&self.gate, &packet)
            for i in range(self.gate.held_count):
                held = self.gate.held[i]
                came = held.ext_seq
                if gate_pass(&self.gate, &held):
                    left.append((came, held.ext_seq))
                buffer_release(held.buffer)
            self.gate.held_count = 0
        came = packet.ext_seq
        if gate_pass(&self.gate, &packet):
            left.append((came, packet.ext_seq))
        buffer_release(packet.buffer)
        return left

    def forget(self):
        gate_forget(&self.gate)
