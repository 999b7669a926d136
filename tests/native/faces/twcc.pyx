"""Python face of media/twcc, for its tests."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastsfu._native.media.twcc cimport (
    TWCC_WINDOW, TwccReceiver, twcc_init, twcc_on_packet, twcc_tell)

WINDOW = TWCC_WINDOW


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
