"""See voices.pxd."""

from fastsfu._native.media.voices cimport MAX_VOICES, voices_limit, voices_new, voices_release

MOST_VOICES = MAX_VOICES


cdef class RoomVoices:
    def __cinit__(self, int limit):
        self.board = voices_new(checked(limit))
        if self.board == NULL:
            raise MemoryError

    def __dealloc__(self):
        if self.board != NULL:
            voices_release(self.board)

    def set_limit(self, int limit):
        voices_limit(self.board, checked(limit))


cdef int checked(int limit) except -1:
    if not 0 <= limit <= MAX_VOICES:
        raise ValueError(f"0 to {MAX_VOICES} voices, not {limit}")
    return limit
