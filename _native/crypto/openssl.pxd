"""The parts of OpenSSL's libcrypto that SRTP and DTLS's records stand on; what handshakes
need besides is in dtls_openssl.pxd."""


cdef extern from *:
    """
    /* SHA1_*: deprecated in favour of EVP_MAC, which allocates for each message. */
    #define OPENSSL_SUPPRESS_DEPRECATED
    """

cdef extern from "<openssl/evp.h>" nogil:
    ctypedef struct EVP_CIPHER
    ctypedef struct EVP_CIPHER_CTX
    ctypedef struct ENGINE
    enum:
        EVP_CTRL_AEAD_GET_TAG
        EVP_CTRL_AEAD_SET_TAG
        NID_aes_128_gcm
        NID_aes_256_gcm
        NID_chacha20_poly1305
    const EVP_CIPHER* EVP_aes_128_gcm()
    const EVP_CIPHER* EVP_aes_256_gcm()
    const EVP_CIPHER* EVP_chacha20_poly1305()
    const EVP_CIPHER* EVP_aes_128_ctr()
    const EVP_CIPHER* EVP_aes_256_ctr()
    int EVP_CIPHER_key_length(const EVP_CIPHER* cipher)
    EVP_CIPHER_CTX* EVP_CIPHER_CTX_new()
    void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX* context)      # wipes; NULL is allowed
    int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX* context, int type, int argument, void* pointer)
    int EVP_EncryptInit_ex(
        EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, ENGINE* engine,
        const unsigned char* key, const unsigned char* iv)
    int EVP_EncryptUpdate(
        EVP_CIPHER_CTX* context, unsigned char* out, int* out_size,
        const unsigned char* data, int size)
    int EVP_EncryptFinal_ex(EVP_CIPHER_CTX* context, unsigned char* out, int* out_size)
    int EVP_DecryptInit_ex(
        EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, ENGINE* engine,
        const unsigned char* key, const unsigned char* iv)
    int EVP_DecryptUpdate(
        EVP_CIPHER_CTX* context, unsigned char* out, int* out_size,
        const unsigned char* data, int size)
    int EVP_DecryptFinal_ex(EVP_CIPHER_CTX* context, unsigned char* out, int* out_size)
    int EVP_CipherInit_ex(
        EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, ENGINE* engine,
        const unsigned char* key, const unsigned char* iv, int encrypt)
    int EVP_CipherUpdate(
        EVP_CIPHER_CTX* context, unsigned char* out, int* out_size,
        const unsigned char* data, int size)
    int EVP_CipherFinal_ex(EVP_CIPHER_CTX* context, unsigned char* out, int* out_size)

cdef extern from "<openssl/sha.h>" nogil:
    ctypedef struct SHA_CTX:
        unsigned int num
    int SHA1_Init(SHA_CTX* sha)
    int SHA1_Update(SHA_CTX* sha, const void* data, size_t size)
    int SHA1_Final(unsigned char* digest, SHA_CTX* sha)
