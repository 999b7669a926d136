"""The codecs the SFU knows, and the only question it asks of a payload now: does a keyframe begin
here?

One module a codec (vp8, vp9, h264, av1); this one picks by codec."""

from libc.stdint cimport uint8_t

cpdef enum Codec:
    CODEC_OTHER = 0           # forwarded unread: audio, and what needs no keyframe
    CODEC_OPUS
    CODEC_PCMU
    CODEC_PCMA
    CODEC_VP8
    CODEC_VP9
    CODEC_H264
    CODEC_AV1
    CODEC_RED                 # Opus, each piece twice (packet/red)

# True on a packet with which a decoder can start: the first of a keyframe, of parameter sets or of
# an IDR picture, of a new coded video sequence. With H.264 both the parameter sets and the IDR
# behind them say True. For CODEC_OTHER and audio: always True; an empty video payload: False.
cdef bint codec_starts_keyframe(Codec codec, const uint8_t* payload, size_t size) noexcept nogil
