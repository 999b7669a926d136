"""Commands to transports, carried out; see transports.pxd."""

from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memset

from fastsfu._native.crypto.srtp cimport srtp_close, srtp_open
from fastsfu._native.forwarding.command cimport (
    CreateTransport, DtlsDatagram, RestartIce, SetExtensions, SetKeys,
)
from fastsfu._native.forwarding.counters cimport DROP_NO_MEMORY, DROP_STALE_COMMAND
from fastsfu._native.forwarding.frames cimport frames_due
from fastsfu._native.forwarding.pacing cimport pacing_forget
from fastsfu._native.forwarding.state cimport count_drop, handle_index, transport_row
from fastsfu._native.net.udp cimport udp_send_one
from fastsfu._native.packet.rtp cimport EXT_KINDS
from fastsfu._native.peer.egress cimport egress_flush
from fastsfu._native.peer.ice cimport ice_init, ice_restart
from fastsfu._native.peer.transport cimport NO_EXTENSION, transport_free, transport_new
from fastsfu._native.worker.ingress cimport ingress_early
from fastsfu._native.worker.paths cimport (
    paths_forget, paths_proven, paths_register, paths_unregister_next,
)
from fastsfu._native.worker.reports cimport reports_bye
from fastsfu._native.worker.streams cimport free_inbound, free_outbound


cdef void create_transport(Worker* worker, const Head* head) noexcept nogil:
    cdef const CreateTransport* command = <const CreateTransport*>head
    cdef uint32_t index = handle_index(command.head.handle)
    cdef Transport* transport = transport_new()
    if transport == NULL:
        count_drop(worker, DROP_NO_MEMORY)
        return
    transport.handle = command.head.handle
    transport.ssrc = command.ssrc
    transport.consent_timeout_us = command.consent_timeout_us
    ice_init(&transport.ice, &command.ice, worker.now_us)
    if paths_register(worker, transport, &command.ice) < 0:
        transport_free(transport)
        count_drop(worker, DROP_NO_MEMORY)
        return
    worker.transports[index] = transport
    worker.transport_top = max(worker.transport_top, index + 1)
    worker.transport_count += 1
    transport.stats = transport_row(worker, transport.handle)
    transport.stats.ssrc = transport.ssrc


cdef void set_extensions(
        Worker* worker, Transport* transport, const Head* head) noexcept nogil:
    cdef const SetExtensions* command = <const SetExtensions*>head
    cdef int kind
    memset(transport.kind_of_id, NO_EXTENSION, sizeof(transport.kind_of_id))
    for kind in range(EXT_KINDS):
        transport.id_of_kind[kind] = command.id_of_kind[kind]
        if command.id_of_kind[kind]:
            transport.kind_of_id[command.id_of_kind[kind]] = <uint8_t>kind


cdef void restart_ice(
        Worker* worker, Transport* transport, const Head* head) noexcept nogil:
    cdef const RestartIce* command = <const RestartIce*>head
    paths_unregister_next(worker, transport)      # a restart that did not take hold
    ice_restart(&transport.ice, &command.ice)
    if paths_register(worker, transport, &command.ice) < 0:
        count_drop(worker, DROP_NO_MEMORY)


cdef void set_keys(
        Worker* worker, Transport* transport, const Head* head) noexcept nogil:
    cdef const SetKeys* command = <const SetKeys*>head
    if transport.keyed:
        count_drop(worker, DROP_STALE_COMMAND)
        return
    if srtp_open(
            &transport.receive, worker.suite, command.keys.profile, command.keys.receive_key,
            command.keys.receive_salt) < 0:
        count_drop(worker, DROP_NO_MEMORY)
        return
    if srtp_open(
            &transport.send, worker.suite, command.keys.profile, command.keys.send_key,
            command.keys.send_salt) < 0:
        srtp_close(&transport.receive)
        count_drop(worker, DROP_NO_MEMORY)
        return
    transport.keyed = True
    paths_proven(worker, transport)
    ingress_early(worker, transport)
    # The next command may close who sent these packets, or a receiver they are laid out for.
    frames_due(worker)
    egress_flush(&worker.egress, &worker.udp)


cdef void send_dtls(
        Worker* worker, Transport* transport, const Head* head) noexcept nogil:
    cdef const DtlsDatagram* command = <const DtlsDatagram*>head
    if transport.destination != NULL:
        transport.spoken = True
        udp_send_one(&worker.udp, &transport.destination.address, command.data, command.size)


cdef void close_transport(
        Worker* worker, Transport* transport, const Head* head) noexcept nogil:
    reports_bye(worker, transport, NULL)
    free_transport(worker, transport)


cdef void free_transport(Worker* worker, Transport* transport) noexcept nogil:
    cdef uint32_t index = handle_index(transport.handle)
    while transport.inbound_count:
        free_inbound(worker, transport.inbound[transport.inbound_count - 1])
    while transport.outbound_count:
        free_outbound(worker, transport.outbound[transport.outbound_count - 1])
    pacing_forget(worker, transport)
    paths_forget(worker, transport)
    worker.transports[index] = NULL
    worker.transport_count -= 1
    transport.stats.handle = 0
    transport_free(transport)
