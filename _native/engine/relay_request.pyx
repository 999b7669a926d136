"""See relay_request.pxd; `options` is RelayOptions of relay_commands.pyi."""

import ipaddress

from libc.string cimport memcpy

from fastsfu._native.turn.credential cimport SECRET_LARGEST
from fastsfu._native.turn.relay cimport RELAY_ADDRESSES
from fastsfu._native.turn.relayable cimport RELAYABLE_ADDRESSES, RELAYABLE_NETWORKS, Network


cdef int request_relay(Relay* relay, object options) except -1:
    cdef bytes secret = options.secret
    cdef int i
    if not 0 < len(secret) <= SECRET_LARGEST:
        raise ValueError(f"the relay's secret has 1 to {SECRET_LARGEST} bytes")
    memcpy(relay.server.secret.secret, <const char*>secret, len(secret))
    relay.server.secret.secret_size = <int>len(secret)
    relay.min_port, relay.max_port = options.min_port, options.max_port
    if not 0 < relay.min_port <= relay.max_port:
        raise ValueError("the relay's ports are a range of at least one")
    relay.server.max_allocations = options.max_allocations
    relay.server.max_users = options.max_users
    relay.server.max_user_allocations = options.max_user_allocations
    relay.server.user_bytes_per_s = options.user_bytes_per_s
    relay.server.bytes_per_s = options.bytes_per_s
    check_count("addresses", options.addresses, RELAY_ADDRESSES)
    check_count("own addresses", options.own, RELAYABLE_ADDRESSES)
    check_count("endpoints", options.endpoints, RELAYABLE_ADDRESSES)
    check_count("allowed networks", options.allowed, RELAYABLE_NETWORKS)
    for i, ip in enumerate(options.addresses):
        request_address(&relay.addresses[i], ip, 0)
        relay.server.has_v4 = relay.server.has_v4 or relay.addresses[i].family == 4
        relay.server.has_v6 = relay.server.has_v6 or relay.addresses[i].family == 6
    relay.address_count = <int>len(options.addresses)
    for i, ip in enumerate(options.own):
        request_address(&relay.server.relayable.own[i], ip, 0)
    relay.server.relayable.own_count = <int>len(options.own)
    for i, (ip, port) in enumerate(options.endpoints):
        request_address(&relay.server.relayable.endpoints[i], ip, port)
    relay.server.relayable.endpoint_count = <int>len(options.endpoints)
    for i, network in enumerate(options.allowed):
        lay_network(&relay.server.relayable.allowed[i], network)
    relay.server.relayable.allowed_count = <int>len(options.allowed)
    return 0


cdef int check_count(str what, values, int most) except -1:
    if len(values) > most:
        raise ValueError(f"a relay takes at most {most} {what}, not {len(values)}")
    return 0


cdef int request_address(Address* out, str text, int port) except -1:
    ip = ipaddress.ip_address(text)
    cdef bytes packed = ip.packed
    out.family = <int>ip.version
    memcpy(out.ip, <const char*>packed, len(packed))
    out.port = port
    return 0


cdef int lay_network(Network* out, str text) except -1:
    network = ipaddress.ip_network(text)
    cdef bytes packed = network.network_address.packed
    out.family = <int>network.version
    memcpy(out.ip, <const char*>packed, len(packed))
    out.prefix = <int>network.prefixlen
    return 0
