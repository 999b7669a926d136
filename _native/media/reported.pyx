"""See reported.pxd."""


cdef Since reported_on(
        Reported* reported, const ReportBlock* block, int64_t next,
        uint64_t packets) noexcept nogil:
    cdef Since since
    cdef uint32_t more = block.highest_seq - reported.highest
    cdef int32_t more_lost = block.lost - reported.lost
    cdef int64_t sent = <int64_t>(packets - reported.packets)
    cdef int64_t absent = max(0, next - reported.next - sent)
    cdef int64_t lost = max(0, more_lost - absent) if absent else more_lost
    since.packets = since.lost = 0
    since.share = block.fraction_lost
    if absent:
        since.share = <uint8_t>min((lost << 8) // max(1, sent), since.share)
    if reported.highest and more <= MAX_REPORTED and 0 <= more_lost <= <int32_t>more:
        since.packets = <uint32_t>max(lost, more - absent)
        since.lost = <uint32_t>lost
    reported.highest = block.highest_seq
    reported.lost = block.lost
    reported.next = next
    reported.packets = packets
    return since
