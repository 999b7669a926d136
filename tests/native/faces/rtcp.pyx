from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport free, malloc

from fastsfu._native.packet.rtcp cimport (
    Feedback, ReportBlock, RtcpPacket, SenderInfo, rtcp_fir_names, rtcp_next, rtcp_read_bye,
    rtcp_read_feedback, rtcp_read_nack, rtcp_read_remb, rtcp_read_report, rtcp_read_sender_info,
    rtcp_write_bye, rtcp_write_fir, rtcp_write_nack, rtcp_write_pli, rtcp_write_remb,
    rtcp_write_rr, rtcp_write_sdes_cname, rtcp_write_sr,
)

from tests.native.faces.exact cimport exact


cdef list reports(const RtcpPacket* packet):
    cdef ReportBlock block
    cdef int index = 0
    found = []
    while rtcp_read_report(packet, index, &block):
        found.append(block)
        index += 1
    return found


cdef list byes(const RtcpPacket* packet):
    cdef uint32_t ssrc
    cdef int index = 0
    found = []
    while rtcp_read_bye(packet, index, &ssrc):
        found.append(ssrc)
        index += 1
    return found


cdef object remb(const RtcpPacket* packet):
    cdef int64_t bps
    return bps if rtcp_read_remb(packet, &bps) else None


cdef list nacks(const RtcpPacket* packet, int at_a_time):
    cdef uint16_t* seqs = <uint16_t*>malloc(at_a_time * sizeof(uint16_t))
    cdef size_t cursor = 0
    cdef int count = rtcp_read_nack(packet, &cursor, seqs, at_a_time)
    cdef int i
    found = []
    while count:
        found += [seqs[i] for i in range(count)]
        count = rtcp_read_nack(packet, &cursor, seqs, at_a_time)
    free(seqs)
    return found


cdef dict read_all(const RtcpPacket* packet, uint32_t fir_ssrc, int at_a_time):
    """Everything that every reader makes of one packet."""
    cdef SenderInfo sender
    cdef Feedback feedback
    cdef bint has_sender = rtcp_read_sender_info(packet, &sender)
    cdef bint has_feedback = rtcp_read_feedback(packet, &feedback)
    return {
        "type": packet.type,
        "count": packet.count,
        "bytes": packet.data[:packet.size],
        "sender": sender if has_sender else None,
        "reports": reports(packet),
        "feedback": feedback if has_feedback else None,
        "remb": remb(packet),
        "nacks": nacks(packet, at_a_time),
        "fir": bool(rtcp_fir_names(packet, fir_ssrc)),
        "byes": byes(packet),
    }


def walk(bytes compound, uint32_t fir_ssrc=0, int at_a_time=100):
    """(each packet as the readers see it, whether the end was reached)."""
    cdef RtcpPacket packet
    cdef size_t offset = 0
    cdef size_t size = len(compound)
    cdef uint8_t* copy = exact(compound)
    found = []
    while rtcp_next(copy, size, &offset, &packet):
        found.append(read_all(&packet, fir_ssrc, at_a_time))
    free(copy)
    return found, offset == size


cdef class Room:
    """Memory of exactly the size that the .pxd promises to suffice."""
    cdef uint8_t* data

    def __cinit__(self, size_t size):
        self.data = <uint8_t*>malloc(size)

    def __dealloc__(self):
        free(self.data)


def write_reports(sender, uint32_t ssrc, list blocks):
    """An SR when there is sender info (a dict), else an RR."""
    cdef ReportBlock[31] native
    cdef SenderInfo info
    cdef Room room = Room((8 if sender is None else 28) + 24 * len(blocks))
    cdef size_t size
    for index, block in enumerate(blocks):
        native[<int>index] = block
    if sender is None:
        size = rtcp_write_rr(room.data, ssrc, native, len(blocks))
    else:
        info = sender
        size = rtcp_write_sr(room.data, &info, native, len(blocks))
    return room.data[:size]


def write_cname(uint32_t ssrc, bytes cname):
    cdef Room room = Room(14 + len(cname))
    cdef size_t size = rtcp_write_sdes_cname(room.data, ssrc, cname, len(cname))
    return room.data[:size]


def write_bye(list ssrcs):
    cdef Room room = Room(4 + 4 * len(ssrcs))
    cdef uint32_t[31] native
    cdef size_t size
    for index, ssrc in enumerate(ssrcs):
        native[<int>index] = ssrc
    size = rtcp_write_bye(room.data, native, len(ssrcs))
    return room.data[:size]


def write_nack(uint32_t sender_ssrc, uint32_t media_ssrc, list seqs):
    cdef Room room = Room(12 + 4 * len(seqs))
    cdef uint16_t* native = <uint16_t*>malloc(len(seqs) * sizeof(uint16_t) + 1)
    cdef size_t size
    for index, seq in enumerate(seqs):
        native[<int>index] = seq
    size = rtcp_write_nack(room.data, sender_ssrc, media_ssrc, native, len(seqs))
    free(native)
    return room.data[:size]


def write_pli(uint32_t sender_ssrc, uint32_t media_ssrc):
    cdef Room room = Room(12)
    cdef size_t size = rtcp_write_pli(room.data, sender_ssrc, media_ssrc)
    return room.data[:size]


def write_fir(uint32_t sender_ssrc, uint32_t media_ssrc, uint8_t command):
    cdef Room room = Room(20)
    cdef size_t size = rtcp_write_fir(room.data, sender_ssrc, media_ssrc, command)
    return room.data[:size]


def write_remb(uint32_t sender_ssrc, int64_t bps, list ssrcs):
    cdef Room room = Room(20 + 4 * len(ssrcs))
    cdef uint32_t[255] native
    cdef size_t size
    for index, ssrc in enumerate(ssrcs):
        native[<int>index] = ssrc
    size = rtcp_write_remb(room.data, sender_ssrc, bps, native, len(ssrcs))
    return room.data[:size]
