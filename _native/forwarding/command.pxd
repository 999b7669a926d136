"""The contract between the event loop's thread and a worker: commands one way, events (event.pxd)
the other, each a record in a Ring. Every record begins with its kind and the handle it is about; a
handle that no longer lives makes it a counted no-op. Those about links are in link_command.pxd.
"""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.crypto.dtls_keys cimport SrtpKeys
from fastsfu._native.media.stream cimport CNAME_CAPACITY, MID_CAPACITY, RID_CAPACITY
from fastsfu._native.media.voices cimport Voices
from fastsfu._native.packet.rtp cimport EXT_KINDS
from fastsfu._native.peer.ice cimport IceCredentials

cdef enum:
    MAX_PAYLOAD_TYPES = 32        # of one stream
    MAX_DTLS_BYTES = 2048         # of one DTLS datagram in either direction
    MAX_USER_BYTES = 64           # of the name of a relay's user

cdef enum:                     # CommandKind
    COMMAND_STOP = 0
    COMMAND_CREATE_TRANSPORT
    COMMAND_SET_EXTENSIONS
    COMMAND_RESTART_ICE
    COMMAND_SET_KEYS
    COMMAND_SEND_DTLS
    COMMAND_CLOSE_TRANSPORT
    COMMAND_CREATE_INBOUND
    COMMAND_CLOSE_INBOUND
    COMMAND_PAUSE_INBOUND
    COMMAND_PIN_INBOUND
    COMMAND_CREATE_OUTBOUND
    COMMAND_CLOSE_OUTBOUND
    COMMAND_PAUSE_OUTBOUND
    COMMAND_SET_PREFERENCE
    COMMAND_REQUEST_KEYFRAME
    COMMAND_CONNECT_LINK
    COMMAND_CREATE_REPLICA
    COMMAND_TAP
    COMMAND_UNTAP
    COMMAND_FORGET_CLIENT
    COMMAND_ADMIT_USER
    COMMAND_REVOKE_USER
    COMMAND_KINDS                 # how many there are

cdef struct Head:                 # of every command and event
    uint32_t kind
    uint64_t handle

cdef struct ForgetClient:         # of the relay
    Head head
    Address address

cdef struct RelayUser:            # COMMAND_ADMIT_USER, COMMAND_REVOKE_USER; handle 0
    Head head
    uint32_t size
    uint8_t name[MAX_USER_BYTES]

cdef struct CreateTransport:
    Head head
    IceCredentials ice
    int64_t consent_timeout_us
    uint32_t ssrc                 # of our RTCP

cdef struct SetExtensions:        # replaces what was negotiated before
    Head head
    uint8_t id_of_kind[EXT_KINDS] # 0 = not negotiated

cdef struct RestartIce:
    Head head
    IceCredentials ice

cdef struct SetKeys:
    Head head
    SrtpKeys keys

cdef struct DtlsDatagram:         # command SEND_DTLS and event EVENT_DTLS
    Head head
    uint32_t size
    uint8_t data[MAX_DTLS_BYTES]

cdef struct InboundPayloadType:
    uint8_t pt
    uint8_t codec
    int16_t rtx_pt                # -1 = none
    uint32_t clock_rate

cdef struct CreateInbound:
    Head head
    uint64_t transport
    int32_t kind                  # MediaKind
    uint32_t ssrc                 # 0 = bound by MID
    uint32_t rtx_ssrc
    uint8_t nack
    uint8_t fir                   # keyframes are asked for by FIR, not PLI
    uint8_t remb                  # its sender is told how much is wanted
    Voices* voices                # whose hold goes over; NULL: it is no voice of a room
    uint8_t mid_size
    uint8_t mid[MID_CAPACITY]
    uint8_t rid_size              # 0 = none
    uint8_t rid[RID_CAPACITY]
    uint64_t lower                # handle of another encoding of its source; 0 = none
    int32_t payload_type_count
    InboundPayloadType payload_types[MAX_PAYLOAD_TYPES]

cdef struct OutboundPayloadType:
    uint8_t source_pt
    uint8_t pt
    int16_t rtx_pt                # -1 = none

cdef struct CreateOutbound:
    Head head
    uint64_t transport
    uint64_t source               # handle of the inbound stream
    uint32_t ssrc
    uint32_t rtx_ssrc             # 0 = none
    uint8_t numbered              # transport-wide numbers were negotiated for it
    uint8_t paused                # it begins so
    uint16_t first_seq            # random, below 2^15 (RFC 3711 section 3.3.1)
    uint16_t first_rtx_seq
    uint32_t ts_offset            # random
    uint8_t cname_size
    uint8_t cname[CNAME_CAPACITY]
    uint8_t mid_size              # 0 = packets do not say it
    uint8_t mid[MID_CAPACITY]
    int32_t payload_type_count
    OutboundPayloadType payload_types[MAX_PAYLOAD_TYPES]

cdef struct SwitchStream:         # to pause, to pin, to ask for a keyframe
    Head head
    uint8_t on                    # paused, pinned

cdef struct SetPreference:        # of an outbound stream
    Head head
    uint8_t priority
    uint8_t most_layer            # 255 = any
    uint16_t most_height          # 0 = any
