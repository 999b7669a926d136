"""See keyframe.pxd."""

from libc.string cimport memmove

from fastsfu._native.media.stream cimport KEYFRAME_ASKS, MediaKind


cdef void want_keyframe(InboundStream* stream) noexcept nogil:
    stream.keyframe_wanted = stream.kind == MediaKind.VIDEO


cdef bint keyframe_granted(OutboundStream* stream, int64_t now_us) noexcept nogil:
    cdef int64_t* asks = stream.keyframe_asks_us
    if now_us - asks[KEYFRAME_ASKS - 1] < KEYFRAME_APART_US or now_us - asks[0] < KEYFRAME_ASKS_US:
        return False
    memmove(asks, asks + 1, (KEYFRAME_ASKS - 1) * sizeof(int64_t))
    asks[KEYFRAME_ASKS - 1] = now_us
    return True


cdef bint keyframe_due(InboundStream* stream, int64_t now_us) noexcept nogil:
    if stream.kind != MediaKind.VIDEO or not stream.bound or stream.gate.paused:
        return False
    if not stream.keyframe_wanted and stream.waiting == 0:
        return False
    if now_us - stream.keyframe_asked_us < KEYFRAME_INTERVAL_US:
        return False
    stream.keyframe_wanted = False
    stream.keyframe_asked_us = now_us
    return True
