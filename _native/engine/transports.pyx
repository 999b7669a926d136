"""The event loop's orders about transports; the contract is in transports.pyi."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastsfu._native.engine.handles cimport (
    handles_free, handles_give_back, handles_init, handles_live, handles_take,
)
from fastsfu._native.engine.request cimport draw, request_credentials, request_extensions
from fastsfu._native.forwarding.command cimport (
    COMMAND_CLOSE_TRANSPORT, COMMAND_CREATE_TRANSPORT, COMMAND_RESTART_ICE, COMMAND_SET_EXTENSIONS,
    CreateTransport, RestartIce, SetExtensions,
)
from fastsfu._native.peer.ice cimport IceCredentials


cdef class Transports:
    def __cinit__(
            self, Commands commands, Associations associations, channels, Streams streams,
            uint32_t most):
        self.commands = commands
        self.associations = associations
        self.channels = channels
        self.streams = streams
        if handles_init(&self.handles, most) < 0:
            raise MemoryError

    def __dealloc__(self):
        handles_free(&self.handles)

    def create(
            self, *, str local_ufrag, str local_password, str remote_ufrag, str remote_password,
            bint dtls_client,
            fingerprints, int64_t consent_timeout_us=30_000_000):
        cdef CreateTransport* command
        cdef IceCredentials ice = request_credentials(
            local_ufrag, local_password, remote_ufrag, remote_password)
        cdef uint64_t handle
        self.commands.check()
        handle = handles_take(&self.handles)
        if handle == 0:
            raise RuntimeError("no transport left: max_transports is reached")
        try:
            command = <CreateTransport*>self.commands.reserve(
                COMMAND_CREATE_TRANSPORT, handle, sizeof(CreateTransport))
            command.ice = ice
            command.consent_timeout_us = consent_timeout_us
            draw(&command.ssrc, 1)
            command.ssrc |= 1
            self.associations.add(handle, dtls_client, tuple(fingerprints))
        except BaseException:
            handles_give_back(&self.handles, handle)
            raise
        self.commands.commit()
        self.streams.transport_opened(handle)
        return handle

    def set_extensions(self, uint64_t transport, extensions):
        cdef SetExtensions* command
        self.commands.check()
        if handles_live(&self.handles, transport):
            command = <SetExtensions*>self.commands.reserve(
                COMMAND_SET_EXTENSIONS, transport, sizeof(SetExtensions))
            request_extensions(command, extensions)
            self.commands.commit()

    def restart_ice(
            self, uint64_t transport, *, str local_ufrag, str local_password, str remote_ufrag,
            str remote_password):
        cdef RestartIce* command
        cdef IceCredentials ice = request_credentials(
            local_ufrag, local_password, remote_ufrag, remote_password)
        self.commands.check()
        if not handles_live(&self.handles, transport):
            return
        command = <RestartIce*>self.commands.reserve(
            COMMAND_RESTART_ICE, transport, sizeof(RestartIce))
        command.ice = ice
        self.commands.commit()

    def close(self, uint64_t transport):
        self.commands.check()
        if not handles_live(&self.handles, transport):
            return
        self.associations.remove(transport)
        self.channels.forget(transport)
        self.commands.close(COMMAND_CLOSE_TRANSPORT, transport)
        self.streams.transport_closed(transport)
        handles_give_back(&self.handles, transport)

    cdef int end_all(self) except -1:
        for transport in list(self.streams.of):
            self.associations.remove(transport)
        return 0
