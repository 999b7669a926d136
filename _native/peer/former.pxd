"""The SSRCs of a client's streams that have ended, by MID and RID (RFC 9143, RFC 8851).

A sender says MID and RID until a report shows that its SSRC is known, and not again when it sends
the same SSRC after a pause: who shows a screen for the second time does not. Of so many streams the
last ones are kept.
"""

from libc.stdint cimport uint8_t, uint32_t

from fastsfu._native.media.stream cimport MID_CAPACITY, RID_CAPACITY, InboundStream

cdef enum:
    FORMER_MOST = 16

cdef struct Former:
    uint32_t ssrc
    uint32_t rtx_ssrc             # 0 = none was seen
    uint8_t mid_size
    uint8_t rid_size
    uint8_t mid[MID_CAPACITY]
    uint8_t rid[RID_CAPACITY]

cdef struct Formers:              # zeroed before use; `of` is freed by its owner
    Former* of                    # FORMER_MOST places, or NULL until a stream has ended
    uint8_t count
    uint8_t next                  # place of the next one; the oldest is there when all are taken

# A stream of the client ends. Without memory it is forgotten.
cdef void former_keep(Formers* formers, const InboundStream* stream) noexcept nogil
# The new stream is the same section and encoding again, and its SSRCs are presumed to be the same.
cdef void former_presume(const Formers* formers, InboundStream* stream) noexcept nogil
