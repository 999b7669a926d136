"""Python face of media/lateness, for its tests."""

from libc.string cimport memset

from fastsfu._native.media.lateness cimport (
    LATENESS_BYTES, Lateness as CLateness, lateness_on_packet, lateness_write)


cdef class Lateness:
    cdef CLateness lateness

    def __init__(self):
        memset(&self.lateness, 0, sizeof(CLateness))

    def packet(self, now_us, late_us=0):
        lateness_on_packet(&self.lateness, late_us, now_us)

    def sender_says(self):
        self.lateness.said = True

    def said(self, now_us):
        """The extension that packets have; None: they have none."""
        cdef unsigned char out[LATENESS_BYTES]
        if not lateness_write(&self.lateness, out, now_us):
            return None
        return bytes(out[:LATENESS_BYTES])
