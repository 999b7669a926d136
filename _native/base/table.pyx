"""Cells in one block, a power of two of them, at most 70 % taken: a chain always ends."""

from libc.errno cimport EIO, ENOMEM
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from fastsfu._native.base.posix cimport getrandom

cdef extern from * nogil:
    """
    static inline uint64_t fastsfu_fold(uint64_t a, uint64_t b) {
        unsigned __int128 product = (unsigned __int128)a * b;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    """
    uint64_t fold "fastsfu_fold"(uint64_t a, uint64_t b)

cdef enum:
    SMALLEST = 8              # cells
    LARGEST = 1 << 30


cdef int table_init(Table* table, uint32_t expected) noexcept nogil:
    cdef uint32_t capacity = SMALLEST
    memset(table, 0, sizeof(Table))
    if getrandom(table.seed, sizeof(table.seed), 0) != sizeof(table.seed):
        return -EIO
    table.seed[1] |= 1
    while capacity < LARGEST and not fits(expected, capacity):
        capacity *= 2
    return allocate(table, capacity)


cdef void table_free(Table* table) noexcept nogil:
    free(table.cells)
    memset(table, 0, sizeof(Table))


cdef uint32_t table_get(const Table* table, uint64_t key) noexcept nogil:
    cdef const TableCell* cell = &table.cells[find(table, key)]
    return cell.value


cdef int table_put(Table* table, uint64_t key, uint32_t value) noexcept nogil:
    cdef uint32_t place = find(table, key)
    if table.cells[place].value == TABLE_NONE:
        if not fits(table.count + 1, table.mask + 1):
            if grow(table) != 0:
                return -ENOMEM
            place = find(table, key)
        table.count += 1
    table.cells[place].key = key
    table.cells[place].value = value
    return 0


cdef bint table_remove(Table* table, uint64_t key) noexcept nogil:
    """Moves later cells of the chain back into the hole, so that no tombstones pile up."""
    cdef uint32_t hole = find(table, key)
    cdef uint32_t place = hole
    cdef uint32_t wanted
    if table.cells[hole].value == TABLE_NONE:
        return False
    while True:
        place = (place + 1) & table.mask
        if table.cells[place].value == TABLE_NONE:
            break
        wanted = home(table, table.cells[place].key)
        if ((place - wanted) & table.mask) >= ((place - hole) & table.mask):
            table.cells[hole] = table.cells[place]
            hole = place
    table.cells[hole].value = TABLE_NONE
    table.count -= 1
    return True


cdef inline bint fits(uint32_t count, uint32_t capacity) noexcept nogil:
    return <uint64_t>count * 10 <= <uint64_t>capacity * 7


cdef inline uint32_t home(const Table* table, uint64_t key) noexcept nogil:
    """Without the 127 secret bits nobody can choose keys that share a chain."""
    return <uint32_t>fold(key ^ table.seed[0], table.seed[1]) & table.mask


cdef inline uint32_t find(const Table* table, uint64_t key) noexcept nogil:
    """Where `key` is, else the empty cell where it belongs."""
    cdef uint32_t place = home(table, key)
    while table.cells[place].value != TABLE_NONE and table.cells[place].key != key:
        place = (place + 1) & table.mask
    return place


cdef int allocate(Table* table, uint32_t capacity) noexcept nogil:
    cdef size_t size = capacity * sizeof(TableCell)
    cdef TableCell* cells = <TableCell*>malloc(size)
    if cells == NULL:
        return -ENOMEM
    memset(cells, 0xFF, size)     # every value TABLE_NONE
    table.cells = cells
    table.mask = capacity - 1
    table.count = 0
    return 0


cdef int grow(Table* table) noexcept nogil:
    cdef TableCell* old = table.cells
    cdef uint32_t old_capacity = table.mask + 1
    cdef uint32_t count = table.count
    cdef uint32_t i
    if old_capacity >= LARGEST or allocate(table, old_capacity * 2) != 0:
        return -ENOMEM
    for i in range(old_capacity):
        if old[i].value != TABLE_NONE:
            table.cells[find(table, old[i].key)] = old[i]
    table.count = count
    free(old)
    return 0
