"""What all associations of a server have in common: certificate, key, ciphers, profiles."""

from fastsfu._native.crypto.dtls_openssl cimport SSL_CTX

cdef enum:
    DTLS_MAX_DATAGRAM = 1200  # bytes; what a flight is cut to

cdef struct DtlsIdentity:     # our certificate, key and settings
    SSL_CTX* server
    SSL_CTX* client

# PEM texts; raises ValueError with OpenSSL's reason.
cdef DtlsIdentity* dtls_identity_new(bytes certificate_pem, bytes private_key_pem) except NULL
# Associations made from it may outlive it.
cdef void dtls_identity_free(DtlsIdentity* identity) noexcept
