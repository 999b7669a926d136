"""The parts of OpenSSL's libssl (and of libcrypto's X.509, BIO and errors) that DTLS stands on."""

from libc.stdint cimport uint64_t
from posix.time cimport timeval


cdef extern from "<openssl/bio.h>" nogil:
    ctypedef struct BIO
    ctypedef struct BIO_METHOD
    enum:
        BIO_TYPE_SOURCE_SINK
        BIO_CTRL_FLUSH
    int BIO_get_new_index()
    BIO_METHOD* BIO_meth_new(int type, const char* name)
    int BIO_meth_set_write(BIO_METHOD*, int (*write)(BIO*, const char*, int) noexcept nogil)
    int BIO_meth_set_read(BIO_METHOD*, int (*read)(BIO*, char*, int) noexcept nogil)
    int BIO_meth_set_ctrl(BIO_METHOD*, long (*ctrl)(BIO*, int, long, void*) noexcept nogil)
    BIO* BIO_new(const BIO_METHOD* method)
    BIO* BIO_new_mem_buf(const void* data, int size)
    int BIO_free(BIO* bio)
    void BIO_set_init(BIO* bio, int init)
    void BIO_set_data(BIO* bio, void* data)
    void* BIO_get_data(BIO* bio)
    void BIO_set_retry_read(BIO* bio)
    void BIO_clear_retry_flags(BIO* bio)

cdef extern from "<openssl/x509.h>" nogil:
    ctypedef struct X509
    ctypedef struct X509_STORE_CTX
    ctypedef struct EVP_MD
    ctypedef struct EVP_PKEY
    enum:
        EVP_MAX_MD_SIZE
    const EVP_MD* EVP_sha256()
    const EVP_MD* EVP_sha384()
    const EVP_MD* EVP_sha512()
    const char* EVP_MD_get0_name(const EVP_MD* digest)
    int X509_digest(
        const X509* certificate, const EVP_MD* type, unsigned char* out, unsigned int* out_size)
    void X509_free(X509* certificate)
    void EVP_PKEY_free(EVP_PKEY* key)

cdef extern from "<openssl/params.h>" nogil:
    ctypedef struct OSSL_PARAM:
        pass
    OSSL_PARAM OSSL_PARAM_construct_utf8_string(const char* name, char* text, size_t size)
    OSSL_PARAM OSSL_PARAM_construct_octet_string(const char* name, void* data, size_t size)
    OSSL_PARAM OSSL_PARAM_construct_end()

cdef extern from "<openssl/kdf.h>" nogil:
    ctypedef struct EVP_KDF
    ctypedef struct EVP_KDF_CTX
    EVP_KDF* EVP_KDF_fetch(void* library, const char* algorithm, const char* properties)
    void EVP_KDF_free(EVP_KDF* kdf)
    EVP_KDF_CTX* EVP_KDF_CTX_new(EVP_KDF* kdf)             # NULL of NULL
    void EVP_KDF_CTX_free(EVP_KDF_CTX* context)            # wipes; NULL is allowed
    int EVP_KDF_derive(
        EVP_KDF_CTX* context, unsigned char* out, size_t size, const OSSL_PARAM* params)

cdef extern from "<openssl/pem.h>" nogil:
    ctypedef int (*pem_password_cb)(char*, int, int, void*) noexcept nogil
    X509* PEM_read_bio_X509(BIO* bio, X509** out, pem_password_cb password, void* argument)
    EVP_PKEY* PEM_read_bio_PrivateKey(
        BIO* bio, EVP_PKEY** out, pem_password_cb password, void* argument)

cdef extern from "<openssl/err.h>" nogil:
    unsigned long ERR_peek_error()
    void ERR_clear_error()
    const char* ERR_reason_error_string(unsigned long error)

cdef extern from "<openssl/srtp.h>" nogil:
    ctypedef struct SRTP_PROTECTION_PROFILE:
        unsigned long id

cdef extern from "<openssl/ssl.h>" nogil:
    ctypedef struct SSL
    ctypedef struct SSL_CTX
    ctypedef struct SSL_SESSION
    ctypedef struct SSL_CIPHER
    ctypedef struct SSL_METHOD
    enum:
        DTLS1_2_VERSION
        SSL_ERROR_WANT_READ
        SSL_ERROR_WANT_WRITE
        SSL_ERROR_ZERO_RETURN
        SSL_MODE_RELEASE_BUFFERS
        SSL_RECEIVED_SHUTDOWN
        SSL_SESS_CACHE_OFF
        SSL_VERIFY_PEER
        SSL_VERIFY_FAIL_IF_NO_PEER_CERT
        TLS_ST_CR_CHANGE
        TLS_ST_SR_CHANGE
    uint64_t SSL_OP_NO_QUERY_MTU
    uint64_t SSL_OP_NO_RENEGOTIATION
    uint64_t SSL_OP_NO_TICKET
    uint64_t SSL_OP_CIPHER_SERVER_PREFERENCE
    uint64_t SSL_OP_NO_COMPRESSION
    const SSL_METHOD* DTLS_server_method()
    const SSL_METHOD* DTLS_client_method()
    SSL_CTX* SSL_CTX_new(const SSL_METHOD* method)
    void SSL_CTX_free(SSL_CTX* context)
    uint64_t SSL_CTX_set_options(SSL_CTX* context, uint64_t options)
    long SSL_CTX_set_mode(SSL_CTX* context, long mode)
    int SSL_CTX_set_min_proto_version(SSL_CTX* context, int version)
    int SSL_CTX_set_max_proto_version(SSL_CTX* context, int version)
    int SSL_CTX_set_cipher_list(SSL_CTX* context, const char* list)
    int SSL_CTX_set1_groups_list(SSL_CTX* context, const char* list)
    int SSL_CTX_set_tlsext_use_srtp(SSL_CTX* context, const char* profiles)   # 0 is success
    long SSL_CTX_set_session_cache_mode(SSL_CTX* context, long mode)
    long SSL_CTX_set_max_cert_list(SSL_CTX* context, long bytes)
    int SSL_CTX_set_max_send_fragment(SSL_CTX* context, long bytes)
    void SSL_CTX_set_verify(SSL_CTX* context, int mode, void* callback)
    void SSL_CTX_set_cert_verify_callback(
        SSL_CTX* context, int (*verify)(X509_STORE_CTX*, void*) noexcept nogil, void* argument)
    int SSL_CTX_use_certificate(SSL_CTX* context, X509* certificate)
    int SSL_CTX_use_PrivateKey(SSL_CTX* context, EVP_PKEY* key)
    int SSL_CTX_check_private_key(const SSL_CTX* context)
    SSL* SSL_new(SSL_CTX* context)
    void SSL_free(SSL* ssl)
    void SSL_set_bio(SSL* ssl, BIO* read, BIO* write)
    void SSL_set_accept_state(SSL* ssl)
    void SSL_set_connect_state(SSL* ssl)
    long SSL_set_mtu(SSL* ssl, long mtu)
    int SSL_do_handshake(SSL* ssl)
    int SSL_get_state(const SSL* ssl)
    int SSL_get_error(const SSL* ssl, int result)
    int SSL_read(SSL* ssl, void* out, int capacity)
    X509* SSL_get1_peer_certificate(const SSL* ssl)
    SRTP_PROTECTION_PROFILE* SSL_get_selected_srtp_profile(SSL* ssl)
    int SSL_export_keying_material(
        SSL* ssl, unsigned char* out, size_t size, const char* label, size_t label_size,
        const unsigned char* context, size_t context_size, int use_context)
    SSL_SESSION* SSL_get_session(const SSL* ssl)
    size_t SSL_SESSION_get_master_key(
        const SSL_SESSION* session, unsigned char* out, size_t capacity)
    size_t SSL_get_client_random(const SSL* ssl, unsigned char* out, size_t capacity)
    size_t SSL_get_server_random(const SSL* ssl, unsigned char* out, size_t capacity)
    const SSL_CIPHER* SSL_get_current_cipher(const SSL* ssl)
    int SSL_CIPHER_get_cipher_nid(const SSL_CIPHER* cipher)
    const EVP_MD* SSL_CIPHER_get_handshake_digest(const SSL_CIPHER* cipher)
    const char* SSL_alert_desc_string_long(int description)
    int DTLSv1_get_timeout(SSL* ssl, timeval* left)
    int DTLSv1_handle_timeout(SSL* ssl)
    void DTLS_set_timer_cb(SSL* ssl, unsigned int (*timer)(SSL*, unsigned int) noexcept nogil)
