"""The OpenSSL functions that need no context of their own."""


cdef extern from "<openssl/crypto.h>" nogil:
    int CRYPTO_memcmp(const void* a, const void* b, size_t size)   # 0 when equal; constant time

cdef extern from "<openssl/evp.h>" nogil:
    ctypedef struct EVP_MD
    const EVP_MD* EVP_sha1()

cdef extern from "<openssl/hmac.h>" nogil:
    unsigned char* HMAC(
        const EVP_MD* digest, const void* key, int key_size, const unsigned char* data,
        size_t size, unsigned char* out, unsigned int* out_size)
