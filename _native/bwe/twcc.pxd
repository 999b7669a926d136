"""Arrivals of transport-wide numbers, as a media receiver tells them
(draft-holmer-rmcat-transport-wide-cc-extensions-01): so that a browser's estimator reaches its
target bitrate. packet/twcc has the wire format."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

cdef enum:
    TWCC_WINDOW = 1024        # transport sequence numbers remembered: a power of two

cdef struct TwccReceiver:
    int64_t arrival_us[TWCC_WINDOW]   # by (extended number % TWCC_WINDOW); -1 = not received
    int64_t first             # extended number the next feedback begins with; -1: no packet yet
    int64_t highest           # extended
    uint32_t unreported       # packets since all was told
    uint8_t feedback_count

cdef void twcc_init(TwccReceiver* twcc) noexcept nogil
# arrival_us: of a monotonic clock, not negative.
cdef void twcc_on_packet(TwccReceiver* twcc, uint16_t seq, int64_t arrival_us) noexcept nogil
# One feedback packet over what came since the last: its size, 0 when there is nothing. Call again
# until 0. capacity >= 64.
cdef size_t twcc_tell(
    TwccReceiver* twcc, uint8_t* out, size_t capacity,
    uint32_t sender_ssrc, uint32_t media_ssrc) noexcept nogil
