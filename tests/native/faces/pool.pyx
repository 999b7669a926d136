from libc.stdint cimport uint32_t
from libc.string cimport memcpy

from fastsfu._native.base.pool cimport (
    BUFFER_CAPACITY, Buffer, Pool, buffer_hold, buffer_release, pool_free, pool_init, pool_lend,
    pool_settle, pool_take)

CAPACITY = BUFFER_CAPACITY


cdef class PoolFace:
    """Buffers are named by their address."""
    cdef Pool pool

    def __init__(self, uint32_t limit):
        cdef int status = pool_init(&self.pool, limit)
        if status:
            raise OSError(-status, "pool_init")

    def close(self):
        pool_free(&self.pool)

    def state(self):
        return {
            "capacity": self.pool.capacity,
            "used": self.pool.used,
            "high_water": self.pool.high_water,
            "exhausted": self.pool.exhausted,
            "locked": bool(self.pool.locked),
            "lent": self.pool.lent,
        }

    def take(self):
        return <size_t>pool_take(&self.pool)

    def lend(self, size_t buffer):
        return <size_t>pool_lend(<Buffer*>buffer)

    def settle(self):
        pool_settle(&self.pool)

    def hold(self, size_t buffer):
        buffer_hold(<Buffer*>buffer)

    def release(self, size_t buffer):
        buffer_release(<Buffer*>buffer)

    def write(self, size_t buffer, bytes data):
        memcpy((<Buffer*>buffer).data, <const char*>data, len(data))
        (<Buffer*>buffer).size = len(data)

    def read(self, size_t buffer):
        return (<Buffer*>buffer).data[:BUFFER_CAPACITY]

    def size(self, size_t buffer):
        return (<Buffer*>buffer).size

    def data_address(self, size_t buffer):
        return <size_t>(<Buffer*>buffer).data
