from libc.stdint cimport uint8_t

from fastsfu._native.packet.codec cimport Codec, codec_starts_keyframe
from fastsfu._native.packet.layers cimport codec_height

from tests.native.faces.exact cimport exact, free


def starts_keyframe(Codec codec, bytes payload):
    cdef uint8_t* copy = exact(payload)
    cdef bint starts = codec_starts_keyframe(codec, copy, len(payload))
    free(copy)
    return bool(starts)


def picture_height(Codec codec, bytes payload):
    cdef uint8_t* copy = exact(payload)
    height = codec_height(codec, copy, len(payload), NULL)
    free(copy)
    return height
