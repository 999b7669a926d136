from fastsfu._native.packet.av1 cimport av1_starts_keyframe
from fastsfu._native.packet.h264 cimport h264_starts_keyframe
from fastsfu._native.packet.vp8 cimport vp8_starts_keyframe
from fastsfu._native.packet.vp9 cimport vp9_starts_keyframe


cdef bint codec_starts_keyframe(Codec codec, const uint8_t* payload, size_t size) noexcept nogil:
    if codec == CODEC_VP8:
        return vp8_starts_keyframe(payload, size)
    if codec == CODEC_VP9:
        return vp9_starts_keyframe(payload, size)
    if codec == CODEC_H264:
        return h264_starts_keyframe(payload, size)
    if codec == CODEC_AV1:
        return av1_starts_keyframe(payload, size)
    return True
