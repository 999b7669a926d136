"""AES-CM as pseudo-random function: key stream from the IV (salt XOR label << 48) << 16."""

from libc.string cimport memcpy, memset

from fastsfu._native.base.posix cimport explicit_bzero
from fastsfu._native.crypto.openssl cimport (
    EVP_CIPHER_CTX, EVP_CIPHER_CTX_free, EVP_CIPHER_CTX_new, EVP_EncryptInit_ex,
    EVP_EncryptUpdate, EVP_aes_128_ctr, EVP_aes_256_ctr)

cdef enum:
    LABEL_AT = 7              # where the label byte meets the 112-bit salt


cdef bint kdf_derive(
        const MasterKey* master, KdfLabel label, uint8_t* out, int size) noexcept nogil:
    cdef EVP_CIPHER_CTX* evp = EVP_CIPHER_CTX_new()
    cdef uint8_t[16] iv
    cdef int written = 0
    cdef bint done
    memset(iv, 0, 16)
    memcpy(iv, master.salt, master.salt_size)     # RFC 7714 section 11: 12 bytes, then zeros
    iv[LABEL_AT] ^= <uint8_t>label
    memset(out, 0, size)
    done = evp != NULL and EVP_EncryptInit_ex(
        evp, EVP_aes_256_ctr() if master.key_size == 32 else EVP_aes_128_ctr(), NULL,
        master.key, iv) == 1 and EVP_EncryptUpdate(evp, out, &written, out, size) == 1
    EVP_CIPHER_CTX_free(evp)
    explicit_bzero(iv, 16)
    return done
