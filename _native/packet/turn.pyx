"""See turn.pxd. The same rules of reading as in packet/stun: behind MESSAGE-INTEGRITY only
FINGERPRINT counts, of an attribute that comes twice the first (RFC 8489 section 14).
"""

from libc.string cimport memcpy, memset

from fastsfu._native.base.wire cimport read_u16, read_u32
from fastsfu._native.packet.stun cimport (
    COMPREHENSION_OPTIONAL, INTEGRITY_SIZE, MAPPED_ADDRESS, MESSAGE_INTEGRITY,
    MESSAGE_INTEGRITY_SHA256, NONCE, PASSWORD_ALGORITHM, REALM, STUN_COOKIE, STUN_MALFORMED,
    STUN_OK, STUN_UNKNOWN_REQUIRED, UNKNOWN_ATTRIBUTES, USERHASH, USERNAME, USERNAME_LARGEST,
    XOR_MAPPED_ADDRESS, StunCursor, stun_next, stun_walk,
)


cdef StunResult turn_parse(
        const uint8_t* datagram, size_t size, TurnMessage* message) noexcept nogil:
    cdef StunCursor cursor
    memset(message, 0, sizeof(TurnMessage))
    message.lifetime_s = message.channel = message.transport = -1
    message.family = message.additional_family = -1
    if not stun_walk(&cursor, datagram, size):
        return STUN_MALFORMED
    message.type = read_u16(datagram)
    message.transaction_id = datagram + 8
    while stun_next(&cursor):
        if message.integrity == NULL and not read_attribute(
                message, cursor.attribute, cursor.value, cursor.size):
            return STUN_MALFORMED
    message.has_fingerprint = cursor.has_fingerprint
    if cursor.result == STUN_OK and message.unknown_required:
        return STUN_UNKNOWN_REQUIRED
    return cursor.result


cdef void turn_read_address(
        const uint8_t* value, const uint8_t* transaction_id, uint8_t* family, uint8_t* address,
        uint16_t* port) noexcept nogil:
    cdef uint8_t mask[16]
    cdef int i, size = 4 if value[1] == 1 else 16
    mask[0] = 0x21                    # the magic cookie, then the transaction ID
    mask[1] = 0x12
    mask[2] = 0xA4
    mask[3] = 0x42
    memcpy(mask + 4, transaction_id, 12)
    memset(address, 0, 16)
    family[0] = 4 if size == 4 else 6
    port[0] = read_u16(value + 2) ^ <uint16_t>(STUN_COOKIE >> 16)
    for i in range(size):
        address[i] = value[4 + i] ^ mask[i]


cdef bint read_attribute(
        TurnMessage* message, uint16_t attribute, const uint8_t* value,
        uint16_t size) noexcept nogil:
    """False: a known attribute of a size that it cannot have."""
    if attribute == XOR_PEER_ADDRESS:
        return read_peer(message, value, size)
    if attribute == DATA:
        if message.data == NULL:
            message.data = value
            message.data_size = size
        return True
    if attribute in (USERNAME, REALM, NONCE, MESSAGE_INTEGRITY):
        return read_credential(message, attribute, value, size)
    if attribute < COMPREHENSION_OPTIONAL or attribute == ADDITIONAL_ADDRESS_FAMILY:
        return read_wish(message, attribute, value, size)
    return True


cdef bint read_peer(TurnMessage* message, const uint8_t* value, uint16_t size) noexcept nogil:
    if size < 4 or not (
            (value[1] == 1 and size == 8) or (value[1] == 2 and size == 20)):
        return False
    if message.peer_count < TURN_MOST_PEERS:
        message.peers[message.peer_count] = value
    message.peer_count += 1
    return True


cdef bint read_credential(
        TurnMessage* message, uint16_t attribute, const uint8_t* value,
        uint16_t size) noexcept nogil:
    if attribute == MESSAGE_INTEGRITY:
        if size != INTEGRITY_SIZE:
            return False
        message.integrity = value
        return True
    if attribute == USERNAME and message.username == NULL:
        message.username = value
        message.username_size = size
    elif attribute == REALM and message.realm == NULL:
        message.realm = value
        message.realm_size = size
    elif attribute == NONCE and message.nonce == NULL:
        message.nonce = value
        message.nonce_size = size
    return size <= USERNAME_LARGEST or attribute != USERNAME


cdef bint read_wish(
        TurnMessage* message, uint16_t attribute, const uint8_t* value,
        uint16_t size) noexcept nogil:
    """What a request asks for."""
    if attribute == CHANNEL_NUMBER:
        return size == 4 and first(&message.channel, read_u16(value))
    if attribute == LIFETIME:
        if size == 4 and message.lifetime_s < 0:
            message.lifetime_s = read_u32(value)
        return size == 4
    if attribute == REQUESTED_TRANSPORT:
        return size == 4 and first(&message.transport, value[0])
    if attribute == REQUESTED_ADDRESS_FAMILY:
        return size == 4 and first(&message.family, family_of(value[0]))
    if attribute == ADDITIONAL_ADDRESS_FAMILY:
        return size == 4 and first(&message.additional_family, family_of(value[0]))
    if attribute == EVEN_PORT:
        message.even_port = True
        message.reserve_next = size == 1 and value[0] & 0x80 != 0
        return size == 1
    if attribute == RESERVATION_TOKEN:
        message.has_reservation = True
        return size == 8
    if attribute == DONT_FRAGMENT:
        message.dont_fragment = True
    elif message.unknown_required == 0 and not is_known(attribute):
        message.unknown_required = attribute
    return True


cdef inline bint first(int32_t* field, int32_t value) noexcept nogil:
    if field[0] < 0:
        field[0] = value
    return True


cdef inline int32_t family_of(uint8_t value) noexcept nogil:
    return 4 if value == 1 else 6 if value == 2 else 0


cdef inline bint is_known(uint16_t attribute) noexcept nogil:
    """Known and without meaning in what clients send: to be ignored (RFC 8489 section 14)."""
    return attribute in (
        MAPPED_ADDRESS, XOR_MAPPED_ADDRESS, UNKNOWN_ATTRIBUTES, XOR_RELAYED_ADDRESS, USERHASH,
        MESSAGE_INTEGRITY_SHA256, PASSWORD_ALGORITHM)
