"""The OpenSSL functions that need no context of their own."""


cdef extern from "<openssl/crypto.h>" nogil:
    int CRYPTO_memcmp(const void* a, const void* b, size_t size)   # 0 when equal; constant time

cdef extern from "<openssl/evp.h>" nogil:
    ctypedef struct EVP_MD
    ctypedef struct ENGINE
    const EVP_MD* EVP_sha1()
    const EVP_MD* EVP_md5()
    # 1, or 0 on failure
    int EVP_Digest(
        const void* data, size_t size, unsigned char* out, unsigned int* out_size,
        const EVP_MD* digest, ENGINE* engine)
    # Base64 of `size` bytes and a terminating 0; returns its length.
    int EVP_EncodeBlock(unsigned char* out, const unsigned char* data, int size)

cdef extern from "<openssl/hmac.h>" nogil:
    unsigned char* HMAC(
        const EVP_MD* digest, const void* key, int key_size, const unsigned char* data,
        size_t size, unsigned char* out, unsigned int* out_size)
