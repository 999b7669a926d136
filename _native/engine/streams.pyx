"""The event loop's orders about streams; the contract is in streams.pyi."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.engine.handles cimport handles_give_back, handles_live, handles_take
from fastsfu._native.engine.request cimport draw, request_inbound, request_outbound
from fastsfu._native.engine.voices cimport RoomVoices
from fastsfu._native.forwarding.command cimport (
    COMMAND_CLOSE_INBOUND, COMMAND_CLOSE_OUTBOUND, COMMAND_CREATE_INBOUND, COMMAND_CREATE_OUTBOUND,
    COMMAND_PAUSE_INBOUND, COMMAND_PAUSE_OUTBOUND, COMMAND_PIN_INBOUND, COMMAND_REQUEST_KEYFRAME,
    COMMAND_SET_PREFERENCE, CreateInbound, CreateOutbound, SetPreference, SwitchStream,
)


cdef class Streams:
    def __cinit__(self, Commands commands, Links links):
        self.commands = commands
        self.links = links
        self.of = {}
        self.transport_of = {}

    def create_inbound(
            self, uint64_t transport, *, int kind, str mid, ssrc, rtx_ssrc, payload_types,
            bint nack, bint fir, bint remb=False, RoomVoices voices=None, str rid="",
            uint64_t lower=0):
        cdef CreateInbound* command
        cdef uint64_t handle = self.take(transport)
        try:
            command = <CreateInbound*>self.commands.reserve(
                COMMAND_CREATE_INBOUND, handle, sizeof(CreateInbound))
            command.transport = transport
            command.lower = lower
            request_inbound(
                command, kind, mid, rid, ssrc, rtx_ssrc, payload_types, nack, fir, remb, voices)
        except BaseException:
            handles_give_back(&self.commands.streams, handle)
            raise
        self.keep(transport, handle)
        return handle

    def close_inbound(self, uint64_t inbound):
        self.close(COMMAND_CLOSE_INBOUND, inbound)

    def pause_inbound(self, uint64_t inbound, bint paused):
        self.switch(COMMAND_PAUSE_INBOUND, inbound, paused)

    def pin_inbound(self, uint64_t inbound, bint pinned):
        self.switch(COMMAND_PIN_INBOUND, inbound, pinned)

    def create_outbound(
            self, uint64_t transport, uint64_t inbound, *, uint32_t ssrc, rtx_ssrc, payload_types,
            str cname, str mid="", bint numbered=False, bint paused=False):
        cdef CreateOutbound* command
        cdef uint32_t[3] chance
        cdef uint64_t handle = self.take(transport)
        draw(chance, 3)
        try:
            command = <CreateOutbound*>self.commands.reserve(
                COMMAND_CREATE_OUTBOUND, handle, sizeof(CreateOutbound))
            command.transport = transport
            command.source = inbound
            # RFC 3711 section 3.3.1: a first number below 2^15 leaves no doubt about the rollover
            # counter.
            command.first_seq = chance[0] & 0x7fff
            command.first_rtx_seq = chance[1] & 0x7fff
            command.ts_offset = chance[2]
            request_outbound(
                command, ssrc, rtx_ssrc, payload_types, cname, mid, numbered, paused)
        except BaseException:
            handles_give_back(&self.commands.streams, handle)
            raise
        self.keep(transport, handle)
        return handle

    def close_outbound(self, uint64_t outbound):
        self.close(COMMAND_CLOSE_OUTBOUND, outbound)

    def create_replica(
            self, Streams source, uint64_t inbound, *, int kind, uint32_t clock_rate,
            uint64_t lower=0):
        self.commands.check()
        source.commands.check()
        return self.links.open_replica(
            self.commands, source.commands, inbound, kind, clock_rate, lower)

    def close_replica(self, uint64_t replica):
        self.commands.check()
        self.links.close_replica(self.commands, replica)

    def pause_outbound(self, uint64_t outbound, bint paused):
        self.switch(COMMAND_PAUSE_OUTBOUND, outbound, paused)

    def set_preference(
            self, uint64_t outbound, *, uint8_t priority, uint8_t most_layer,
            uint16_t most_height):
        cdef SetPreference* command
        self.commands.check()
        if handles_live(&self.commands.streams, outbound):
            command = <SetPreference*>self.commands.reserve(
                COMMAND_SET_PREFERENCE, outbound, sizeof(SetPreference))
            command.priority = priority
            command.most_layer = most_layer
            command.most_height = most_height
            self.commands.commit()

    def request_keyframe(self, uint64_t inbound):
        self.switch(COMMAND_REQUEST_KEYFRAME, inbound, True)

    cdef int switch(self, uint32_t kind, uint64_t stream, bint on) except -1:
        cdef SwitchStream* command
        self.commands.check()
        if handles_live(&self.commands.streams, stream):
            command = <SwitchStream*>self.commands.reserve(kind, stream, sizeof(SwitchStream))
            command.on = on
            self.commands.commit()
        return 0

    cdef int transport_opened(self, uint64_t transport) except -1:
        self.of[transport] = set()
        return 0

    cdef int transport_closed(self, uint64_t transport) except -1:
        for stream in self.of.pop(transport):
            del self.transport_of[stream]
            handles_give_back(&self.commands.streams, stream)
        return 0

    cdef uint64_t take(self, uint64_t transport) except 0:
        cdef uint64_t handle
        self.commands.check()
        if transport not in self.of:
            raise ValueError("the transport is closed")
        handle = handles_take(&self.commands.streams)
        if handle == 0:
            raise MemoryError("no stream left: max_streams is reached")
        return handle

    cdef int keep(self, uint64_t transport, uint64_t stream) except -1:
        self.commands.commit()
        self.of[transport].add(stream)
        self.transport_of[stream] = transport
        return 0

    cdef int close(self, uint32_t kind, uint64_t stream) except -1:
        self.commands.check()
        if handles_live(&self.commands.streams, stream):
            self.commands.close(kind, stream)
            self.of[self.transport_of.pop(stream)].discard(stream)
            handles_give_back(&self.commands.streams, stream)
        return 0
