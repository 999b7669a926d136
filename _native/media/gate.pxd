"""What of a stream is passed on: nothing while its source is off; of a voice the parts for which it
is chosen (media/voices), without a gap in its numbers.

What is not passed on stays behind the gate for a moment, so that the beginning of a word comes out
with what makes its speaker chosen. Numbers are the gate's from here on, so no receiver, here or
on another worker, has anything to do when it opens or shuts.

Invariant: what passes is numbered on without a gap but for what was lost, and none of it twice.
"""

from libc.stdint cimport int64_t, uint8_t

from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.voices cimport Voice

cdef enum:
    LOOK_BACK = 4                 # packets: the claim of loudness rises within three
    BARE = 2                      # packets that redundant sound reaches back (media/redundancy)
    LOOK_BACK_US = 100000         # what is older is another word's end

cdef struct Gate:                 # zero, and open, at first
    bint paused                   # its sender says that it is off: nothing is even held
    uint8_t bare                  # packets to come that say older ones again, from when it was off
    Voice voice                   # among those of its room
    # of sound
    bint shut
    bint used                     # something has passed
    int64_t since                 # first number, as it came, that passes since it has opened
    int64_t shift                 # taken off numbers
    int64_t last                  # the newest that has passed, as it was passed on
    MediaPacket held[LOOK_BACK]   # while it is shut, oldest first
    int held_count

# One that passes: numbered anew. False: it comes late, from while the gate was shut. `held` has to
# leave before it, see gate_open.
cdef bint gate_pass(Gate* gate, MediaPacket* packet) noexcept nogil
# The gate opens with this packet: those that are held and not too old are to pass before it, in
# order: the caller takes their holds over, and then sets held_count to 0. Others are let go of.
cdef void gate_open(Gate* gate, const MediaPacket* packet) noexcept nogil
# One that does not pass: takes over its hold.
cdef void gate_hold(Gate* gate, const MediaPacket* packet) noexcept nogil
# Nothing of what is held is to come out.
cdef void gate_forget(Gate* gate) noexcept nogil
