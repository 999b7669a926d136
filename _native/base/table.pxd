"""Map from a 64-bit key to a 32-bit value: open addressing, linear probing, backward-shift
deletion, keyed hash.

Keys are chosen by strangers (SSRCs, addresses), so the hash is seeded for each table.
"""

from libc.stdint cimport uint32_t, uint64_t

cdef enum:
    TABLE_NONE = 0xFFFFFFFF   # no such key; never a value

cdef struct TableCell:
    uint64_t key
    uint32_t value            # TABLE_NONE: the cell is empty

cdef struct Table:
    TableCell* cells
    uint32_t mask             # capacity - 1
    uint32_t count
    uint64_t seed[2]

# 0, -ENOMEM, or -errno when the kernel gives no random seed. Grows by itself, never shrinks.
cdef int table_init(Table* table, uint32_t expected) noexcept nogil
cdef void table_free(Table* table) noexcept nogil
cdef uint32_t table_get(const Table* table, uint64_t key) noexcept nogil      # or TABLE_NONE
# Replaces. 0, or -ENOMEM with the table as it was.
cdef int table_put(Table* table, uint64_t key, uint32_t value) noexcept nogil
cdef bint table_remove(Table* table, uint64_t key) noexcept nogil             # was it there
