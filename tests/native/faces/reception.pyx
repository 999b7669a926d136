"""Python face of media/reception, for its tests."""

from libc.stdint cimport uint32_t, uint64_t

from fastsfu._native.media.reception cimport (
    Reception as CReception, reception_align, reception_init, reception_lost, reception_on_packet,
    reception_on_sr, reception_report, reception_sender_clock)
from fastsfu._native.packet.rtcp cimport ReportBlock, SenderInfo


cdef class Reception:
    cdef CReception reception

    def __init__(self, ssrc, clock_rate):
        reception_init(&self.reception, ssrc, clock_rate)

    def packet(self, ext_seq, ts, arrival_us):
        reception_on_packet(&self.reception, ext_seq, ts, arrival_us)

    def sender_report(self, ntp, rtp_ts, arrival_us):
        cdef SenderInfo info
        info.ssrc = self.reception.ssrc
        info.ntp = ntp
        info.rtp_ts = rtp_ts
        info.packets = 0
        info.octets = 0
        reception_on_sr(&self.reception, &info, arrival_us)

    def report(self, now_us):
        """The report block as a dict."""
        cdef ReportBlock block
        reception_report(&self.reception, &block, now_us)
        return block

    def sender_clock(self, now_us):
        """(NTP time, RTP timestamp), or None before the first sender report."""
        cdef uint64_t ntp
        cdef uint32_t rtp_ts
        if reception_sender_clock(&self.reception, now_us, &ntp, &rtp_ts):
            return ntp, rtp_ts
        return None

    def align(self, Reception other):
        """How far the other's timestamps are behind, or None."""
        cdef uint32_t behind
        if reception_align(&self.reception, &other.reception, &behind):
            return behind
        return None

    @property
    def lost(self):
        return reception_lost(&self.reception)

    @property
    def received(self):
        return self.reception.received

    @property
    def jitter_q4(self):
        return self.reception.jitter_q4
