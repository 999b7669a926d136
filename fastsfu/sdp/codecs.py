"""What the SFU knows by name: codecs and RTP header extensions, with the native engine's numbers
for them.
"""

from typing import Final

# packet.codec.Codec
AUDIO_CODECS: Final = {"opus": 1, "PCMU": 2, "PCMA": 3}
VIDEO_CODECS: Final = {"VP8": 4, "H264": 6, "VP9": 5, "AV1": 7}

# packet.rtp.ExtensionKind
MID, RID, REPAIRED_RID, TRANSPORT_SEQ, AUDIO_LEVEL, VIDEO_ORIENTATION = range(6)
EXTENSIONS: Final = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": MID,
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": RID,
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": REPAIRED_RID,
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": TRANSPORT_SEQ,
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": AUDIO_LEVEL,
    "urn:3gpp:video-orientation": VIDEO_ORIENTATION,
}
