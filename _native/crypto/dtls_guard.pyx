"""See dtls_guard.pxd. Records are RFC 6347 section 4.1, messages section 4.2.2."""

from libc.stdint cimport uint16_t

from fastsfu._native.base.wire cimport read_u16, read_u24

cdef enum:
    RECORD_HEADER = 13
    MESSAGE_HEADER = 12
    VERSION_1_0 = 0xFEFF          # of a first ClientHello, and of an answer before the version is
    VERSION_1_2 = 0xFEFD          # agreed
    CHANGE_CIPHER_SPEC = 20
    HANDSHAKE = 22
    HELLO_VERIFY_REQUEST = 3
    CLIENT_HELLO = 1
    SERVER_HELLO = 2
    CERTIFICATE = 11
    CERTIFICATE_VERIFY = 15
    CLIENT_KEY_EXCHANGE = 16
    MOST_BYTES = 16384            # of a message: certificates at most
    MOST_MESSAGES = 10            # of a server until it is done
    RANDOM_END = 34               # of a hello: version and random


cdef bint guard_admits(const uint8_t* record, size_t size, bint client) noexcept nogil:
    cdef uint16_t version = read_u16(record + 1)
    if version != VERSION_1_0 and version != VERSION_1_2:
        return False
    if record[0] == CHANGE_CIPHER_SPEC:
        return size == RECORD_HEADER + 1 and record[RECORD_HEADER] == 1
    # An alert may be anybody's too: a peer that gives up lets the handshake time out.
    return record[0] == HANDSHAKE and are_messages(
        record + RECORD_HEADER, size - RECORD_HEADER, client)


cdef bint are_messages(const uint8_t* data, size_t size, bint client) noexcept nogil:
    cdef size_t at = 0
    cdef size_t part
    while at + MESSAGE_HEADER <= size:
        part = read_u24(data + at + 9)
        if part > size - at - MESSAGE_HEADER or not is_message(data + at, part, client):
            return False
        at += MESSAGE_HEADER + part
    return at == size and size > 0


cdef bint is_message(const uint8_t* message, size_t part, bint client) noexcept nogil:
    """Its header, and of a hello that is whole what is behind it."""
    cdef size_t whole = read_u24(message + 1)
    cdef uint16_t seq = read_u16(message + 4)
    if whole > MOST_BYTES or read_u24(message + 6) + part > whole:
        return False
    if not (is_of_server(message[0], seq) if client else is_of_client(message[0], seq)):
        return False
    if part != whole:
        return part > 0
    if message[0] == CLIENT_HELLO:
        return is_client_hello(message + MESSAGE_HEADER, part)
    if message[0] == SERVER_HELLO:
        return is_server_hello(message + MESSAGE_HEADER, part)
    return True


cdef inline bint is_of_client(uint8_t kind, uint16_t seq) noexcept nogil:
    """Four messages, each with its number: we ask for no cookie, and for a certificate always."""
    if kind == CLIENT_HELLO:
        return seq == 0
    if kind == CERTIFICATE:
        return seq == 1
    if kind == CLIENT_KEY_EXCHANGE:
        return seq == 2
    return kind == CERTIFICATE_VERIFY and seq == 3


cdef inline bint is_of_server(uint8_t kind, uint16_t seq) noexcept nogil:
    if kind == SERVER_HELLO or kind == HELLO_VERIFY_REQUEST:
        return seq <= 1               # a server may ask for a cookie first
    # NewSessionTicket; Certificate to ServerHelloDone; CertificateStatus
    return 0 < seq < MOST_MESSAGES and (kind == 4 or CERTIFICATE <= kind <= 14 or kind == 22)


cdef bint is_client_hello(const uint8_t* body, size_t size) noexcept nogil:
    """RFC 6347 section 4.2.1: session id, cookie, cipher suites, compression, extensions."""
    cdef size_t at = RANDOM_END
    if size <= at or (read_u16(body) != VERSION_1_2 and read_u16(body) != VERSION_1_0):
        return False
    at += 1 + body[at]
    if at >= size:
        return False
    at += 1 + body[at]
    if at + 2 > size or read_u16(body + at) < 2 or read_u16(body + at) & 1:
        return False
    at += 2 + read_u16(body + at)
    if at >= size or body[at] == 0:
        return False
    at += 1 + body[at]
    return at == size or (at + 2 <= size and at + 2 + read_u16(body + at) == size)


cdef bint is_server_hello(const uint8_t* body, size_t size) noexcept nogil:
    """RFC 5246 section 7.4.1.3: session id, cipher suite, compression, extensions."""
    cdef size_t at = RANDOM_END
    if size <= at or read_u16(body) != VERSION_1_2:
        return False
    at += 1 + body[at] + 3
    return at == size or (at + 2 <= size and at + 2 + read_u16(body + at) == size)
