"""RTP fixed header (RFC 3550 section 5.1) and its extension (RFC 8285). The header is readable
before SRTP is undone; padding only after it.

     0                   1                   2                   3
    |V=2|P|X|  CC   |M|     PT      |       sequence number         |
    |                           timestamp                           |
    |           synchronization source (SSRC) identifier            |
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef enum:
    RTP_FIXED_SIZE = 12
    RTP_ONE_BYTE_PROFILE = 0xBEDE
    RTP_TWO_BYTE_PROFILE = 0x1000     # the upper 12 bits; the lower 4 are application bits

# The header extensions that mean something to this SFU; negotiation maps each transport's ids to
# these.
cpdef enum ExtensionKind:
    EXT_MID = 0                       # urn:ietf:params:rtp-hdrext:sdes:mid (RFC 9143)
    EXT_RID                           # urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id (RFC 8852)
    EXT_REPAIRED_RID                  # ...:sdes:repaired-rtp-stream-id (RFC 8852)
    EXT_TRANSPORT_SEQ                 # draft-holmer-rmcat-transport-wide-cc-extensions-01
    EXT_AUDIO_LEVEL                   # urn:ietf:params:rtp-hdrext:ssrc-audio-level (RFC 6464)
    EXT_DEPENDENCY                    # dependency descriptor (packet/dependency)
    EXT_CONTENT_TYPE                  # webrtc.org's video-content-type: camera or screen
    EXT_PLAYOUT_DELAY                 # webrtc.org's playout-delay: bounds that the sender wishes
    EXT_CAPTURE_TIME                  # webrtc.org's abs-capture-time: by the sender's own clock
    EXT_KINDS                         # how many

cdef struct RtpHeader:
    uint8_t pt
    bint marker
    bint has_padding                  # the P bit
    uint16_t seq
    uint32_t ts
    uint32_t ssrc
    uint16_t header_size              # fixed header + CSRCs + extension: where the payload begins
    uint16_t extension_profile        # 0 when there is no extension
    uint16_t extension_offset         # of its first element, behind profile and length
    uint16_t extension_size           # bytes of its elements

# Where each known extension's value stands in the packet; sizes 0 = absent.
cdef struct RtpExtensions:
    uint16_t offset[EXT_KINDS]
    uint8_t size[EXT_KINDS]

# False: malformed (version, truncated CSRCs or extension).
cdef bint rtp_parse(const uint8_t* packet, size_t size, RtpHeader* header) noexcept nogil
# `kind_of_id[id]` (id 0..255) is an ExtensionKind or 255. False: an element runs beyond the
# extension; those before it were found.
cdef bint rtp_extensions(
    const uint8_t* packet, const RtpHeader* header, const uint8_t* kind_of_id,
    RtpExtensions* found) noexcept nogil
# Payload bytes without padding of a decrypted packet of `size` bytes; -1: the padding count is
# wrong.
cdef int rtp_payload_size(
    const uint8_t* packet, size_t size, const RtpHeader* header) noexcept nogil
