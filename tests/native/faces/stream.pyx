"""Python face of media/stream, for its tests: one source and its receivers."""

from libc.string cimport memset

from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.stats cimport StreamStats
from fastsfu._native.media.receivers cimport (
    inbound_break, inbound_vacate, outbound_attach, outbound_leave, outbound_pause, outbound_start,
)
from fastsfu._native.media.stream cimport (
    InboundStream, MediaKind, OutboundStream, inbound_free, inbound_new, outbound_free,
    outbound_new,
)

MOST = 16


cdef class Source:
    cdef InboundStream* stream
    cdef OutboundStream* receivers[16]
    cdef StreamStats rows[16]

    def __cinit__(self):
        self.stream = inbound_new(MediaKind.VIDEO, 90000)
        if self.stream == NULL:
            raise MemoryError

    def __dealloc__(self):
        self.close()
        for i in range(MOST):
            if self.receivers[i] != NULL:
                outbound_free(self.receivers[i])

    def close(self):
        if self.stream != NULL:
            inbound_vacate(self.stream)
            inbound_free(self.stream)
            self.stream = NULL

    def attach(self, int i):
        cdef OutboundStream* receiver = outbound_new(1, 1, 0)
        receiver.stats = &self.rows[i]
        outbound_attach(receiver, self.stream)
        self.receivers[i] = receiver

    def leave(self, int i):
        outbound_leave(self.receivers[i])
        outbound_free(self.receivers[i])
        self.receivers[i] = NULL

    def start(self, int i, int ext_seq, int now_us):
        cdef MediaPacket packet
        memset(&packet, 0, sizeof(packet))
        packet.ext_seq = ext_seq
        outbound_start(self.receivers[i], &packet, now_us)

    def pause(self, int i, bint paused):
        outbound_pause(self.receivers[i], paused)

    def cut(self):
        inbound_break(self.stream)

    @property
    def waiting(self):
        return self.stream.waiting

    @property
    def seats(self):
        """Who sits in the list, by its place there; each knows its own."""
        found = []
        for i in range(self.stream.outbound_count):
            assert self.stream.outbound[i].place == i
            found += [k for k in range(MOST) if self.receivers[k] == self.stream.outbound[i]]
        return found

    def states(self):
        """Receiver -> (its state, what its row says)."""
        return {
            i: (<int>self.receivers[i].state, self.rows[i].state)
            for i in range(MOST) if self.receivers[i] != NULL
        }
