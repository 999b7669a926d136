"""Python face of media/voices, for its tests."""

from fastsfu._native.media.voices cimport (
    Voice as CVoice, Voices, voice_join, voice_leave, voice_passes, voice_pin, voice_rest,
    voices_hold, voices_limit, voices_new, voices_release)


cdef class Room:
    cdef Voices* board

    def __cinit__(self, limit):
        self.board = voices_new(limit)

    def __dealloc__(self):
        voices_release(self.board)

    def limit(self, limit):
        voices_limit(self.board, limit)


cdef class Voice:
    cdef CVoice voice

    def __cinit__(self, Room room):
        voices_hold(room.board)
        voice_join(&self.voice, room.board)

    def __dealloc__(self):
        voice_leave(&self.voice)

    def rest(self):
        voice_rest(&self.voice)

    def pin(self, always):
        voice_pin(&self.voice, always)

    def passes(self, claim, smoothed, now_us):
        return bool(voice_passes(&self.voice, claim, smoothed, now_us))
