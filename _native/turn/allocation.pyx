"""See allocation.pxd."""

from fastsfu._native.base.address cimport address_equal
from fastsfu._native.base.wire cimport write_u16, write_u32, write_u64
from fastsfu._native.packet.stun cimport STUN_HEADER_SIZE, StunWriter, stun_begin, stun_put_address
from fastsfu._native.packet.turn cimport DATA, TURN_DATA_INDICATION, XOR_PEER_ADDRESS

cdef enum:
    PERMISSION_US = 300000000     # RFC 8656 section 9
    CHANNEL_US = 600000000        # section 12


cdef int allocation_bind(
        Allocation* allocation, uint16_t number, const Address* peer,
        int64_t now_us) noexcept nogil:
    cdef int place
    forget_permissions(allocation, now_us)
    forget_channels(allocation, now_us)
    place = channel_place(allocation, number, peer)
    if place < 0:
        return BIND_CONFLICT
    if place == TURN_CHANNELS or not permit(allocation, peer, now_us):
        return BIND_NO_ROOM
    allocation.channels[place].number = number
    allocation.channels[place].peer = peer[0]
    allocation.channels[place].expires_us = now_us + CHANNEL_US
    allocation.channel_count = max(allocation.channel_count, place + 1)
    return BIND_OK


cdef bint allocation_permit(
        Allocation* allocation, const Address* peer, int64_t now_us) noexcept nogil:
    forget_permissions(allocation, now_us)
    return permit(allocation, peer, now_us)


cdef bint allocation_permits(
        const Allocation* allocation, const Address* peer, int64_t now_us) noexcept nogil:
    cdef int i = find_permission(allocation, peer)
    return i >= 0 and allocation.permissions[i].expires_us > now_us


cdef const Address* allocation_peer(
        const Allocation* allocation, uint16_t number, int64_t now_us) noexcept nogil:
    cdef const TurnChannel* channel
    cdef int i
    for i in range(allocation.channel_count):
        channel = &allocation.channels[i]
        if channel.number == number and channel.expires_us > now_us:
            return &channel.peer
    return NULL


cdef uint16_t allocation_channel(
        const Allocation* allocation, const Address* peer, int64_t now_us) noexcept nogil:
    cdef const TurnChannel* channel
    cdef int i
    for i in range(allocation.channel_count):
        channel = &allocation.channels[i]
        if address_equal(&channel.peer, peer) and channel.expires_us > now_us:
            return channel.number
    return 0


cdef int channel_place(
        const Allocation* allocation, uint16_t number, const Address* peer) noexcept nogil:
    """Where the channel stands or is to stand (TURN_CHANNELS: nowhere); -1: the number or the peer
    is bound otherwise (section 12.2).
    """
    cdef int i
    cdef bint same_number, same_peer
    for i in range(allocation.channel_count):
        same_number = allocation.channels[i].number == number
        same_peer = address_equal(&allocation.channels[i].peer, peer)
        if same_number or same_peer:
            return i if same_number and same_peer else -1
    return allocation.channel_count


cdef bint permit(Allocation* allocation, const Address* peer, int64_t now_us) noexcept nogil:
    """False: there is no room for it."""
    cdef int i = find_permission(allocation, peer)
    if i < 0:
        i = allocation.permission_count
        if i == TURN_PERMISSIONS:
            return False
        allocation.permission_count += 1
    allocation.permissions[i].peer = peer[0]
    allocation.permissions[i].peer.port = 0
    allocation.permissions[i].expires_us = now_us + PERMISSION_US
    return True


cdef int find_permission(const Allocation* allocation, const Address* peer) noexcept nogil:
    cdef Address wanted = peer[0]
    cdef int i
    wanted.port = 0
    for i in range(allocation.permission_count):
        if address_equal(&allocation.permissions[i].peer, &wanted):
            return i
    return -1


cdef void forget_permissions(Allocation* allocation, int64_t now_us) noexcept nogil:
    cdef int i = 0
    while i < allocation.permission_count:
        if allocation.permissions[i].expires_us > now_us:
            i += 1
            continue
        allocation.permission_count -= 1
        allocation.permissions[i] = allocation.permissions[allocation.permission_count]


cdef void forget_channels(Allocation* allocation, int64_t now_us) noexcept nogil:
    cdef int i = 0
    while i < allocation.channel_count:
        if allocation.channels[i].expires_us > now_us:
            i += 1
            continue
        allocation.channel_count -= 1
        allocation.channels[i] = allocation.channels[allocation.channel_count]


cdef uint32_t allocation_data_header(
        Allocation* allocation, const Address* peer, uint32_t size, uint8_t* out) noexcept nogil:
    cdef StunWriter writer
    cdef uint8_t transaction_id[12]
    allocation.indications += 1
    write_u32(transaction_id, <uint32_t>allocation_mix(allocation.key + allocation.indications))
    write_u64(transaction_id + 4, allocation_mix(allocation.indications ^ allocation.key))
    stun_begin(&writer, out, TURN_DATA_INDICATION, transaction_id)
    stun_put_address(&writer, XOR_PEER_ADDRESS, peer.family, peer.ip, peer.port)
    write_u16(writer.end, DATA)
    write_u16(writer.end + 2, <uint16_t>size)
    writer.end += 4
    write_u16(out + 2, <uint16_t>(writer.end - out - STUN_HEADER_SIZE + ((size + 3) & ~3u)))
    return <uint32_t>(writer.end - out)
