"""Python face of media/levels, for its tests."""

from libc.stdint cimport uint8_t

from fastsfu._native.media.levels cimport (
    Level as CLevel, level_init, level_on_packet, level_silence)


cdef class Level:
    cdef CLevel level

    def __init__(self):
        level_init(&self.level)

    def packet(self, value, now_us):
        """The level worth reporting, or None."""
        cdef uint8_t report
        return report if level_on_packet(&self.level, value, now_us, &report) else None

    def silence(self):
        cdef uint8_t report
        return report if level_silence(&self.level, &report) else None
