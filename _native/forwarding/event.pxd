"""What a worker tells the event loop's thread; the other half of the contract is command.pxd."""

from libc.stdint cimport uint8_t, uint32_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.forwarding.command cimport Head

cdef enum:                     # EventKind
    EVENT_ICE_CONNECTED = 1
    EVENT_ICE_EXPIRED
    EVENT_DTLS                    # DtlsDatagram of command.pxd
    EVENT_STREAM_STARTED
    EVENT_STREAM_ENDED
    EVENT_AUDIO_LEVEL
    EVENT_WANTED
    EVENT_STEP
    EVENT_BEGUN                   # Head: an outbound video's first frame is on its way
    EVENT_KINDS                   # one above the last

cdef struct IceConnected:
    Head head
    Address address               # of the selected path
    Address local                 # ours, to which the client's check came; family 0 = not known

cdef struct StreamStarted:
    Head head
    uint32_t ssrc

cdef struct EncodingWanted:       # the handle is an inbound stream's or a replica's
    Head head
    uint8_t wanted                # by somebody on this worker

cdef enum Fit:                  # of a video to its receiver
    FIT_WHOLE = 0                 # all that is sent and wished
    FIT_REDUCED                   # a smaller encoding, or some of its layers
    FIT_NONE                      # it is suspended

cdef struct Stepped:              # of an outbound stream
    Head head
    uint8_t fit                   # Fit

cdef struct AudioLevel:
    Head head
    uint8_t level                 # 0 silent .. 127 loud
