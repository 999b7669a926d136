"""See relayable.pxd."""

from libc.string cimport memcmp

from fastsfu._native.base.address cimport address_equal
from fastsfu._native.base.atomic cimport load_u32

# IANA's special-purpose registries, as far as nobody on the internet is reached there: address
# bytes and prefix.
cdef const uint8_t* REFUSED_V4 = (
    b"\0\0\0\0\x08"               # this network, unspecified
    b"\x0a\0\0\0\x08"             # private (RFC 1918)
    b"\x64\x40\0\0\x0a"           # shared (RFC 6598)
    b"\x7f\0\0\0\x08"             # loopback
    b"\xa9\xfe\0\0\x10"           # link-local: metadata services are here
    b"\xa8\x3f\x81\x10\x20"       # Azure's host, public by number only
    b"\xac\x10\0\0\x0c"           # private
    b"\xc0\0\0\0\x18"             # IETF protocols
    b"\xc0\x58\x63\0\x18"         # 6to4 relays
    b"\xc0\xa8\0\0\x10"           # private
    b"\xc6\x12\0\0\x0f"           # benchmarks
    b"\xe0\0\0\0\x04"             # multicast
    b"\xf0\0\0\0\x04"             # reserved, broadcast
)
# The same for IPv6, first 4 bytes and prefix: all of them are decided by their first 32 bits.
cdef const uint8_t* REFUSED_V6 = (
    b"\0\0\0\0\x08"               # unspecified, loopback, IPv4-mapped
    b"\x00\x64\xff\x9b\x20"       # NAT64 (RFC 6052, 8215)
    b"\x01\0\0\0\x08"             # discard
    b"\x20\x01\0\0\x17"           # IETF protocols, Teredo
    b"\x20\x02\0\0\x10"           # 6to4
    b"\xfc\0\0\0\x07"             # private (RFC 4193)
    b"\xfe\x80\0\0\x09"           # link-local and the site-local of old
    b"\xff\0\0\0\x08"             # multicast
)
cdef enum:
    REFUSED_V4_COUNT = 13
    REFUSED_V6_COUNT = 8
    ROW = 5                       # bytes of a row above


cdef bint relayable_address(const Relayable* relayable, const Address* peer) noexcept nogil:
    cdef int i
    for i in range(relayable.endpoint_count):
        if same_ip(&relayable.endpoints[i], peer):
            return True
    return is_open(relayable, peer)


cdef bint relayable_endpoint(const Relayable* relayable, const Address* peer) noexcept nogil:
    cdef bint is_ours = False
    cdef int i
    for i in range(relayable.endpoint_count):
        if same_ip(&relayable.endpoints[i], peer):
            is_ours = True
            if relayable.endpoints[i].port == peer.port:
                return True
    if is_ours and load_u32(&relayable.live_ports[peer.port]):
        return True
    return is_open(relayable, peer)


cdef bint is_open(const Relayable* relayable, const Address* peer) noexcept nogil:
    """By address alone."""
    cdef int i
    for i in range(relayable.allowed_count):
        if is_within(&relayable.allowed[i], peer):
            return True
    for i in range(relayable.own_count):
        if same_ip(&relayable.own[i], peer):
            return False
    return not is_refused(peer)


cdef bint is_within(const Network* network, const Address* peer) noexcept nogil:
    return network.family == peer.family and same_bits(network.ip, peer.ip, network.prefix)


cdef bint is_refused(const Address* peer) noexcept nogil:
    cdef const uint8_t* row = REFUSED_V4 if peer.family == 4 else REFUSED_V6
    cdef int i
    for i in range(REFUSED_V4_COUNT if peer.family == 4 else REFUSED_V6_COUNT):
        if same_bits(row + i * ROW, peer.ip, row[i * ROW + 4]):
            return True
    return False


cdef inline bint same_bits(const uint8_t* a, const uint8_t* b, int bits) noexcept nogil:
    cdef int whole = bits // 8
    if memcmp(a, b, <size_t>whole) != 0:
        return False
    return bits % 8 == 0 or (a[whole] ^ b[whole]) >> (8 - bits % 8) == 0


cdef inline bint same_ip(const Address* a, const Address* b) noexcept nogil:
    cdef Address other = b[0]
    other.port = a.port
    return address_equal(a, &other)
