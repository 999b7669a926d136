"""Which voices of a room are passed on: so many, the loudest.

`Voices` is a room's board of seats, which all workers that hear voices of it share. A seat is one
word: whose it is, how loud they were, and when. Who has one refreshes it with each packet, and so
finds out when it is another's; who has none takes a free seat, or the quietest one when it is
clearly louder. So a packet of a seated voice costs a look at one word, that of another a look at
all seats, and nobody ever looks at the room.

Loudness is what the sender claims of itself (RFC 6464), so it works with end-to-end encryption. A
claim that never changes is worth nothing: it sits with those who claim nothing, which have as many
seats of their own, first come. Digital silence that lasts is not passed on at all.

Invariants: 1. Of each kind at most `limit` voices have a seat. 2. Nobody who says something is
without one while one is free.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    MAX_VOICES = 32           # of each kind
    NO_SEAT = -1
    HOLD_MS = 1000            # a seat outlives its last word: longer than Opus pauses in DTX
    MARGIN = 48               # eighths of a dB by which another one must be louder
    FALL = 160                # eighths of a dB a second: what was said counts less and less
    CONSTANT = 150            # packets of one claim (3 s): nobody's voice is that even

cdef struct Voices:
    uint64_t seats[2 * MAX_VOICES]    # those with claims, then those without
    uint32_t limit            # seats of each kind; 0: all voices are passed on
    uint32_t issued           # numbers given to voices
    uint32_t holders          # the last one frees it

cdef struct Voice:
    Voices* room              # NULL: it is no voice
    bint always               # passed on whatever it says, and takes no seat from the others
    uint32_t number           # in its room, from 1
    int seat                  # the last one that it had, or NO_SEAT
    uint8_t claim             # the last one
    uint16_t unchanged        # packets in a row that claim it

# For one holder; NULL: out of memory.
cdef Voices* voices_new(uint32_t limit) noexcept nogil
cdef void voices_hold(Voices* voices) noexcept nogil
cdef void voices_release(Voices* voices) noexcept nogil
# At most MAX_VOICES; any thread may, at any time.
cdef void voices_limit(Voices* voices, uint32_t limit) noexcept nogil
# Takes over a hold, which voice_leave gives back.
cdef void voice_join(Voice* voice, Voices* room) noexcept nogil
cdef void voice_leave(Voice* voice) noexcept nogil
# It says nothing for now: its seat is free at once.
cdef void voice_rest(Voice* voice) noexcept nogil
cdef void voice_pin(Voice* voice, bint always) noexcept nogil
# A packet: is it passed on? `claim`: the extension's byte, or NO_LEVEL (media/packet); `smoothed`:
# loudness 0..127 (media/levels).
cdef bint voice_passes(
    Voice* voice, uint8_t claim, float smoothed, int64_t now_us) noexcept nogil
