"""A TURN server's decisions on virtual time, without sockets: a "port" of a relayed address is a
number that this gives out.
"""

import ipaddress

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from fastsfu._native.base.address cimport Address
from fastsfu._native.engine.relay_request cimport request_relay
from fastsfu._native.packet.turn cimport DATA_OVERHEAD, channel_data_size
from fastsfu._native.turn.allocation cimport Allocation, allocation_data_header
from fastsfu._native.turn.answer cimport TURN_CLOSE, TURN_OPEN, TURN_RELAY, TurnReply
from fastsfu._native.turn.register cimport (
    register_admit, register_find, register_named, register_remove, register_revoke,
)
from fastsfu._native.turn.relay cimport Relay
from fastsfu._native.turn.relayable cimport relayable_address, relayable_endpoint
from fastsfu._native.turn.server cimport TurnServer, turn_free, turn_init
from fastsfu._native.turn.turn cimport (
    turn_channel_peer, turn_from_peer, turn_on_message, turn_opened, turn_within_quota,
)

from tests.native.faces.exact cimport exact


cdef Address address_of(source) except *:
    cdef Address out
    ip, port = source
    packed = ipaddress.ip_address(ip).packed
    memset(&out, 0, sizeof(out))
    out.family = 4 if len(packed) == 4 else 6
    memcpy(out.ip, <const char*><bytes>packed, len(packed))
    out.port = port
    return out


cdef object text_of(const Address* address):
    size = 4 if address.family == 4 else 16
    return str(ipaddress.ip_address(address.ip[:size])), address.port


cdef class Turn:
    cdef TurnServer* server
    cdef uint32_t* ports
    cdef public int64_t now_us
    cdef public int64_t unix_s
    cdef public uint16_t next_port
    cdef public uint16_t open_error   # what opening a socket comes to; 0: it opens

    def __cinit__(self, options, users=("ada", "bob", "eve")):
        cdef Relay* relay = <Relay*>calloc(1, sizeof(Relay))
        self.server = <TurnServer*>calloc(1, sizeof(TurnServer))
        self.ports = <uint32_t*>calloc(65536, sizeof(uint32_t))
        request_relay(relay, options)
        self.server[0] = relay.server
        free(relay)
        self.server.relayable.live_ports = self.ports
        if turn_init(self.server) < 0:
            raise MemoryError
        for user in users:
            self.admit(user)
        self.now_us, self.unix_s, self.next_port = 5_000_000, 1_700_000_000, 50000

    def __dealloc__(self):
        cdef uint32_t i
        for i in range(self.server.allocation_top):
            if self.server.allocations[i] != NULL:
                register_remove(self.server, self.server.allocations[i])
        turn_free(self.server)
        free(self.server)
        free(self.ports)

    def admit(self, str user):
        name = user.encode()
        register_admit(self.server, name, len(name))

    def revoke(self, str user):
        """He has no allocations any more."""
        name = user.encode()
        cdef int64_t found = register_named(self.server, name, len(name))
        if found >= 0:
            register_revoke(self.server, <uint32_t>found)

    def admitted(self, str user):
        name = user.encode()
        return register_named(self.server, name, len(name)) >= 0

    @property
    def allocations(self):
        return self.server.allocation_count

    @property
    def counters(self):
        return list(self.server.counters)

    def receive(self, bytes datagram, source, int listener=0):
        """(answer or None, (data, peer) of a Send indication or None)"""
        cdef TurnReply reply
        cdef Address client = address_of(source)
        cdef uint8_t* copy = exact(datagram)
        sent = None
        turn_on_message(
            self.server, copy, len(datagram), &client, False, <uint8_t>listener,
            self.now_us, self.unix_s, &reply)
        if reply.effect == TURN_OPEN:
            reply.allocation.relayed.port = self.next_port
            self.next_port += 1
            turn_opened(self.server, &reply, self.open_error, self.now_us)
        answer = reply.answer[:reply.size] if reply.size else None
        if reply.effect == TURN_RELAY:
            sent = reply.message.data[:reply.message.data_size], text_of(&reply.peer)
        elif reply.effect == TURN_CLOSE:
            register_remove(self.server, reply.allocation)
        free(copy)
        return answer, sent

    def channel(self, source, int number):
        """The peer of a client's channel, or None."""
        cdef Address client = address_of(source)
        cdef Allocation* allocation = register_find(self.server, &client, 0)
        cdef const Address* peer = NULL
        if allocation != NULL:
            peer = turn_channel_peer(self.server, allocation, <uint16_t>number, self.now_us)
        return None if peer == NULL else text_of(peer)

    def from_peer(self, source, peer):
        """-1, 0 (an indication) or the channel on which a peer's data goes to the client."""
        cdef Address client = address_of(source)
        cdef Address other = address_of(peer)
        cdef Allocation* allocation = register_find(self.server, &client, 0)
        return turn_from_peer(self.server, allocation, &other, self.now_us)

    def indication(self, source, peer, bytes data):
        """A Data indication as the client gets it."""
        cdef Address client = address_of(source)
        cdef Address other = address_of(peer)
        cdef uint8_t header[DATA_OVERHEAD]
        cdef uint32_t size = allocation_data_header(
            register_find(self.server, &client, 0), &other, <uint32_t>len(data), header)
        return header[:size] + data + bytes(-len(data) & 3)

    def within_quota(self, source, int size):
        cdef Address client = address_of(source)
        return bool(turn_within_quota(
            self.server, register_find(self.server, &client, 0), <uint32_t>size, self.now_us))

    def relayable(self, ip, port=None):
        cdef Address peer = address_of((ip, port or 0))
        if port is None:
            return bool(relayable_address(&self.server.relayable, &peer))
        return bool(relayable_endpoint(&self.server.relayable, &peer))

    def live(self, int port, int count):
        self.ports[port] = <uint32_t>count


def channel_size(bytes datagram):
    cdef uint8_t* copy = exact(datagram)
    size = channel_data_size(copy, len(datagram))
    free(copy)
    return size
