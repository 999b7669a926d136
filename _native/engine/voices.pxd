"""A room's choice of voices (media/voices), as Python holds it; the contract is in voices.pyi."""

from fastsfu._native.media.voices cimport Voices

cdef class RoomVoices:
    cdef Voices* board        # held; the workers that hear its voices have their own holds
