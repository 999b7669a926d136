"""Python face of media/vp8_numbers: packets by their payload descriptors."""

from libc.stdint cimport uint8_t

from fastsfu._native.media.vp8_numbers cimport (
    Vp8Numbers as CVp8Numbers, vp8_numbers_init, vp8_numbers_map, vp8_numbers_skip,
    vp8_numbers_start)
from fastsfu._native.packet.vp8 cimport Vp8Descriptor, vp8_parse

from tests.native.faces.exact cimport exact, free


cdef Vp8Descriptor parsed(bytes payload) except *:
    cdef Vp8Descriptor descriptor
    cdef uint8_t* copy = exact(payload)
    cdef bint good = vp8_parse(copy, len(payload), &descriptor)
    free(copy)
    if not good:
        raise ValueError("malformed")
    return descriptor


cdef class Vp8Numbers:
    cdef CVp8Numbers numbers

    def __init__(self, bytes last):
        cdef Vp8Descriptor descriptor = parsed(last)
        vp8_numbers_init(&self.numbers, &descriptor)

    def start(self, bytes first):
        cdef Vp8Descriptor descriptor = parsed(first)
        vp8_numbers_start(&self.numbers, &descriptor)

    def skip(self, bytes payload):
        cdef Vp8Descriptor descriptor = parsed(payload)
        vp8_numbers_skip(&self.numbers, &descriptor)

    def map(self, bytes payload):
        """(picture id, TL0PICIDX, KEYIDX), or None when the packet is to be dropped."""
        cdef Vp8Descriptor descriptor = parsed(payload)
        if not vp8_numbers_map(&self.numbers, &descriptor):
            return None
        return descriptor.picture_id, descriptor.tl0picidx, descriptor.keyidx
