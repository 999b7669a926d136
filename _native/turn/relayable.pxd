"""Where a TURN server relays to: not into its own network (RFC 8656 section 21.4).

Refused are unspecified, loopback, private, shared, link-local and multicast addresses, those that
embed an IPv4 address, and this server's own. Allowed besides the rest of the internet: what the
operator lists, and of our own addresses the media ports and the ports of live allocations, so that
the SFU and two relayed clients reach each other.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastsfu._native.base.address cimport Address

cdef enum:
    RELAYABLE_NETWORKS = 64
    RELAYABLE_ADDRESSES = 64

cdef struct Network:
    uint8_t family                # 4 or 6
    uint8_t ip[16]
    uint8_t prefix                # bits

cdef struct Relayable:
    Network allowed[RELAYABLE_NETWORKS]
    int allowed_count
    Address own[RELAYABLE_ADDRESSES]          # this server's addresses; no port
    int own_count
    Address endpoints[RELAYABLE_ADDRESSES]    # where the SFU can be reached
    int endpoint_count
    uint32_t* live_ports          # by port: how many allocations have it; shared by all workers

# May an allocation have a permission for this address? The port does not count.
cdef bint relayable_address(const Relayable* relayable, const Address* peer) noexcept nogil
# May it send to this transport address?
cdef bint relayable_endpoint(const Relayable* relayable, const Address* peer) noexcept nogil
