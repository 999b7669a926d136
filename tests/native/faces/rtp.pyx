from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memset

from fastsfu._native.packet.rtp cimport (
    EXT_KINDS, RtpExtensions, RtpHeader, rtp_extensions, rtp_parse, rtp_payload_size)

from tests.native.faces.exact cimport exact, free

KINDS = EXT_KINDS


def parse(bytes packet):
    """The header as a dict, None when malformed."""
    cdef RtpHeader header
    cdef uint8_t* copy = exact(packet)
    cdef bint good = rtp_parse(copy, len(packet), &header)
    free(copy)
    return header if good else None


cdef void fill(uint8_t* kind_of_id, dict kinds):
    memset(kind_of_id, 255, 256)
    for element_id, kind in kinds.items():
        kind_of_id[<uint8_t>element_id] = kind


def extensions(bytes packet, dict kinds):
    """({kind: value}, whether all elements were whole); kinds: {id: kind}."""
    cdef uint8_t[256] kind_of_id
    cdef RtpHeader header
    cdef RtpExtensions found
    cdef uint8_t* copy = exact(packet)
    cdef bint good
    cdef int kind
    fill(kind_of_id, kinds)
    if not rtp_parse(copy, len(packet), &header):
        free(copy)
        raise ValueError("malformed")
    good = rtp_extensions(copy, &header, kind_of_id, &found)
    values = {}
    for kind in range(<int>EXT_KINDS):
        if found.size[kind]:
            values[kind] = copy[found.offset[kind]:found.offset[kind] + found.size[kind]]
    free(copy)
    return values, bool(good)


def payload_size(bytes packet):
    """-1: wrong padding."""
    cdef RtpHeader header
    cdef uint8_t* copy = exact(packet)
    cdef int size
    if not rtp_parse(copy, len(packet), &header):
        free(copy)
        raise ValueError("malformed")
    size = rtp_payload_size(copy, len(packet), &header)
    free(copy)
    return size


def parse_many(bytes packet, dict kinds, uint32_t rounds):
    """Header and extensions, again and again; how often both were good."""
    cdef uint8_t[256] kind_of_id
    cdef RtpHeader header
    cdef RtpExtensions found
    cdef uint8_t* copy = exact(packet)
    cdef size_t size = len(packet)
    cdef uint32_t good = 0
    cdef uint32_t _turn
    fill(kind_of_id, kinds)
    with nogil:
        for _turn in range(rounds):
            good += (
                rtp_parse(copy, size, &header)
                and rtp_extensions(copy, &header, kind_of_id, &found))
    free(copy)
    return good
