"""Python face of bwe/twcc and of the reader of packet/twcc, for their tests."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

from fastsfu._native.bwe.twcc cimport (
    TWCC_WINDOW, TwccReceiver, twcc_init, twcc_on_packet, twcc_tell)
from fastsfu._native.packet.rtcp cimport RtcpPacket, rtcp_next
from fastsfu._native.packet.twcc cimport (
    TWCC_STATUSES_READ, Arrival, TwccReader, twcc_open, twcc_read)

from tests.native.faces.exact cimport exact

WINDOW = TWCC_WINDOW
STATUSES_READ = TWCC_STATUSES_READ


def read(bytes compound, int at_a_time=64):
    """[(number, arrival in ticks or None)] of the first packet; None: it is refused."""
    cdef uint8_t* data = exact(compound)
    cdef Arrival* arrivals = <Arrival*>malloc(at_a_time * sizeof(Arrival))
    cdef RtcpPacket packet
    cdef TwccReader reader
    cdef size_t offset = 0
    cdef int count, i
    try:
        if not rtcp_next(data, len(compound), &offset, &packet):
            return None
        if not twcc_open(&packet, &reader):
            return None
        found = []
        count = twcc_read(&reader, arrivals, at_a_time)
        while count:
            found += [
                (arrivals[i].number, arrivals[i].ticks if arrivals[i].received else None)
                for i in range(count)]
            count = twcc_read(&reader, arrivals, at_a_time)
        return found
    finally:
        free(arrivals)
        free(data)


cdef class Twcc:
    cdef TwccReceiver twcc

    def __init__(self):
        twcc_init(&self.twcc)

    def packet(self, seq, arrival_us):
        twcc_on_packet(&self.twcc, seq, arrival_us)

    def write(self, size_t capacity=1200, sender_ssrc=1, media_ssrc=2):
        """One feedback packet, or None when there is nothing to tell."""
        cdef uint8_t out[4096]
        cdef size_t i, size
        if capacity > sizeof(out):
            raise ValueError(f"capacity {capacity} is beyond {sizeof(out)}")
        for i in range(sizeof(out)):
            out[i] = 0xEE
        size = twcc_tell(&self.twcc, out, capacity, sender_ssrc, media_ssrc)
        for i in range(size, sizeof(out)):
            if out[i] != 0xEE:
                raise AssertionError(f"wrote at {i}, beyond its size {size}")
        return bytes(out[:size]) if size else None

    @property
    def unreported(self):
        return self.twcc.unreported

    def stream(self, uint32_t count, uint32_t every):
        """Take `count` packets and write feedback `every` so many, for the benchmark."""
        cdef uint8_t out[4096]
        cdef uint32_t i
        cdef uint64_t size = 0
        with nogil:
            for i in range(count):
                twcc_on_packet(&self.twcc, <unsigned short>i, <uint64_t>i * 1000)
                if i % every == 0:
                    size += twcc_tell(&self.twcc, out, 1200, 1, 2)
        return size
