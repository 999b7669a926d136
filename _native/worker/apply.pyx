"""The table of commands; see apply.pxd."""

from fastsfu._native.forwarding.command cimport *
from fastsfu._native.forwarding.counters cimport DROP_STALE_COMMAND
from fastsfu._native.forwarding.link cimport link_connect
from fastsfu._native.forwarding.link_command cimport ConnectLink
from fastsfu._native.forwarding.state cimport (
    count_drop, find_inbound, find_outbound, find_transport,
)
from fastsfu._native.media.stream cimport InboundStream, OutboundStream
from fastsfu._native.peer.transport cimport Transport
from fastsfu._native.turn.register cimport register_admit
from fastsfu._native.turn.relay cimport Relay, relay_forget, relay_revoke
from fastsfu._native.worker.streams cimport *
from fastsfu._native.worker.transports cimport *

cdef struct Verb:                 # one of them
    void (*of_worker)(Worker* worker, const Head* command) noexcept nogil
    void (*of_relay)(Relay* relay, const Head* command) noexcept nogil
    void (*of_transport)(
        Worker* worker, Transport* transport, const Head* command) noexcept nogil
    void (*of_inbound)(Worker* worker, InboundStream* stream, const Head* command) noexcept nogil
    void (*of_outbound)(Worker* worker, OutboundStream* stream, const Head* command) noexcept nogil

cdef Verb[COMMAND_KINDS] VERBS
VERBS[COMMAND_STOP].of_worker = stop
VERBS[COMMAND_CONNECT_LINK].of_worker = connect_link
VERBS[COMMAND_CREATE_TRANSPORT].of_worker = create_transport
VERBS[COMMAND_CREATE_INBOUND].of_worker = create_inbound
VERBS[COMMAND_CREATE_OUTBOUND].of_worker = create_outbound
VERBS[COMMAND_CREATE_REPLICA].of_worker = create_replica
VERBS[COMMAND_SET_EXTENSIONS].of_transport = set_extensions
VERBS[COMMAND_RESTART_ICE].of_transport = restart_ice
VERBS[COMMAND_SET_KEYS].of_transport = set_keys
VERBS[COMMAND_SEND_DTLS].of_transport = send_dtls
VERBS[COMMAND_CLOSE_TRANSPORT].of_transport = close_transport
VERBS[COMMAND_CLOSE_INBOUND].of_inbound = close_inbound
VERBS[COMMAND_PAUSE_INBOUND].of_inbound = pause_inbound
VERBS[COMMAND_PIN_INBOUND].of_inbound = pin_inbound
VERBS[COMMAND_REQUEST_KEYFRAME].of_inbound = request_keyframe
VERBS[COMMAND_TAP].of_inbound = tap
VERBS[COMMAND_UNTAP].of_inbound = untap
VERBS[COMMAND_CLOSE_OUTBOUND].of_outbound = close_outbound
VERBS[COMMAND_PAUSE_OUTBOUND].of_outbound = pause_outbound
VERBS[COMMAND_SET_PREFERENCE].of_outbound = set_preference
VERBS[COMMAND_FORGET_CLIENT].of_relay = forget_client
VERBS[COMMAND_ADMIT_USER].of_relay = admit_user
VERBS[COMMAND_REVOKE_USER].of_relay = revoke_user


cdef void apply(Worker* worker, const Head* command) noexcept nogil:
    cdef const Verb* verb = &VERBS[command.kind]
    if verb.of_worker != NULL:
        verb.of_worker(worker, command)
    elif verb.of_relay != NULL:
        if worker.relay != NULL:
            verb.of_relay(worker.relay, command)
    elif not apply_to_object(worker, verb, command):
        count_drop(worker, DROP_STALE_COMMAND)


cdef bint apply_to_object(
        Worker* worker, const Verb* verb, const Head* command) noexcept nogil:
    """False: it no longer lives."""
    cdef Transport* transport = NULL
    cdef InboundStream* inbound = NULL
    cdef OutboundStream* outbound = NULL
    if verb.of_transport != NULL:
        transport = find_transport(worker, command.handle)
        if transport != NULL:
            verb.of_transport(worker, transport, command)
    elif verb.of_inbound != NULL:
        inbound = find_inbound(worker, command.handle)
        if inbound != NULL:
            verb.of_inbound(worker, inbound, command)
    else:
        outbound = find_outbound(worker, command.handle)
        if outbound != NULL:
            verb.of_outbound(worker, outbound, command)
    return transport != NULL or inbound != NULL or outbound != NULL


cdef void stop(Worker* worker, const Head* command) noexcept nogil:
    worker.stopping = True


cdef void connect_link(Worker* worker, const Head* command) noexcept nogil:
    cdef const ConnectLink* given = <const ConnectLink*>command
    link_connect(worker, given.peer, given.out, given.back, given.wake)


cdef void forget_client(Relay* relay, const Head* command) noexcept nogil:
    relay_forget(relay, &(<const ForgetClient*>command).address)


cdef void admit_user(Relay* relay, const Head* command) noexcept nogil:
    cdef const RelayUser* user = <const RelayUser*>command
    register_admit(&relay.server, user.name, user.size)


cdef void revoke_user(Relay* relay, const Head* command) noexcept nogil:
    cdef const RelayUser* user = <const RelayUser*>command
    relay_revoke(relay, user.name, user.size)
