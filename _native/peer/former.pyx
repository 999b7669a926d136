"""SSRCs of streams that have ended; see former.pxd."""

from libc.stdlib cimport calloc
from libc.string cimport memcmp, memcpy


cdef void former_keep(Formers* formers, const InboundStream* stream) noexcept nogil:
    cdef Former* former = find(formers, stream)
    if not stream.bound or stream.mid_size == 0:
        return
    if former == NULL:
        former = place(formers)
        if former == NULL:
            return
        former.mid_size = stream.mid_size
        memcpy(former.mid, stream.mid, stream.mid_size)
        former.rid_size = stream.rid_size
        memcpy(former.rid, stream.rid, stream.rid_size)
    former.ssrc = stream.ssrc
    former.rtx_ssrc = stream.rtx_ssrc


cdef void former_presume(const Formers* formers, InboundStream* stream) noexcept nogil:
    cdef const Former* former = find(formers, stream)
    if former == NULL:
        return
    stream.ssrc = former.ssrc
    stream.rtx_ssrc = former.rtx_ssrc
    stream.bound = stream.presumed = True


cdef Former* find(const Formers* formers, const InboundStream* stream) noexcept nogil:
    cdef Former* former
    cdef int i
    for i in range(formers.count):
        former = &formers.of[i]
        if (former.mid_size == stream.mid_size and former.rid_size == stream.rid_size
                and memcmp(former.mid, stream.mid, stream.mid_size) == 0
                and memcmp(former.rid, stream.rid, stream.rid_size) == 0):
            return former
    return NULL


cdef Former* place(Formers* formers) noexcept nogil:
    cdef Former* former
    if formers.of == NULL:
        formers.of = <Former*>calloc(FORMER_MOST, sizeof(Former))
        if formers.of == NULL:
            return NULL
    former = &formers.of[formers.next]
    formers.next = (formers.next + 1) % FORMER_MOST
    formers.count = min(formers.count + 1, <int>FORMER_MOST)
    return former
