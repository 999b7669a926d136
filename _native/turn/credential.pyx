"""See credential.pxd."""

from libc.string cimport memcpy, memset

from fastsfu._native.base.openssl cimport (
    CRYPTO_memcmp, EVP_Digest, EVP_EncodeBlock, EVP_md5, EVP_sha1, HMAC,
)
from fastsfu._native.base.posix cimport explicit_bzero
from fastsfu._native.base.wire cimport write_u16, write_u32
from fastsfu._native.packet.stun cimport NONCE, REALM, stun_put, stun_verify_at

cdef enum:
    SHA1_SIZE = 20
    BASE64_SIZE = 28              # of SHA1_SIZE bytes
    REALM_SIZE = 7
    EXPIRY_DIGITS = 12
    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    STALE_NONCE = 438

cdef const uint8_t* OUR_REALM = b"fastsfu"
cdef const uint8_t* HEXADECIMAL = b"0123456789abcdef"


cdef uint16_t credential_check(
        const CredentialSecret* secret, const uint8_t* datagram, const TurnMessage* message,
        const Address* source, uint32_t now_s, int64_t unix_s, uint8_t* key) noexcept nogil:
    """In the order of RFC 8489 section 9.2.4; what is cheap to refuse is refused first."""
    if message.integrity == NULL:
        return UNAUTHORIZED
    if message.username == NULL or message.realm == NULL or message.nonce == NULL:
        return BAD_REQUEST
    if not nonce_is_good(secret, message, source, now_s):
        return STALE_NONCE
    if expiry_of(message) <= unix_s or message.username_size > TURN_USERNAME_LARGEST:
        return UNAUTHORIZED
    if not long_term_key(secret, message, key):
        return UNAUTHORIZED
    if not stun_verify_at(datagram, message.integrity, key, LONG_TERM_KEY_SIZE):
        return UNAUTHORIZED
    return 0


cdef void credential_challenge(
        const CredentialSecret* secret, const Address* source, uint32_t now_s,
        StunWriter* writer) noexcept nogil:
    memcpy(stun_put(writer, REALM, REALM_SIZE), OUR_REALM, REALM_SIZE)
    write_nonce(secret, source, now_s, stun_put(writer, NONCE, NONCE_SIZE))


cdef void write_nonce(
        const CredentialSecret* secret, const Address* source, uint32_t time_s,
        uint8_t* out) noexcept nogil:
    cdef uint8_t covered[24]
    cdef uint8_t whole[12]
    cdef uint8_t mac[SHA1_SIZE]
    cdef int i
    memset(mac, 0, sizeof(mac))
    memset(covered, 0, sizeof(covered))
    write_u32(covered, time_s)
    covered[4] = source.family
    write_u16(covered + 6, source.port)
    memcpy(covered + 8, source.ip, 4 if source.family == 4 else 16)
    HMAC(EVP_sha1(), secret.nonce_key, sizeof(secret.nonce_key), covered, 24, mac, NULL)
    memcpy(whole, covered, 4)
    memcpy(whole + 4, mac, 8)
    for i in range(12):
        out[2 * i] = HEXADECIMAL[whole[i] >> 4]
        out[2 * i + 1] = HEXADECIMAL[whole[i] & 15]


cdef bint nonce_is_good(
        const CredentialSecret* secret, const TurnMessage* message, const Address* source,
        uint32_t now_s) noexcept nogil:
    cdef uint8_t expected[NONCE_SIZE]
    cdef uint32_t time_s = 0
    cdef int i, digit
    if message.nonce_size != NONCE_SIZE:
        return False
    for i in range(8):
        digit = message.nonce[i]
        digit = digit - c"0" if digit <= c"9" else digit - c"a" + 10
        time_s = time_s << 4 | <uint32_t>(digit & 15)
    if now_s - time_s > NONCE_LIFETIME_S:       # unsigned: also a time that has not come yet
        return False
    write_nonce(secret, source, time_s, expected)
    return CRYPTO_memcmp(expected, message.nonce, NONCE_SIZE) == 0


cdef int64_t expiry_of(const TurnMessage* message) noexcept nogil:
    """The digits before the colon; 0 when they are none, so that it has passed."""
    cdef int64_t value = 0
    cdef int i
    for i in range(min(<int>message.username_size, <int>EXPIRY_DIGITS + 1)):
        if message.username[i] == c":":
            return value
        if not c"0" <= message.username[i] <= c"9":
            return 0
        value = value * 10 + (message.username[i] - c"0")
    return 0


cdef bint long_term_key(
        const CredentialSecret* secret, const TurnMessage* message, uint8_t* key) noexcept nogil:
    """RFC 8489 section 18.5.1.1: MD5(user name ":" realm ":" password). False: no MD5 or SHA-1
    here (FIPS).
    """
    cdef uint8_t text[TURN_USERNAME_LARGEST + REALM_SIZE + BASE64_SIZE + 3]
    cdef uint8_t mac[SHA1_SIZE]
    cdef size_t size = message.username_size
    cdef bint done
    if HMAC(EVP_sha1(), secret.secret, secret.secret_size, message.username, size, mac,
            NULL) == NULL:
        return False
    memcpy(text, message.username, size)
    text[size] = c":"
    memcpy(text + size + 1, OUR_REALM, REALM_SIZE)
    size += 1 + REALM_SIZE
    text[size] = c":"
    size += 1 + <size_t>EVP_EncodeBlock(text + size + 1, mac, SHA1_SIZE)
    done = EVP_Digest(text, size, key, NULL, EVP_md5(), NULL) == 1
    explicit_bzero(text, sizeof(text))
    return done
