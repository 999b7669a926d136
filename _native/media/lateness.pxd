"""How late repaired packets of a sender's pictures come, for the jitter buffers of their receivers.

A receiver makes allowance for the repeats that it asks for itself. What was lost on the way here
and asked for by us comes late to it without its knowing why: it takes that for an exception, so
that pictures wait for one another, and are shown all at once or not at all. Where it is none, the
packets say how long a picture is to be held at least, until its repairs are there: by the header
extension playout-delay of webrtc.org, two bounds of 12 bits in hundredths of a second. All pictures
of a sender say the same: they come the same way, and a receiver that changes from one encoding to
another goes by what it was told last.
"""

from libc.stdint cimport int64_t, uint8_t

cdef enum:
    LATENESS_BYTES = 3            # of the extension

cdef struct Lateness:
    int64_t late_us               # of repaired packets, rather the later ones; 0 = none came
    double share                  # of packets that were repaired, over the last few hundred
    int64_t until_us              # they are allowed for; 0 = they never were
    bint said                     # by the sender itself

# late_us: how long it was missing, if it was asked for; 0: else.
cdef void lateness_on_packet(Lateness* lateness, int64_t late_us, int64_t now_us) noexcept nogil
# Write what packets are to say. False: nothing, and nothing was said before.
cdef bint lateness_write(const Lateness* lateness, uint8_t* out, int64_t now_us) noexcept nogil
