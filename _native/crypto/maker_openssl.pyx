"""See the .pxd."""

from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

from fastsfu._native.base.posix cimport explicit_bzero, keep_heap_of
from fastsfu._native.crypto.openssl cimport (
    EVP_CIPHER_CTX, EVP_CIPHER_CTX_ctrl, EVP_CIPHER_CTX_free, EVP_CIPHER_CTX_new,
    EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG, EVP_DecryptFinal_ex, EVP_DecryptInit_ex,
    EVP_DecryptUpdate, EVP_EncryptFinal_ex, EVP_EncryptInit_ex, EVP_EncryptUpdate,
    EVP_aes_128_ctr, EVP_aes_128_gcm, EVP_aes_256_gcm, SHA1_Final, SHA1_Init, SHA1_Update,
    SHA_CTX)
from fastsfu._native.crypto.suite cimport (
    CM_AUTH_KEY, CM_TAG_ROOM, GCM_TAG, CmJob, CmKey, GcmKey, Suite)

cdef enum:
    SHA1_BLOCK = 64
    SHA1_SIZE = 20

cdef struct EvpGcmKey:
    EVP_CIPHER_CTX* evp       # both ways: a GCM key schedule has no direction

cdef struct EvpCmKey:
    EVP_CIPHER_CTX* evp
    SHA_CTX inner             # after key XOR ipad (RFC 2104)
    SHA_CTX outer             # after key XOR opad


cdef bint openssl_fill(Suite* suite) noexcept nogil:
    suite.name = "openssl"
    suite.gcm_seal[0] = suite.gcm_seal[1] = gcm_seal
    suite.gcm_open = gcm_open
    suite.cm_crypt = cm_crypt
    suite.cm_authenticate = cm_authenticate
    suite.gcm_key_init = gcm_key_init
    suite.cm_key_init = cm_key_init
    suite.gcm_key_clear = gcm_key_clear
    suite.cm_key_clear = cm_key_clear
    return True


cdef bint gcm_key_init(Suite* suite, GcmKey* key, bint wide, const uint8_t* raw) noexcept nogil:
    cdef EvpGcmKey* own = <EvpGcmKey*>key
    own.evp = EVP_CIPHER_CTX_new()
    keep_heap_of(own.evp)
    return own.evp != NULL and EVP_EncryptInit_ex(
        own.evp, EVP_aes_256_gcm() if wide else EVP_aes_128_gcm(), NULL, raw, NULL) == 1


cdef void gcm_key_clear(GcmKey* key) noexcept nogil:
    EVP_CIPHER_CTX_free((<EvpGcmKey*>key).evp)


cdef void gcm_seal(
        const void* key, void* scratch, uint8_t* target, const uint8_t* source, uint64_t size,
        const uint8_t* iv, const uint8_t* aad, uint64_t aad_size,
        uint8_t* tag, uint64_t tag_size) noexcept nogil:
    cdef EVP_CIPHER_CTX* evp = (<const EvpGcmKey*>key).evp
    cdef int written = 0
    EVP_EncryptInit_ex(evp, NULL, NULL, NULL, iv)
    EVP_EncryptUpdate(evp, NULL, &written, aad, <int>aad_size)
    if size:
        EVP_EncryptUpdate(evp, target, &written, source, <int>size)
    EVP_EncryptFinal_ex(evp, target + size, &written)
    EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_GET_TAG, <int>tag_size, tag)


cdef bint gcm_open(
        Suite* suite, const GcmKey* key, bint wide, uint8_t* target, const uint8_t* source,
        uint64_t size, const uint8_t* iv, const uint8_t* aad, uint64_t aad_size,
        const uint8_t* tag) noexcept nogil:
    cdef EVP_CIPHER_CTX* evp = (<const EvpGcmKey*>key).evp
    cdef int written = 0
    EVP_DecryptInit_ex(evp, NULL, NULL, NULL, iv)
    EVP_DecryptUpdate(evp, NULL, &written, aad, <int>aad_size)
    if size:
        EVP_DecryptUpdate(evp, target, &written, source, <int>size)
    EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, <void*>tag)
    return EVP_DecryptFinal_ex(evp, target + size, &written) == 1


cdef bint cm_key_init(
        Suite* suite, CmKey* key, const uint8_t* raw, const uint8_t* auth_key) noexcept nogil:
    cdef EvpCmKey* own = <EvpCmKey*>key
    own.evp = EVP_CIPHER_CTX_new()
    keep_heap_of(own.evp)
    hmac_half(&own.inner, auth_key, 0x36)
    hmac_half(&own.outer, auth_key, 0x5c)
    return own.evp != NULL and EVP_EncryptInit_ex(
        own.evp, EVP_aes_128_ctr(), NULL, raw, NULL) == 1


cdef void cm_key_clear(CmKey* key) noexcept nogil:
    EVP_CIPHER_CTX_free((<EvpCmKey*>key).evp)


cdef void hmac_half(SHA_CTX* half, const uint8_t* auth_key, uint8_t pad) noexcept nogil:
    cdef uint8_t[SHA1_BLOCK] block
    cdef int i
    for i in range(SHA1_BLOCK):
        block[i] = pad ^ (auth_key[i] if i < CM_AUTH_KEY else 0)
    SHA1_Init(half)
    SHA1_Update(half, block, SHA1_BLOCK)
    explicit_bzero(block, SHA1_BLOCK)


cdef void cm_crypt(Suite* suite, CmJob* jobs, int count) noexcept nogil:
    cdef EVP_CIPHER_CTX* evp
    cdef int i
    cdef int written = 0
    for i in range(count):
        evp = (<EvpCmKey*>jobs[i].key).evp
        EVP_EncryptInit_ex(evp, NULL, NULL, NULL, jobs[i].iv)
        EVP_EncryptUpdate(evp, jobs[i].target, &written, jobs[i].source, <int>jobs[i].size)


cdef void cm_authenticate(Suite* suite, CmJob* jobs, int count) noexcept nogil:
    cdef EvpCmKey* own
    cdef SHA_CTX sha
    cdef uint8_t[SHA1_SIZE] digest
    cdef int i
    for i in range(count):
        own = <EvpCmKey*>jobs[i].key
        sha = own.inner
        SHA1_Update(&sha, jobs[i].text, jobs[i].text_size)
        SHA1_Final(digest, &sha)
        sha = own.outer
        SHA1_Update(&sha, digest, SHA1_SIZE)
        SHA1_Final(digest, &sha)
        memcpy(jobs[i].tag, digest, CM_TAG_ROOM)
    explicit_bzero(&sha, sizeof(SHA_CTX))
