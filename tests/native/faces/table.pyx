from libc.stdint cimport uint32_t, uint64_t

from fastsfu._native.base.table cimport (
    TABLE_NONE, Table, table_free, table_get, table_init, table_put, table_remove)

NONE = <uint32_t>TABLE_NONE


cdef class TableFace:
    cdef Table table

    def __cinit__(self, uint32_t expected=0):
        if table_init(&self.table, expected) != 0:
            raise MemoryError

    def __dealloc__(self):
        table_free(&self.table)

    def __len__(self):
        return self.table.count

    def capacity(self):
        return self.table.mask + 1

    def seed(self):
        return tuple(self.table.seed)

    def get(self, uint64_t key):
        return table_get(&self.table, key)

    def put(self, uint64_t key, uint32_t value):
        return table_put(&self.table, key, value)

    def remove(self, uint64_t key):
        return bool(table_remove(&self.table, key))

    def get_many(self, uint64_t[::1] keys, uint32_t rounds):
        """Sum of the values found, over all keys, again and again."""
        cdef const uint64_t* all_keys = &keys[0]
        cdef uint64_t total = 0
        cdef Py_ssize_t count = keys.shape[0]
        cdef Py_ssize_t i
        cdef uint32_t _turn
        with nogil:
            for _turn in range(rounds):
                for i in range(count):
                    total += table_get(&self.table, all_keys[i])
        return total
