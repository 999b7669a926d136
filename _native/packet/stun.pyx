"""Attributes are read in order; behind MESSAGE-INTEGRITY only FINGERPRINT counts (RFC 8489
section 14.5), behind FINGERPRINT nothing may follow (14.7). Of an attribute that comes twice the
first counts (section 14)."""

from libc.string cimport memcpy, memset

from fastsfu._native.base.openssl cimport CRYPTO_memcmp, EVP_sha1, HMAC
from fastsfu._native.base.pool cimport BUFFER_CAPACITY
from fastsfu._native.base.wire cimport (
    read_u16, read_u32, read_u64, write_u16, write_u32)

cdef enum:
    FINGERPRINT_XOR = 0x5354554E      # "STUN": section 14.7
    CRC_POLYNOMIAL = 0xEDB88320       # ITU V.42, reflected

cdef uint32_t CRC_TABLE[256]


cdef StunResult stun_parse(
        const uint8_t* datagram, size_t size, StunMessage* message) noexcept nogil:
    cdef StunCursor cursor
    memset(message, 0, sizeof(StunMessage))
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


cdef bint stun_walk(StunCursor* cursor, const uint8_t* datagram, size_t size) noexcept nogil:
    memset(cursor, 0, sizeof(StunCursor))
    cursor.datagram = datagram
    cursor.end = size
    cursor.offset = STUN_HEADER_SIZE
    cursor.result = STUN_OK if stun_header_is_right(datagram, size) else STUN_MALFORMED
    return cursor.result == STUN_OK


cdef bint stun_next(StunCursor* cursor) noexcept nogil:
    cdef const uint8_t* head
    while cursor.offset < cursor.end and cursor.result == STUN_OK:
        head = cursor.datagram + cursor.offset        # 4 bytes are there: sizes are multiples of 4
        cursor.attribute = read_u16(head)
        cursor.size = read_u16(head + 2)
        cursor.value = head + 4
        cursor.offset += 4
        if cursor.size > cursor.end - cursor.offset:
            cursor.result = STUN_MALFORMED
            return False
        cursor.offset += (<size_t>cursor.size + 3) & ~<size_t>3
        if cursor.attribute != FINGERPRINT:
            return True
        cursor.has_fingerprint = True
        cursor.result = stun_check_fingerprint(
            cursor.datagram, cursor.end, cursor.value - cursor.datagram, cursor.size)
    return False


cdef bint stun_verify(
        const uint8_t* datagram, const StunMessage* message,
        const uint8_t* password, size_t password_size) noexcept nogil:
    if message.integrity == NULL:
        return False
    return stun_verify_at(datagram, message.integrity, password, password_size)


cdef bint stun_verify_at(
        const uint8_t* datagram, const uint8_t* integrity, const uint8_t* key,
        size_t key_size) noexcept nogil:
    """The HMAC covers what stands before MESSAGE-INTEGRITY, under a length that ends with it."""
    cdef uint8_t covered[BUFFER_CAPACITY]
    cdef uint8_t expected[INTEGRITY_SIZE]
    cdef size_t size = <size_t>(integrity - datagram) - 4
    if size > BUFFER_CAPACITY:
        return False
    memcpy(covered, datagram, size)
    write_u16(covered + 2, <uint16_t>(size + 4 + INTEGRITY_SIZE - STUN_HEADER_SIZE))
    if not sign(covered, size, key, key_size, expected):
        return False
    return CRYPTO_memcmp(expected, integrity, INTEGRITY_SIZE) == 0


cdef size_t stun_write_success(
        uint8_t* out, const uint8_t* transaction_id, int family, const uint8_t* address,
        uint16_t port, const uint8_t* password, size_t password_size) noexcept nogil:
    cdef StunWriter writer
    stun_begin(&writer, out, STUN_BINDING_SUCCESS, transaction_id)
    stun_put_address(&writer, XOR_MAPPED_ADDRESS, family, address, port)
    return stun_end(&writer, password, password_size, True)


cdef size_t stun_write_error(
        uint8_t* out, const uint8_t* transaction_id, uint16_t code, uint16_t unknown_attribute,
        const uint8_t* password, size_t password_size) noexcept nogil:
    cdef StunWriter writer
    stun_begin(&writer, out, STUN_BINDING_ERROR, transaction_id)
    stun_put_error(&writer, code, unknown_attribute)
    return stun_end(&writer, password, password_size, True)


cdef void stun_begin(
        StunWriter* writer, uint8_t* out, uint16_t message_type,
        const uint8_t* transaction_id) noexcept nogil:
    """The length is written by `stun_end`."""
    write_u16(out, message_type)
    write_u32(out + 4, STUN_COOKIE)
    memcpy(out + 8, transaction_id, 12)
    writer.out = out
    writer.end = out + STUN_HEADER_SIZE


cdef uint8_t* stun_put(StunWriter* writer, uint16_t attribute, uint16_t size) noexcept nogil:
    cdef uint8_t* value = writer.end + 4
    cdef size_t padded = (<size_t>size + 3) & ~<size_t>3
    write_u16(writer.end, attribute)
    write_u16(writer.end + 2, size)
    memset(value + size, 0, padded - size)
    writer.end = value + padded
    return value


cdef void stun_put_address(
        StunWriter* writer, uint16_t attribute, int family, const uint8_t* address,
        uint16_t port) noexcept nogil:
    cdef int size = 4 if family == 4 else 16
    cdef int i
    cdef uint8_t* value = stun_put(writer, attribute, <uint16_t>(4 + size))
    value[0] = 0
    value[1] = 1 if family == 4 else 2
    write_u16(value + 2, port ^ <uint16_t>(STUN_COOKIE >> 16))
    for i in range(size):             # XOR with cookie and transaction id, as they stand at out + 4
        value[4 + i] = address[i] ^ writer.out[4 + i]


cdef void stun_put_error(
        StunWriter* writer, uint16_t code, uint16_t unknown_attribute) noexcept nogil:
    """The reason phrase is left empty: it is for humans, and the answer stays small."""
    cdef uint8_t* value = stun_put(writer, ERROR_CODE, 4)
    write_u16(value, 0)
    value[2] = <uint8_t>(code // 100)
    value[3] = <uint8_t>(code % 100)
    if unknown_attribute:
        write_u16(stun_put(writer, UNKNOWN_ATTRIBUTES, 2), unknown_attribute)


cdef size_t stun_end(
        StunWriter* writer, const uint8_t* key, size_t key_size, bint fingerprint) noexcept nogil:
    """Each of the two attributes covers a length that counts itself and nothing behind it."""
    cdef uint8_t* out = writer.out
    cdef uint8_t* before = writer.end
    cdef uint8_t* value
    if key != NULL:
        value = stun_put(writer, MESSAGE_INTEGRITY, INTEGRITY_SIZE)
        set_length(writer)
        sign(out, <size_t>(before - out), key, key_size, value)
    if fingerprint:
        before = writer.end
        value = stun_put(writer, FINGERPRINT, 4)
        set_length(writer)
        write_u32(value, crc32(out, <size_t>(before - out)) ^ <uint32_t>FINGERPRINT_XOR)
    set_length(writer)
    return <size_t>(writer.end - out)


cdef inline void set_length(StunWriter* writer) noexcept nogil:
    write_u16(writer.out + 2, <uint16_t>(writer.end - writer.out - STUN_HEADER_SIZE))


cdef bint stun_header_is_right(const uint8_t* datagram, size_t size) noexcept nogil:
    return (
        size >= STUN_HEADER_SIZE and size % 4 == 0 and datagram[0] & 0xC0 == 0
        and read_u16(datagram + 2) == size - STUN_HEADER_SIZE
        and read_u32(datagram + 4) == STUN_COOKIE)


cdef bint read_attribute(
        StunMessage* message, uint16_t attribute, const uint8_t* value,
        uint16_t size) noexcept nogil:
    """False: a known attribute of a size that it cannot have."""
    if attribute == USERNAME:
        return read_username(message, value, size)
    if attribute == MESSAGE_INTEGRITY:
        if size != INTEGRITY_SIZE:
            return False
        message.integrity = value
        return True
    if attribute == PRIORITY:
        return size == 4 and read_priority(message, value)
    if attribute == USE_CANDIDATE:
        message.use_candidate = True
    elif attribute == ICE_CONTROLLING or attribute == ICE_CONTROLLED:
        return size == 8 and read_role(message, attribute, value)
    elif attribute == ERROR_CODE:
        return size >= 4 and read_error_code(message, value)
    elif attribute < COMPREHENSION_OPTIONAL and not is_known(attribute):
        if message.unknown_required == 0:
            message.unknown_required = attribute
    return True


cdef bint is_known(uint16_t attribute) noexcept nogil:
    """Known and without meaning in a connectivity check: to be ignored (RFC 8489 section 14)."""
    return (
        attribute == MAPPED_ADDRESS or attribute == UNKNOWN_ATTRIBUTES or attribute == REALM
        or attribute == NONCE or attribute == MESSAGE_INTEGRITY_SHA256
        or attribute == PASSWORD_ALGORITHM or attribute == USERHASH
        or attribute == XOR_MAPPED_ADDRESS)


cdef bint read_username(StunMessage* message, const uint8_t* value, uint16_t size) noexcept nogil:
    if message.username == NULL:
        message.username = value
        message.username_size = size
    return size <= USERNAME_LARGEST


cdef bint read_priority(StunMessage* message, const uint8_t* value) noexcept nogil:
    if message.priority == 0:
        message.priority = read_u32(value)
    return True


cdef bint read_role(StunMessage* message, uint16_t attribute, const uint8_t* value) noexcept nogil:
    if not message.ice_controlling and not message.ice_controlled:
        message.ice_controlling = attribute == ICE_CONTROLLING
        message.ice_controlled = attribute == ICE_CONTROLLED
        message.tie_breaker = read_u64(value)
    return True


cdef bint read_error_code(StunMessage* message, const uint8_t* value) noexcept nogil:
    if message.type == STUN_BINDING_ERROR and message.error_code == 0:
        message.error_code = <uint16_t>((value[2] & 7) * 100 + value[3])
    return True


cdef StunResult stun_check_fingerprint(
        const uint8_t* datagram, size_t size, size_t offset, uint16_t length) noexcept nogil:
    """`offset` is its value's, which must be the message's last 4 bytes."""
    if length != 4 or offset + 4 != size:
        return STUN_MALFORMED
    if read_u32(datagram + offset) != (crc32(datagram, offset - 4) ^ <uint32_t>FINGERPRINT_XOR):
        return STUN_BAD_FINGERPRINT
    return STUN_OK


cdef inline bint sign(
        const uint8_t* data, size_t size, const uint8_t* password, size_t password_size,
        uint8_t* out) noexcept nogil:
    """False only when OpenSSL is out of memory or has no SHA-1."""
    return HMAC(EVP_sha1(), password, <int>password_size, data, size, out, NULL) != NULL


cdef inline uint32_t crc32(const uint8_t* data, size_t size) noexcept nogil:
    cdef uint32_t crc = 0xFFFFFFFF
    cdef size_t i
    for i in range(size):
        crc = CRC_TABLE[(crc ^ data[i]) & 0xFF] ^ (crc >> 8)
    return crc ^ <uint32_t>0xFFFFFFFF


cdef void fill_crc_table() noexcept nogil:
    cdef uint32_t value
    cdef int i, _bit
    for i in range(256):
        value = i
        for _bit in range(8):
            value = (value >> 1) ^ (CRC_POLYNOMIAL if value & 1 else 0)
        CRC_TABLE[i] = value


fill_crc_table()
