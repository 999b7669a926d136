"""Python face of media/timeline, with the sender's reports that it goes by."""

from fastsfu._native.media.reception cimport Reception, reception_init, reception_on_sr
from fastsfu._native.media.timeline cimport (
    Timeline as CTimeline, timeline_init, timeline_map, timeline_report)
from fastsfu._native.packet.rtcp cimport SenderInfo


cdef class Timeline:
    cdef CTimeline timeline
    cdef Reception reception

    def __init__(self, clock_rate):
        timeline_init(&self.timeline)
        reception_init(&self.reception, 1, clock_rate)

    def packet(self, ext_seq, ts, now_us, witness_us):
        return timeline_map(
            &self.timeline, ext_seq, ts, self.reception.clock_rate, now_us, witness_us)

    def report(self, ntp, rtp_ts, now_us):
        """The RTP timestamp that goes with the report's NTP time."""
        cdef SenderInfo info
        info.ssrc = 1
        info.ntp = ntp
        info.packets = info.octets = 0
        info.rtp_ts = rtp_ts
        info.rtp_ts = timeline_report(&self.timeline, &self.reception, &info, now_us)
        reception_on_sr(&self.reception, &info, now_us)
        return info.rtp_ts
