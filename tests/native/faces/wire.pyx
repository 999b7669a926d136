from libc.stdint cimport int64_t, uint8_t, uint16_t, uint64_t

from fastsfu._native.base.seq cimport seq_diff, seq_extend
from fastsfu._native.base.wire cimport (
    read_u16, read_u24, read_u32, read_u64, write_u16, write_u24, write_u32, write_u64)

from tests.native.faces.exact cimport exact, free


def read(bytes data):
    """As big-endian number of 2, 3, 4 or 8 bytes."""
    cdef uint8_t* copy = exact(data)
    cdef uint64_t value
    if len(data) == 2:
        value = read_u16(copy)
    elif len(data) == 3:
        value = read_u24(copy)
    elif len(data) == 4:
        value = read_u32(copy)
    else:
        value = read_u64(copy)
    free(copy)
    return value


def write(uint64_t value, int size):
    cdef uint8_t[8] out
    if size == 2:
        write_u16(out, <uint16_t>value)
    elif size == 3:
        write_u24(out, value)
    elif size == 4:
        write_u32(out, value)
    else:
        write_u64(out, value)
    return out[:size]


def diff(uint16_t a, uint16_t b):
    return seq_diff(a, b)


def extend(uint16_t seq, int64_t near):
    return seq_extend(seq, near)
