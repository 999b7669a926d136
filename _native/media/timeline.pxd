"""The RTP clock of a received voice, kept in step with the sender's wall clock.

A sender that pauses may count on from where it stopped, as if no time had passed (libwebrtc does
without a track). From then on its timestamps lag behind the NTP times of its own reports (RFC 3550
section 6.4.1). Receivers take the reports of a minute together, find sound and picture apart, and
hold the picture back. So what it lags is added to all timestamps that follow.

A pause and a packet that was held up on the way look the same. It was a pause when the sender was
heard from meanwhile; what nobody witnessed its next report confirms. A report alone proves nothing:
some senders' are a tenth of a second off now and then. In a pause it says nothing at all of the
clock, which goes on as it did.

How long a pause was is seen by when two packets came, each of which may have waited on its way, or
at its sender: a browser sends what an AudioContext makes three packets at a time, the first of them
late. So each pause is taken for a little too long or too short, which adds up. By how much the
report after it tells, and the next pause makes up for that.

Invariant: what is added never shrinks."""

from libc.stdint cimport int32_t, int64_t, uint32_t

from fastsfu._native.media.reception cimport Reception
from fastsfu._native.packet.rtcp cimport SenderInfo

cdef struct Timeline:
    int64_t newest            # highest extended number so far; -1 before the first packet
    uint32_t last_ts          # its timestamp, as it came
    int64_t last_us           # and its arrival
    int64_t since             # first extended number that `shift` is for
    uint32_t shift
    uint32_t shift_before     # for those that come late from before it
    uint32_t suspect          # what the last unwitnessed gap would come to; 0 = none
    uint32_t owed             # confirmed by a report, for the next new packet
    uint32_t shift_reported   # `shift` at the last report
    int32_t ahead             # of the sender's clock at the last report; < 0: behind it
    int32_t made_up           # of that, since then

cdef void timeline_init(Timeline* timeline) noexcept nogil
# The timestamp to go on with. witness_us: when the sender was last heard from before now by
# anything but media.
cdef uint32_t timeline_map(
    Timeline* timeline, int64_t ext_seq, uint32_t ts, uint32_t clock_rate, int64_t now_us,
    int64_t witness_us) noexcept nogil
# The timestamp to go on with for a sender report; `reception` has the one before, so mapped.
cdef uint32_t timeline_report(
    Timeline* timeline, const Reception* reception, const SenderInfo* info,
    int64_t now_us) noexcept nogil
