"""What a worker owns, in one place: the tables of transports and streams, the socket, the rings,
the counters.

Only the worker's thread touches it while it runs; the rings' other ends, and reading `stats` and
`counters`, are the event loop's.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from fastsfu._native.base.pool cimport Pool
from fastsfu._native.base.ring cimport Ring
from fastsfu._native.base.table cimport Table
from fastsfu._native.crypto.suite cimport Suite
from fastsfu._native.forwarding.counters cimport COUNTERS
from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stats cimport StreamStats
from fastsfu._native.media.stream cimport InboundStream, OutboundStream
from fastsfu._native.net.udp cimport UdpSocket
from fastsfu._native.peer.egress cimport Egress
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.turn.relay cimport Relay

cdef enum:
    TICK_US = 10000               # between ticks while a sender owes us packets or a keyframe
    QUIET_TICK_US = 200000        # else
    # a transport's turn for reports and consent is one slot of a second, by its index
    SWEEP_SLOTS = 100
    SWEEP_SLOT_US = 10000
    TWCC_INTERVAL_US = 50000      # libwebrtc's own shortest interval; with the packets, so no timer
    RTCP_CAPACITY = 1200          # bytes of one compound packet before protection
    MAX_WORKERS = 64
    SPOKEN_MOST = 16              # below EGRESS_MESSAGES
    # bytes of the event ring that stay free for everything that is no DTLS
    EVENT_RESERVE = 1 << 18

cdef struct Link:                 # to another worker and back (forwarding/link)
    uint32_t peer                 # its index
    Ring* out
    Ring* back                    # this worker is the consumer
    Ring* wake                    # the peer's commands: the eventfd that it waits on
    int written                   # records since the batch began

cdef struct Spoken:               # a packet of a voice
    InboundStream* stream
    MediaPacket packet

cdef struct Worker:
    uint32_t index                # among the workers of the process
    UdpSocket udp
    int epoll                     # of all other sockets: those of the relay
    Relay* relay                  # NULL: no TURN here
    Egress egress
    Pool pool
    Suite* suite
    Ring commands                 # this worker is the consumer
    Ring events                   # this worker is the producer
    bint events_written           # since the last wake-up
    bint stopping
    int64_t now_us                # read once a batch
    uint64_t beats                # turns of the loop: it lives
    int64_t woke_us               # when the turn began
    int64_t busy_us               # time in which it did not wait
    int64_t next_tick_us
    int64_t preference_due_us
    int64_t slot                  # the last one swept
    int64_t hold_us, batch_us, busy_poll_us
    bint real_time                # wanted, and not refused until now
    Table by_ufrag                # our ufrag as 64 bits -> index of transport
    Table by_address              # address_key -> index of transport
    uint64_t address_seed
    uint32_t max_transports, max_streams
    uint32_t transport_top        # one above the highest index in use
    uint32_t transport_count
    uint32_t stream_top           # one above the highest index of a stream ever used
    Transport** transports        # by index of the handle
    InboundStream** inbound       # by index; streams of both directions share the index space
    OutboundStream** outbound
    Transport** senders           # transports that send media: what a tick has to look at
    int sender_count
    InboundStream** gathering     # streams with a frame on hold
    int gathering_count
    Spoken spoken[SPOKEN_MOST]    # what has come in this turn, one of each voice
    int spoken_count
    uint64_t chords               # times that several of them left together
    Transport** pacing            # to whom packets wait, or a probe is under way
    int pacing_count
    Link links[MAX_WORKERS]
    int link_count
    InboundStream** replicas      # of other workers' streams
    int replica_count
    StreamStats* stream_stats     # max_streams rows
    StreamStats* transport_stats  # max_transports rows
    StreamStats ended[2][2]       # sums of what has ended: inbound and outbound, by MediaKind
    uint64_t counters[COUNTERS]

cdef inline uint32_t handle_index(uint64_t handle) noexcept nogil:
    return <uint32_t>handle


# The live object of a handle, else NULL.
cdef inline Transport* find_transport(Worker* worker, uint64_t handle) noexcept nogil:
    cdef uint32_t index = handle_index(handle)
    if index >= worker.max_transports or worker.transports[index] == NULL:
        return NULL
    return worker.transports[index] if worker.transports[index].handle == handle else NULL


cdef inline InboundStream* find_inbound(Worker* worker, uint64_t handle) noexcept nogil:
    cdef uint32_t index = handle_index(handle)
    if index >= worker.max_streams or worker.inbound[index] == NULL:
        return NULL
    return worker.inbound[index] if worker.inbound[index].handle == handle else NULL


cdef inline OutboundStream* find_outbound(Worker* worker, uint64_t handle) noexcept nogil:
    cdef uint32_t index = handle_index(handle)
    if index >= worker.max_streams or worker.outbound[index] == NULL:
        return NULL
    return worker.outbound[index] if worker.outbound[index].handle == handle else NULL


cdef inline void count_drop(Worker* worker, int why) noexcept nogil:
    worker.counters[why] += 1


# The row of a transport or stream, begun anew; `row` is one of media/stats.
cdef StreamStats* transport_row(Worker* worker, uint64_t handle) noexcept nogil
cdef StreamStats* stream_row(
    Worker* worker, uint64_t handle, uint64_t transport, uint8_t row) noexcept nogil
# Room for an event record in the ring; NULL (counted) when it is full. Then emit_commit.
cdef void* emit_reserve(
    Worker* worker, uint32_t kind, uint64_t handle, uint32_t size) noexcept nogil
cdef void emit_commit(Worker* worker) noexcept nogil
# One without a body; False: the ring was full.
cdef bint emit_event(Worker* worker, uint32_t kind, uint64_t handle) noexcept nogil
# How loud a voice is, 0 silent .. 127 loud; False: the ring was full.
cdef bint emit_level(Worker* worker, uint64_t handle, uint8_t level) noexcept nogil
