"""One participant's BUNDLE as the worker holds it: the path that ICE found, the SRTP keys that DTLS
agreed, the streams.

A transport, its streams and their keys belong to one worker thread for life.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.base.bucket cimport Bucket
from fastsfu._native.base.pool cimport Buffer
from fastsfu._native.base.table cimport Table
from fastsfu._native.bwe.estimator cimport Estimator
from fastsfu._native.bwe.pacer cimport Pacer
from fastsfu._native.bwe.twcc cimport TwccReceiver
from fastsfu._native.crypto.srtp cimport SrtpContext
from fastsfu._native.media.lateness cimport Lateness
from fastsfu._native.media.stats cimport StreamStats
from fastsfu._native.media.stream cimport InboundStream, OutboundStream
from fastsfu._native.net.socket_address cimport Destination
from fastsfu._native.packet.rtp cimport EXT_KINDS
from fastsfu._native.peer.consent cimport Consent
from fastsfu._native.peer.former cimport Formers
from fastsfu._native.peer.ice cimport IceAgent

cdef enum:
    NO_EXTENSION = 255            # in kind_of_id
    DEFAULT_RTT_US = 100000       # until a report says better
    # A sender may begin as soon as its side of the handshake is done: ffmpeg's first keyframe comes
    # with its Finished.
    EARLY_PACKETS = 128
    # datagrams passed to the event loop for one transport: a handshake takes about ten
    DTLS_PER_SECOND = 100
    # and those with data channels' packets in them: 19 Mbit/s, beyond which SCTP slows down
    DTLS_DATA_PER_SECOND = 2000
    HEARD_APART_US = 100000
    # changes of path told to it: a client roams now and then, and starts with a few pairs
    PATHS_PER_SECOND = 10

# What an SSRC of this transport means: the low two bits of a value in `by_ssrc`, the stream's index
# above them.
cdef enum SsrcRole:
    SSRC_INBOUND = 0
    SSRC_INBOUND_RTX = 1
    SSRC_OUTBOUND = 2
    SSRC_OUTBOUND_RTX = 3

cdef struct Share:                # of an estimate among the streams (forwarding/allocation)
    int64_t shared_us             # when that was done last, and how much there was
    int64_t shared_bps
    int64_t short_us              # since when what flows does not fit; 0 = it does
    int64_t raised_us             # when one of them went a step up last
    int64_t held_us               # none goes up until then,
    int64_t hold_us               # which was so long
    int64_t back_us               # when the link was last back, after nothing came of it
    int64_t sound_bps             # that sound takes, over some two seconds
    int64_t sound_most_bps        # most of that of late,
    int64_t sound_most_us         # and when it was so
    int64_t sound_us              # when it was measured
    int sound_count               # how often, up to as many as count
    uint64_t sound_bytes          # sent until then
    Bucket repeats                # of all streams (media/repeats)

cdef struct Demand:               # what a sender was told of it (worker/demand)
    int64_t bps
    int64_t told_us
    int64_t due_us                # it is looked at again then

cdef struct Transport:
    # what each packet to it asks for, in the first two lines of cache
    Destination* destination      # the selected path, before that the first valid one; or NULL
    bint keyed                    # the SRTP contexts are open
    bint spoken                   # DTLS has been sent
    bint expired                  # no authentic check in time: nothing is sent until a restart
    uint8_t id_of_kind[EXT_KINDS] # negotiated id of a header extension, 0 = not negotiated
    Estimator* estimator          # of what fits to the client; NULL: it receives nothing
    Pacer* pacer                  # NULL: nothing to it is numbered
    SrtpContext send
    # the rest
    uint64_t handle
    IceAgent ice
    Consent consent
    Address local                 # ours on the path to consent.current
    int64_t consent_timeout_us
    int64_t heard_us              # RTCP, or a check on the selected path, came; see below
    int64_t heard_before_us       # the time before that
    bint expiry_told              # to the event loop; again each second while its ring is full
    uint64_t by_address_keys[4]   # keys of ice.paths in the worker's table (ICE_MAX_PATHS)
    Buffer** early                # SRTP that came before the keys, as received; NULL until one does
    int early_count
    SrtpContext receive
    uint8_t kind_of_id[256]       # ExtensionKind by negotiated id, or NO_EXTENSION
    uint32_t ssrc                 # of our RTCP when we send no media of our own
    Table by_ssrc
    Formers former                # streams that have ended
    InboundStream** inbound
    int inbound_count
    int inbound_capacity
    OutboundStream** outbound
    int outbound_count
    int outbound_capacity
    TwccReceiver* twcc            # NULL when not negotiated
    int64_t twcc_due_us
    uint32_t twcc_media_ssrc      # any SSRC of the sender (the draft leaves it free)
    int sender_place              # in the worker's list of transports that send; -1 = not in it
    uint32_t rtt_us
    int64_t answer_us             # how long a NACK to it takes to be answered; 0 = unknown
    Lateness lateness             # of the repairs of its pictures
    int64_t dtls_window_us        # DTLS datagrams are counted from then on
    int dtls_count
    int dtls_data_count
    bint paced                    # in the worker's list of those whose pacer has something to do
    Share share
    Demand demand
    int64_t paths_window_us       # changes of path are counted from then on
    int paths_count
    StreamStats* stats

cdef Transport* transport_new() noexcept nogil                     # NULL: out of memory
cdef void transport_free(Transport* transport) noexcept nogil      # its streams have been freed
# 0, or -1: out of memory
cdef int transport_add_inbound(Transport* transport, InboundStream* stream) noexcept nogil
cdef int transport_add_outbound(Transport* transport, OutboundStream* stream) noexcept nogil
cdef void transport_remove_inbound(Transport* transport, InboundStream* stream) noexcept nogil
cdef void transport_remove_outbound(Transport* transport, OutboundStream* stream) noexcept nogil
# Estimate what fits to the client, by transport-wide numbers or without. 0, or -1: out of memory.
cdef int transport_estimate(
    Transport* transport, bint numbered, int64_t now_us) noexcept nogil
# Bind an SSRC to a stream's role; replaces what it meant before. 0, or -1: out of memory.
cdef int transport_bind(
    Transport* transport, uint32_t ssrc, uint64_t handle, SsrcRole role) noexcept nogil


cdef inline void transport_heard(Transport* transport, int64_t now_us) noexcept nogil:
    """Something of the peer came that is authentic, and no media."""
    if now_us - transport.heard_us >= HEARD_APART_US:
        transport.heard_before_us = transport.heard_us
        transport.heard_us = now_us


cdef inline int64_t transport_witness(const Transport* transport, int64_t now_us) noexcept nogil:
    """When it last did; not right now, since what was held up on the way comes all at once."""
    if now_us - transport.heard_us >= HEARD_APART_US:
        return transport.heard_us
    return transport.heard_before_us
