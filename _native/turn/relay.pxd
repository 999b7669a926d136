"""The TURN relay's sockets around the decisions of turn/turn: one UDP socket for each allocation,
and where it is wanted one more for clients.

    client's ChannelData -> turn_channel_peer -> outbox -> the allocation's socket -> peer
    peer's datagram -> the allocation's socket -> turn_from_peer -> outbox -> the client's socket

A peer that is itself a relayed address here is reached without the two sockets between.

What is relayed is never looked into (promise P3).
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.net.outbox cimport Outbox, Pace
from fastsfu._native.net.socket_address cimport Destination
from fastsfu._native.net.udp cimport Datagram, UdpSocket
from fastsfu._native.packet.demux cimport PacketKind
from fastsfu._native.turn.answer cimport TurnReply
from fastsfu._native.turn.server cimport TurnServer

cdef enum:
    RELAY_ADDRESSES = 64
    RELAY_EXTRA = 1 << 30         # what epoll tells of the further port; else an allocation's index

cdef struct RelaySocket:          # of an allocation
    int fd
    UdpSocket* via                # where its client is
    Destination back              # how the client is reached
    Pace to_peer
    Pace to_client

cdef struct Relay:
    TurnServer server
    int epoll                     # the worker's
    UdpSocket shared              # the allocations' sockets take turns in it
    UdpSocket extra               # a further port for clients; fd -1 = none
    Outbox outbox
    TurnReply reply
    uint16_t min_port             # of relayed addresses
    uint16_t max_port
    bint gro
    Address addresses[RELAY_ADDRESSES]        # that peers reach us at, most preferred first
    int address_count
    int64_t unix_s                # seconds since 1970, kept by the worker
    int64_t swept_s               # second of the last search for expired allocations

# The caller has set the server's secret, relayable and limits, ports and addresses. 0, or -errno.
cdef int relay_init(Relay* relay, int epoll, bint gso, bint gro) noexcept nogil
cdef void relay_free(Relay* relay) noexcept nogil
# A further port for clients. 0, or -errno.
cdef int relay_open_extra(
    Relay* relay, const char* host, uint16_t port, bint gso, bint gro) noexcept nogil
# What came to `via`: a STUN message other than a Binding one, or ChannelData; else False.
cdef bint relay_takes(
    Relay* relay, UdpSocket* via, PacketKind kind, const Datagram* datagram,
    int64_t now_us) noexcept nogil
# A Binding request without credentials.
cdef void relay_on_binding(
    Relay* relay, UdpSocket* via, const Datagram* datagram, int64_t now_us) noexcept nogil
# The socket of the allocation with this index, or the extra port, is readable.
cdef void relay_receive(Relay* relay, uint32_t index, int64_t now_us) noexcept nogil
cdef void relay_receive_extra(Relay* relay, int64_t now_us) noexcept nogil
# The client at this address of the media port has gone: close its allocation.
cdef void relay_forget(Relay* relay, const Address* client) noexcept nogil
# Who comes with this user's credentials is a stranger from now on; his allocations are closed.
cdef void relay_revoke(Relay* relay, const uint8_t* name, size_t size) noexcept nogil
# Send what was gathered, unless more of its burst may come within hold_us.
cdef void relay_flush(Relay* relay, int64_t now_us, int64_t hold_us) noexcept nogil
# An allocation of this process has this port. From any thread.
cdef bint relay_has_port(uint16_t port) noexcept nogil
# Close what has expired; does so once a second.
cdef void relay_tick(Relay* relay, int64_t now_us) noexcept nogil
