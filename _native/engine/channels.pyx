"""Data channels of an engine's transports, as the event loop's thread sees them: messages in and
out of SCTP streams (peer/sctp) over their DTLS associations; the contract is in engine.pyi.

What comes is read when `poll` has taken its datagram, unless the transport is paused: then it stays
in SCTP's window, which closes, and the peer waits. What leaves waits in SCTP's buffer; a message
that finds no room there, or in the ring to the worker, is refused and its transport is told when
there is room again.
"""

from libc.stdint cimport int32_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.ring cimport Ring
from fastsfu._native.engine.associations cimport Association, Associations
from fastsfu._native.peer.sctp cimport (
    SCTP_CAME_UP, SCTP_MESSAGE, SCTP_NO_ROOM, SCTP_NOTHING, SCTP_PEER_RESET, SCTP_REFUSED,
    SCTP_RESET_SETTLED, SCTP_SENT, SCTP_STREAMS, SCTP_TICK_MS, SCTP_TOO_LARGE, SCTP_WENT_DOWN,
    SctpMessage, SctpRead, SctpSend, sctp_handle_timers, sctp_read, sctp_reset, sctp_send,
    sctp_writable,
)

MAX_STREAMS = SCTP_STREAMS
TICK_SECONDS = SCTP_TICK_MS / 1000.0

cdef enum:
    # bytes of the command ring that stay free for everything that is no message
    RING_RESERVE = 1 << 18

cdef list everyone = []           # that have channels, in this process: usrsctp's timers are one
cdef double ticked = 0.0          # until then usrsctp's clock has run


cdef class Channels:
    cdef Associations associations
    cdef public object events     # ChannelEvents: who hears what comes
    cdef set open_ones            # transports that have channels
    cdef dict resets              # transport -> streams that are still to be reset

    def __cinit__(self, Associations associations):
        self.associations = associations
        self.open_ones = set()
        self.resets = {}

    def close(self):
        """With the engine, whose rings these need."""
        self.open_ones.clear()
        self.settle()

    def open(
            self, uint64_t transport, *, uint16_t port, uint16_t remote_port,
            uint32_t max_message_bytes):
        cdef Association* row = self.associations.find(transport)
        if row == NULL or row.sctp != NULL:
            return
        self.associations.add_channels(row, port, remote_port, max_message_bytes)
        self.associations.wake()
        self.open_ones.add(transport)
        self.settle()

    def forget(self, uint64_t transport):
        self.open_ones.discard(transport)
        self.resets.pop(transport, None)
        self.settle()

    cdef settle(self):
        """usrsctp's timers concern who has channels."""
        if self.open_ones and self not in everyone:
            everyone.append(self)
        elif not self.open_ones and self in everyone:
            everyone.remove(self)

    def send(
            self, uint64_t transport, uint16_t stream, uint32_t ppid, bytes data,
            bint unordered=False, int32_t max_retransmits=-1, int32_t lifetime_ms=-1):
        cdef Association* row = self.associations.find(transport)
        cdef SctpMessage message
        cdef SctpSend result = SCTP_REFUSED
        if row == NULL or row.sctp == NULL:
            return None
        message.stream = stream
        message.ppid = ppid
        message.data = data
        message.size = <uint32_t>len(data)
        message.unordered = unordered
        message.max_retransmits = max_retransmits
        message.lifetime_ms = lifetime_ms
        if ring_has_room(self.associations.commands):
            result = sctp_send(row.sctp, &message)
        else:
            result = SCTP_NO_ROOM
        row.blocked = row.blocked or result == SCTP_NO_ROOM
        return None if result == SCTP_REFUSED else result == SCTP_SENT

    def flush(self):
        """Wake the worker for what was sent."""
        self.associations.wake()

    def reset(self, uint64_t transport, uint16_t stream):
        cdef Association* row = self.associations.find(transport)
        if row == NULL or row.sctp == NULL:
            return
        if not sctp_reset(row.sctp, stream):
            self.resets.setdefault(transport, set()).add(stream)
        self.associations.wake()

    def pause(self, uint64_t transport, bint paused):
        cdef Association* row = self.associations.find(transport)
        if row == NULL or row.sctp == NULL or row.paused == paused:
            return
        row.paused = paused
        if not paused:
            row.sctp.ready = True
            self.collect(transport)
            self.associations.wake()

    def collect(self, uint64_t transport):
        """All that can be read from a transport's channels, as calls."""
        cdef Association* row = self.associations.find(transport)
        cdef SctpMessage message
        cdef SctpRead found
        while row != NULL and row.sctp != NULL and row.sctp.ready and not row.paused:
            found = sctp_read(row.sctp, &message)
            if found == SCTP_NOTHING:
                break
            self.tell(transport, found, &message)
            row = self.associations.find(transport)      # a call may have closed it
        if row != NULL and row.blocked and self.writable(row):
            row.blocked = False
            self.events.on_channels_writable(transport)

    cdef bint writable(self, Association* row) noexcept:
        return ring_has_room(self.associations.commands) and sctp_writable(row.sctp)

    cdef tell(self, uint64_t transport, SctpRead found, const SctpMessage* message):
        if found == SCTP_MESSAGE:
            self.events.on_message(
                transport, message.stream, message.ppid, message.data[:message.size])
        elif found == SCTP_TOO_LARGE:
            self.events.on_message_too_large(transport, message.stream)
        elif found == SCTP_PEER_RESET:
            streams = <const uint16_t*>message.data
            self.events.on_channels_reset(
                transport, tuple([streams[i] for i in range(message.size)]))
        elif found == SCTP_RESET_SETTLED:
            for stream in self.resets.pop(transport, ()):
                self.reset(transport, stream)
        elif found == SCTP_CAME_UP:
            self.events.on_channels_up(transport)
        elif found == SCTP_WENT_DOWN:
            self.events.on_channels_down(transport)

    def due(self):
        return bool(self.open_ones)

    def tick(self, double now):
        """`now` in seconds; runs usrsctp's timers for the whole process, then reads ours."""
        global ticked
        cdef Association* row
        cdef uint32_t elapsed_ms
        cdef Channels each
        if ticked == 0.0 or now < ticked or now - ticked > 1.0:
            ticked = now - TICK_SECONDS      # nobody lived meanwhile
        elapsed_ms = <uint32_t>((now - ticked) * 1000)
        if elapsed_ms:
            ticked += elapsed_ms / 1000.0
            sctp_handle_timers(elapsed_ms)
        for transport in list(self.open_ones):
            row = self.associations.find(transport)
            if row != NULL and row.sctp != NULL and (row.sctp.ready or row.blocked):
                self.collect(transport)
        for each in everyone:
            each.associations.wake()


cdef inline bint ring_has_room(const Ring* ring) noexcept:
    return ring.capacity - (ring.tail - ring.head) > RING_RESERVE
