"""The table of events; see events.pxd."""

import ipaddress
from enum import IntEnum

from libc.stdint cimport uint64_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.engine.associations cimport ASSOCIATION_UNCHANGED
from fastsfu._native.engine.handles cimport handles_live
from fastsfu._native.forwarding.command cimport DtlsDatagram
from fastsfu._native.forwarding.event cimport *


class IceState(IntEnum):
    CONNECTED = 1
    EXPIRED = 2


class DtlsState(IntEnum):
    CONNECTED = 1
    CLOSED = 2
    FAILED = 3


LIMITS = {FIT_WHOLE: None, FIT_REDUCED: "bandwidth", FIT_NONE: "suspended"}

cdef struct Verb:                 # one of them
    int (*of_transport)(Transports transports, const Head* event, object events) except -1
    int (*of_stream)(const Head* event, object events) except -1

cdef Verb[EVENT_KINDS] VERBS
VERBS[EVENT_ICE_CONNECTED].of_transport = ice_connected
VERBS[EVENT_ICE_EXPIRED].of_transport = ice_expired
VERBS[EVENT_DTLS].of_transport = dtls_datagram
VERBS[EVENT_STREAM_STARTED].of_stream = stream_started
VERBS[EVENT_STREAM_ENDED].of_stream = stream_ended
VERBS[EVENT_AUDIO_LEVEL].of_stream = audio_level
VERBS[EVENT_WANTED].of_stream = encoding_wanted
VERBS[EVENT_STEP].of_stream = stepped
VERBS[EVENT_BEGUN].of_stream = begun


cdef int events_deliver(
        Transports transports, Streams streams, const Head* event, events) except -1:
    cdef const Verb* verb = &VERBS[event.kind]
    if verb.of_transport != NULL:
        if handles_live(&transports.handles, event.handle):
            verb.of_transport(transports, event, events)
    elif handles_live(&streams.commands.streams, event.handle):
        verb.of_stream(event, events)
    return 0


cdef int events_dtls(
        Transports transports, uint64_t transport, AssociationChange change, events) except -1:
    if change != ASSOCIATION_UNCHANGED:
        detail = transports.associations.details.get(transport, "")
        events.on_dtls(transport, DtlsState(<int>change), detail)
    return 0


cdef int ice_connected(Transports transports, const Head* event, object events) except -1:
    cdef const IceConnected* connected = <const IceConnected*>event
    cdef uint64_t transport = event.handle
    transports.associations.ice_connected(transport)
    events.on_ice(
        transport, IceState.CONNECTED, address_text(&connected.address),
        address_text(&connected.local))
    return 0


cdef int ice_expired(Transports transports, const Head* event, object events) except -1:
    events.on_ice(event.handle, IceState.EXPIRED, "", "")
    return 0


cdef int dtls_datagram(Transports transports, const Head* event, object events) except -1:
    cdef const DtlsDatagram* datagram = <const DtlsDatagram*>event
    cdef uint64_t transport = event.handle
    cdef AssociationChange change = transports.associations.receive(
        transport, datagram.data, datagram.size)
    events_dtls(transports, transport, change, events)
    transports.channels.collect(transport)
    return 0


cdef int stream_started(const Head* event, object events) except -1:
    events.on_stream_started(event.handle, (<const StreamStarted*>event).ssrc)
    return 0


cdef int stream_ended(const Head* event, object events) except -1:
    events.on_stream_ended(event.handle)
    return 0


cdef int audio_level(const Head* event, object events) except -1:
    events.on_audio_level(event.handle, (<const AudioLevel*>event).level)
    return 0


cdef int encoding_wanted(const Head* event, object events) except -1:
    events.on_wanted(event.handle, bool((<const EncodingWanted*>event).wanted))
    return 0


cdef int stepped(const Head* event, object events) except -1:
    events.on_limit(event.handle, LIMITS[(<const Stepped*>event).fit])
    return 0


cdef int begun(const Head* event, object events) except -1:
    events.on_begun(event.handle)
    return 0


cdef str address_text(const Address* address):
    """As "ip:port", or "" where there is none."""
    if address.family == 0:
        return ""
    if address.family == 4:
        return f"{ipaddress.IPv4Address(address.ip[:4])}:{address.port}"
    return f"[{ipaddress.IPv6Address(address.ip[:16])}]:{address.port}"
