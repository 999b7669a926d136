"""See numbering.pxd."""


cdef void numbering_init(Numbering* numbering, int64_t first) noexcept nogil:
    numbering.begin = 0
    numbering.offset = first
    numbering.next = first
    numbering.older = NULL


cdef void numbering_keep(Numbering* numbering, Stretches* older) noexcept nogil:
    older.count = 0
    numbering.older = older


cdef void numbering_start(Numbering* numbering, int64_t source) noexcept nogil:
    numbering.begin = source
    numbering.offset = numbering.next - source
    if numbering.older != NULL:
        numbering.older.count = 0


cdef Skip numbering_skip(Numbering* numbering, int64_t source, int64_t* out) noexcept nogil:
    cdef int64_t newest = max(numbering.next - numbering.offset, numbering.begin)
    if source < newest:
        return SKIP_HOLE if numbering_map(numbering, source, out) else SKIP_UNKNOWN
    if source > numbering.begin:  # else the stretch is empty, and begins one later
        remember(numbering)
    numbering.begin = source + 1
    numbering.offset -= 1
    return SKIP_DONE


cdef inline void remember(Numbering* numbering) noexcept nogil:
    cdef Stretch* place
    if numbering.older == NULL:
        return
    place = &numbering.older.past[numbering.older.count & (STRETCHES - 1)]
    place.begin = numbering.begin
    place.offset = numbering.offset
    numbering.older.count += 1


cdef bint numbering_past(const Numbering* numbering, int64_t source, int64_t* out) noexcept nogil:
    cdef int64_t above = numbering.begin + numbering.offset    # first number of the next stretch
    cdef const Stretch* stretch
    cdef int i = 0 if numbering.older == NULL else numbering.older.count
    cdef int lowest = max(i - <int>STRETCHES, 0)
    while i > lowest:
        i -= 1
        stretch = &numbering.older.past[i & (STRETCHES - 1)]
        if source >= stretch.begin:
            out[0] = source + stretch.offset
            return out[0] < above             # else it was skipped
        above = stretch.begin + stretch.offset
    return False


cdef bint numbering_find(
        const Numbering* numbering, int64_t out, int64_t* source) noexcept nogil:
    cdef const Stretch* stretch
    cdef int i = 0 if numbering.older == NULL else numbering.older.count
    cdef int lowest = max(i - <int>STRETCHES, 0)
    source[0] = out - numbering.offset
    if source[0] >= numbering.begin:
        return True
    while i > lowest:
        i -= 1
        stretch = &numbering.older.past[i & (STRETCHES - 1)]
        source[0] = out - stretch.offset
        if source[0] >= stretch.begin:
            return True
    return False
