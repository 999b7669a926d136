"""Python face of media/history, for its tests. It has a pool of its own."""

from libc.string cimport memcpy, memset

from fastsfu._native.base.pool cimport (
    BUFFER_CAPACITY, Buffer, Pool, buffer_release, pool_free, pool_init, pool_take)
from fastsfu._native.media.history cimport (
    History as CHistory, history_expire, history_free, history_get, history_init, history_keep,
    history_put)
from fastsfu._native.media.packet cimport MediaPacket


cdef class History:
    cdef CHistory history
    cdef Pool pool

    def __init__(self, capacity, max_age_us, buffers=4096):
        if pool_init(&self.pool, buffers) or history_init(&self.history, capacity, max_age_us):
            raise MemoryError

    def close(self):
        """Free the history; returns how many buffers are still taken."""
        history_free(&self.history)
        taken = self.pool.used
        if taken == 0:
            pool_free(&self.pool)
        return taken

    def put(self, ext_seq, const unsigned char[:] data, arrival_us, now_us):
        cdef MediaPacket packet
        cdef Buffer* buffer = pool_take(&self.pool)
        if buffer == NULL:
            raise MemoryError
        if len(data) > BUFFER_CAPACITY:
            raise ValueError("longer than a buffer")
        memset(&packet, 0, sizeof(packet))
        memcpy(buffer.data, &data[0], len(data))
        buffer.size = <unsigned short>len(data)
        packet.buffer = buffer
        packet.ext_seq = ext_seq
        packet.arrival_us = arrival_us
        packet.payload_size = buffer.size
        history_put(&self.history, &packet, now_us)
        buffer_release(buffer)                  # the history has its own hold

    def get(self, ext_seq, now_us):
        cdef MediaPacket* packet = history_get(&self.history, ext_seq, now_us)
        if packet == NULL:
            return None
        if packet.ext_seq != ext_seq:
            raise AssertionError(f"asked for {ext_seq}, got {packet.ext_seq}")
        return bytes(packet.buffer.data[:packet.payload_size])

    def keep(self, until_us):
        history_keep(&self.history, until_us)

    def expire(self, now_us):
        history_expire(&self.history, now_us)

    @property
    def held(self):
        """Buffers taken from the pool."""
        return self.pool.used
