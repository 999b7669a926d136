"""DTLS 1.2 records; see dtls_records.pxd.

A record's number is its epoch and sequence number as they stand in its header: 64 bits, of which
the upper 16 are 1 for all that are encrypted.
"""

from libc.stdint cimport uint8_t, uint16_t, uint64_t
from libc.string cimport memcpy

from fastsfu._native.base.posix cimport explicit_bzero
from fastsfu._native.base.wire cimport read_u16, read_u64, write_u16, write_u64
from fastsfu._native.crypto.dtls_openssl cimport (
    EVP_KDF, EVP_KDF_CTX, OSSL_PARAM, SSL, SSL_CIPHER, EVP_KDF_CTX_free, EVP_KDF_CTX_new,
    EVP_KDF_derive, EVP_KDF_fetch, EVP_KDF_free, EVP_MD_get0_name, OSSL_PARAM_construct_end,
    OSSL_PARAM_construct_octet_string, OSSL_PARAM_construct_utf8_string, SSL_CIPHER_get_cipher_nid,
    SSL_CIPHER_get_handshake_digest, SSL_get_client_random, SSL_get_current_cipher,
    SSL_get_server_random, SSL_get_session, SSL_SESSION_get_master_key,
)
from fastsfu._native.crypto.openssl cimport (
    EVP_CIPHER, EVP_CIPHER_CTX, EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG, EVP_aes_128_gcm,
    EVP_aes_256_gcm, EVP_chacha20_poly1305, EVP_CIPHER_CTX_ctrl, EVP_CIPHER_CTX_free,
    EVP_CIPHER_CTX_new, EVP_CIPHER_key_length, EVP_CipherFinal_ex, EVP_CipherInit_ex,
    EVP_CipherUpdate, NID_aes_128_gcm, NID_aes_256_gcm, NID_chacha20_poly1305,
)

cdef enum:
    VERSION_1_2 = 0xFEFD
    TAG = 16
    EXPLICIT_NONCE = 8        # of GCM, in front of the ciphertext
    IMPLICIT_NONCE = 4
    ADDITIONAL_DATA = 13      # the number, then the header's type, version, and plaintext's length
    MASTER_SECRET = 48        # RFC 5246 section 8.1
    RANDOM = 32
    LABEL = 13

cdef const char* KEY_EXPANSION = "key expansion"      # RFC 5246 section 6.3


cdef void records_note(DtlsRecords* records, const uint8_t* datagram, size_t size) noexcept nogil:
    cdef size_t at = 0
    while at + DTLS_RECORD_HEADER + EXPLICIT_NONCE <= size:
        if read_u16(datagram + at + 3) == 1:
            records.number = read_u64(datagram + at + 3) + 1
            records.nonce = read_u64(datagram + at + DTLS_RECORD_HEADER) + 1
        at += DTLS_RECORD_HEADER + read_u16(datagram + at + 11)


cdef int records_derive(DtlsRecords* records, SSL* ssl, bint client) noexcept:
    """RFC 5246 section 6.3: the keys of client and server, then their IVs."""
    cdef const SSL_CIPHER* agreed = SSL_get_current_cipher(ssl)
    cdef uint8_t[2 * (DTLS_MAX_KEY + DTLS_NONCE)] block
    cdef const EVP_CIPHER* cipher
    cdef DtlsDirection* clients = &records.writing if client else &records.reading
    cdef DtlsDirection* servers = &records.reading if client else &records.writing
    cdef int key
    cdef int iv
    records.cipher = SSL_CIPHER_get_cipher_nid(agreed)
    cipher = cipher_of(records)
    if cipher == NULL or not is_encrypted(records.number):
        return -1
    key = EVP_CIPHER_key_length(cipher)
    iv = IMPLICIT_NONCE if is_gcm(records) else DTLS_NONCE
    if not expand(ssl, agreed, block, 2 * (key + iv)):
        return -1
    memcpy(clients.key, block, key)
    memcpy(servers.key, block + key, key)
    memcpy(clients.iv, block + 2 * key, iv)
    memcpy(servers.iv, block + 2 * key + iv, iv)
    explicit_bzero(block, sizeof(block))
    return 0


cdef bint expand(SSL* ssl, const SSL_CIPHER* agreed, uint8_t* block, size_t size) noexcept:
    """The pseudo-random function of TLS 1.2, on the master secret."""
    cdef uint8_t[MASTER_SECRET] master
    cdef uint8_t[LABEL + 2 * RANDOM] seed
    cdef OSSL_PARAM[4] params
    cdef EVP_KDF* kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL)
    cdef EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf)
    cdef bint done
    memcpy(seed, KEY_EXPANSION, LABEL)
    SSL_get_server_random(ssl, seed + LABEL, RANDOM)
    SSL_get_client_random(ssl, seed + LABEL + RANDOM, RANDOM)
    SSL_SESSION_get_master_key(SSL_get_session(ssl), master, MASTER_SECRET)
    params[0] = OSSL_PARAM_construct_utf8_string(
        "digest", <char*>EVP_MD_get0_name(SSL_CIPHER_get_handshake_digest(agreed)), 0)
    params[1] = OSSL_PARAM_construct_octet_string("secret", master, MASTER_SECRET)
    params[2] = OSSL_PARAM_construct_octet_string("seed", seed, sizeof(seed))
    params[3] = OSSL_PARAM_construct_end()
    done = context != NULL and EVP_KDF_derive(context, block, size, params) == 1
    explicit_bzero(master, MASTER_SECRET)
    EVP_KDF_CTX_free(context)
    EVP_KDF_free(kdf)
    return done


cdef size_t records_seal(
        DtlsRecords* records, DtlsContent type, const uint8_t* data, size_t size, uint8_t* out,
        size_t capacity) noexcept:
    cdef uint8_t* body = out + DTLS_RECORD_HEADER
    cdef size_t explicit = EXPLICIT_NONCE if is_gcm(records) else 0
    if (DTLS_RECORD_HEADER + explicit + size + TAG > capacity
            or not is_encrypted(records.number)):
        return 0
    out[0] = <uint8_t>type
    write_u16(out + 1, VERSION_1_2)
    write_u64(out + 3, records.number)
    write_u16(out + 11, <uint16_t>(explicit + size + TAG))
    if explicit:
        write_u64(body, records.nonce)
    if not apply(records, &records.writing, True, out, data, size, body + explicit):
        return 0
    records.number += 1
    records.nonce += 1
    return DTLS_RECORD_HEADER + explicit + size + TAG


cdef int records_open(
        DtlsRecords* records, const uint8_t* record, size_t size, uint8_t* out) noexcept:
    cdef uint64_t number = read_u64(record + 3)
    cdef size_t before = DTLS_RECORD_HEADER + (EXPLICIT_NONCE if is_gcm(records) else 0)
    if (size > DTLS_MAX_RECORD or size < before + TAG or read_u16(record + 1) != VERSION_1_2
            or not is_encrypted(number) or has_come(records, number)):
        return RECORD_NONE
    size -= before + TAG
    if not apply(records, &records.reading, False, record, record + before, size, out):
        return RECORD_FORGED
    mark(records, number)
    return <int>size


cdef bint apply(
        const DtlsRecords* records, const DtlsDirection* direction, bint seal,
        const uint8_t* header, const uint8_t* data, size_t size, uint8_t* out) noexcept:
    """Encrypt `data` into `out` and its tag behind it, or decrypt it, whose tag is behind it."""
    cdef EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new()
    cdef uint8_t[ADDITIONAL_DATA] additional
    cdef uint8_t[DTLS_NONCE] nonce
    cdef uint8_t* tag = (out if seal else <uint8_t*>data) + size
    cdef int done = 0
    memcpy(additional, header + 3, 8)
    memcpy(additional + 8, header, 3)
    write_u16(additional + 11, <uint16_t>size)
    lay_nonce(nonce, records, direction, header)
    cdef bint good = (
        context != NULL
        and EVP_CipherInit_ex(
            context, cipher_of(records), NULL, direction.key, nonce, seal) == 1
        and EVP_CipherUpdate(context, NULL, &done, additional, ADDITIONAL_DATA) == 1
        and (size == 0 or EVP_CipherUpdate(context, out, &done, data, <int>size) == 1)
        and (seal or EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1)
        and EVP_CipherFinal_ex(context, out + size, &done) == 1
        and (not seal or EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1))
    EVP_CIPHER_CTX_free(context)
    return good


cdef void lay_nonce(
        uint8_t* nonce, const DtlsRecords* records, const DtlsDirection* direction,
        const uint8_t* header) noexcept:
    """RFC 5288 section 3: an implicit part and the one that the record says; RFC 7905 section 2:
    the record's number into an implicit one."""
    cdef int i
    memcpy(nonce, direction.iv, DTLS_NONCE)
    if is_gcm(records):
        memcpy(nonce + IMPLICIT_NONCE, header + DTLS_RECORD_HEADER, EXPLICIT_NONCE)
        return
    for i in range(8):
        nonce[IMPLICIT_NONCE + i] ^= header[3 + i]


cdef inline bint is_encrypted(uint64_t number) noexcept nogil:
    """Epoch 1: there is no other one after a handshake."""
    return number >> 48 == 1


cdef inline bint is_gcm(const DtlsRecords* records) noexcept nogil:
    return records.cipher != NID_chacha20_poly1305


cdef const EVP_CIPHER* cipher_of(const DtlsRecords* records) noexcept nogil:
    if records.cipher == NID_aes_128_gcm:
        return EVP_aes_128_gcm()
    if records.cipher == NID_aes_256_gcm:
        return EVP_aes_256_gcm()
    if records.cipher == NID_chacha20_poly1305:
        return EVP_chacha20_poly1305()
    return NULL


cdef bint has_come(const DtlsRecords* records, uint64_t number) noexcept nogil:
    """RFC 6347 section 4.1.2.6; what is too old for the window counts as such."""
    if number > records.highest:
        return False
    return records.highest - number >= 64 or (records.seen >> (records.highest - number)) & 1


cdef void mark(DtlsRecords* records, uint64_t number) noexcept nogil:
    cdef uint64_t ahead
    if number > records.highest:
        ahead = number - records.highest
        records.seen = records.seen << ahead if ahead < 64 else 0
        records.highest = number
    records.seen |= <uint64_t>1 << (records.highest - number)
