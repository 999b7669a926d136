"""Certificate, key and settings for OpenSSL; see dtls_identity.pxd."""

from libc.stdlib cimport calloc, free

from fastsfu._native.crypto.dtls_openssl cimport (
    BIO, DTLS1_2_VERSION, EVP_PKEY, SSL_METHOD, SSL_MODE_RELEASE_BUFFERS,
    SSL_OP_CIPHER_SERVER_PREFERENCE, SSL_OP_NO_COMPRESSION, SSL_OP_NO_QUERY_MTU,
    SSL_OP_NO_RENEGOTIATION, SSL_OP_NO_TICKET, SSL_SESS_CACHE_OFF, SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
    SSL_VERIFY_PEER, X509, X509_STORE_CTX, BIO_free, BIO_new_mem_buf, DTLS_client_method,
    DTLS_server_method, ERR_clear_error, ERR_peek_error, ERR_reason_error_string, EVP_PKEY_free,
    PEM_read_bio_PrivateKey, PEM_read_bio_X509, SSL_CTX_check_private_key, SSL_CTX_free,
    SSL_CTX_new, SSL_CTX_set1_groups_list, SSL_CTX_set_cert_verify_callback,
    SSL_CTX_set_cipher_list, SSL_CTX_set_max_cert_list, SSL_CTX_set_max_proto_version,
    SSL_CTX_set_max_send_fragment, SSL_CTX_set_min_proto_version, SSL_CTX_set_mode,
    SSL_CTX_set_options, SSL_CTX_set_session_cache_mode, SSL_CTX_set_tlsext_use_srtp,
    SSL_CTX_set_verify, SSL_CTX_use_certificate, SSL_CTX_use_PrivateKey, X509_free, SSL_CTX,
)

cdef enum:
    MAX_CERTIFICATES = 16384  # bytes of the peer's chain

# In the server's order of preference (the server's order decides in OpenSSL).
cdef const char* SRTP_PROFILES = (
    "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80")
cdef const char* CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305")


cdef DtlsIdentity* dtls_identity_new(bytes certificate_pem, bytes private_key_pem) except NULL:
    cdef DtlsIdentity* identity = <DtlsIdentity*>calloc(1, sizeof(DtlsIdentity))
    if identity == NULL:
        raise MemoryError
    try:
        identity.server = new_context(DTLS_server_method(), certificate_pem, private_key_pem)
        identity.client = new_context(DTLS_client_method(), certificate_pem, private_key_pem)
    except Exception:
        dtls_identity_free(identity)
        raise
    return identity


cdef void dtls_identity_free(DtlsIdentity* identity) noexcept:
    SSL_CTX_free(identity.server)
    SSL_CTX_free(identity.client)
    free(identity)


cdef SSL_CTX* new_context(
        const SSL_METHOD* method, bytes certificate_pem, bytes private_key_pem) except NULL:
    cdef SSL_CTX* context
    ERR_clear_error()
    context = SSL_CTX_new(method)
    if context == NULL:
        raise MemoryError
    configure(context)
    if not (use_certificate(context, certificate_pem) and use_key(context, private_key_pem)):
        SSL_CTX_free(context)
        raise ValueError(f"DTLS certificate or key: {reason(ERR_peek_error())}")
    return context


cdef void configure(SSL_CTX* context) noexcept:
    """Fixed strings and numbers: what fails here fails in every test."""
    SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION)
    SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION)
    SSL_CTX_set_options(
        context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET
        | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION)
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF)
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS)
    SSL_CTX_set_max_send_fragment(context, DTLS_MAX_DATAGRAM)
    SSL_CTX_set_max_cert_list(context, MAX_CERTIFICATES)
    SSL_CTX_set_cipher_list(context, CIPHERS)
    SSL_CTX_set1_groups_list(context, "X25519:P-256")
    SSL_CTX_set_tlsext_use_srtp(context, SRTP_PROFILES)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL)
    SSL_CTX_set_cert_verify_callback(context, accept_any, NULL)


cdef int accept_any(X509_STORE_CTX* store, void* argument) noexcept nogil:
    """Self-signed on both sides: the fingerprint from the signaling decides (RFC 5763)."""
    return 1


cdef bint use_certificate(SSL_CTX* context, bytes pem) noexcept:
    cdef BIO* text = BIO_new_mem_buf(<const char*>pem, <int>len(pem))
    cdef X509* certificate = PEM_read_bio_X509(text, NULL, NULL, <void*>b"")
    cdef bint used = certificate != NULL and SSL_CTX_use_certificate(context, certificate) == 1
    X509_free(certificate)
    BIO_free(text)
    return used


cdef bint use_key(SSL_CTX* context, bytes pem) noexcept:
    cdef BIO* text = BIO_new_mem_buf(<const char*>pem, <int>len(pem))
    cdef EVP_PKEY* key = PEM_read_bio_PrivateKey(text, NULL, NULL, <void*>b"")
    cdef bint used = (key != NULL and SSL_CTX_use_PrivateKey(context, key) == 1
                      and SSL_CTX_check_private_key(context) == 1)
    EVP_PKEY_free(key)
    BIO_free(text)
    return used


cdef str reason(unsigned long error):
    cdef const char* text = ERR_reason_error_string(error)
    return text.decode("ascii", "replace") if text != NULL else "cannot be read"
