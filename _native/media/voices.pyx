"""See voices.pxd."""

from libc.stdlib cimport calloc, free

from fastsfu._native.base.atomic cimport (
    add_u32, load_acquire, load_u32, replace_word, store_u32,
)
from fastsfu._native.media.packet cimport NO_LEVEL

cdef enum:
    # A seat: number of the voice << 32 | milliseconds << LOUDNESS_BITS | eighths of a dB
    LOUDNESS_BITS = 10
    LOUDNESS_MASK = 0x3FF
    TIME_MASK = 0x3FFFFF      # comes round after 70 minutes
    DIGITAL_SILENCE = 127     # -dBov


cdef Voices* voices_new(uint32_t limit) noexcept nogil:
    cdef Voices* voices = <Voices*>calloc(1, sizeof(Voices))
    if voices != NULL:
        voices.holders = 1
        voices.limit = min(limit, <uint32_t>MAX_VOICES)
    return voices


cdef void voices_hold(Voices* voices) noexcept nogil:
    add_u32(&voices.holders, 1)


cdef void voices_release(Voices* voices) noexcept nogil:
    if add_u32(&voices.holders, <uint32_t>-1) == 0:
        free(voices)


cdef void voices_limit(Voices* voices, uint32_t limit) noexcept nogil:
    store_u32(&voices.limit, min(limit, <uint32_t>MAX_VOICES))


cdef void voice_join(Voice* voice, Voices* room) noexcept nogil:
    voice.room = room
    voice.number = add_u32(&room.issued, 1)
    voice.seat = NO_SEAT
    voice.claim = NO_LEVEL
    voice.unchanged = 0


cdef void voice_leave(Voice* voice) noexcept nogil:
    if voice.room != NULL:
        voice_rest(voice)
        voices_release(voice.room)
        voice.room = NULL


cdef void voice_rest(Voice* voice) noexcept nogil:
    cdef uint64_t word
    if voice.room == NULL or voice.seat == NO_SEAT:
        return
    word = load_acquire(&voice.room.seats[voice.seat])
    if word >> 32 == voice.number:
        replace_word(&voice.room.seats[voice.seat], &word, 0)
    voice.seat = NO_SEAT


cdef void voice_pin(Voice* voice, bint always) noexcept nogil:
    voice_rest(voice)
    voice.always = always


cdef bint voice_passes(
        Voice* voice, uint8_t claim, float smoothed, int64_t now_us) noexcept nogil:
    cdef Voices* room = voice.room
    cdef int limit = <int>load_u32(&room.limit), first = 0
    cdef uint32_t loudness = min(<uint32_t>(smoothed * 8), <uint32_t>LOUDNESS_MASK)
    if limit == 0 or voice.always:
        return True
    if claim != NO_LEVEL:
        voice.unchanged = min(voice.unchanged + 1, CONSTANT) if claim == voice.claim else 0
        voice.claim = claim
    if voice.unchanged == CONSTANT and claim & 0x7F == DIGITAL_SILENCE:
        voice_rest(voice)
        return False
    if claim == NO_LEVEL or voice.unchanged == CONSTANT:
        first, loudness = MAX_VOICES, 0
    if first <= voice.seat < first + limit and refresh(voice, loudness, now_us):
        return True
    voice_rest(voice)
    return take(voice, first, limit, loudness, now_us)


cdef bint refresh(Voice* voice, uint32_t loudness, int64_t now_us) noexcept nogil:
    """False: the seat is another's."""
    cdef uint64_t* seat = &voice.room.seats[voice.seat]
    cdef uint64_t word = load_acquire(seat)
    if word >> 32 != voice.number:
        return False
    return replace_word(
        seat, &word, written(voice.number, max(loudness, weight(word, now_us)), now_us))


cdef bint take(
        Voice* voice, int first, int limit, uint32_t loudness, int64_t now_us) noexcept nogil:
    """The first free seat, else the quietest. Whom another one overtakes tries with its next
    packet.
    """
    cdef uint64_t word, easiest = 0
    cdef uint32_t held, least = LOUDNESS_MASK + 1
    cdef int i, seat = NO_SEAT
    for i in range(first, first + limit):
        word = load_acquire(&voice.room.seats[i])
        if word == 0 or elapsed_ms(word, now_us) > HOLD_MS:
            seat, easiest, least = i, word, 0
            break
        held = weight(word, now_us) + MARGIN
        if held < least:
            seat, easiest, least = i, word, held
    if loudness < least:
        return False
    if not replace_word(
            &voice.room.seats[seat], &easiest, written(voice.number, loudness, now_us)):
        return False
    voice.seat = seat
    return True


cdef inline uint64_t written(uint32_t number, uint32_t loudness, int64_t now_us) noexcept nogil:
    cdef uint64_t ms = <uint64_t>(now_us // 1000) & TIME_MASK
    return <uint64_t>number << 32 | ms << LOUDNESS_BITS | loudness


cdef inline uint32_t elapsed_ms(uint64_t word, int64_t now_us) noexcept nogil:
    """Since it was written; 0 if another worker did so later than it is here."""
    cdef uint32_t ms = <uint32_t>(
        (<uint64_t>(now_us // 1000) - (word >> LOUDNESS_BITS & TIME_MASK)) & TIME_MASK)
    return ms if ms <= TIME_MASK // 2 else 0


cdef inline uint32_t weight(uint64_t word, int64_t now_us) noexcept nogil:
    """How loud its holder counts now."""
    cdef uint32_t loudness = word & LOUDNESS_MASK
    return loudness - min(loudness, elapsed_ms(word, now_us) * FALL // 1000)
