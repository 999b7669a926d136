from libc.stdint cimport uint8_t

from fastsfu._native.packet.codec cimport Codec, codec_starts_keyframe

from tests.native.faces.exact cimport exact, free


def starts_keyframe(Codec codec, bytes payload):
    cdef uint8_t* copy = exact(payload)
    cdef bint starts = codec_starts_keyframe(codec, copy, len(payload))
    free(copy)
    return bool(starts)
