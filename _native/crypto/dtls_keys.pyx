"""What a handshake that is done has agreed on; see dtls_keys.pxd."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy, memset, strlen

from fastsfu._native.base.openssl cimport CRYPTO_memcmp
from fastsfu._native.base.posix cimport explicit_bzero
from fastsfu._native.crypto.dtls cimport DTLS_CONNECTED, Dtls
from fastsfu._native.crypto.dtls_openssl cimport (
    EVP_MAX_MD_SIZE, EVP_MD, SRTP_PROTECTION_PROFILE, X509, EVP_sha256, EVP_sha384, EVP_sha512,
    SSL_export_keying_material, SSL_get1_peer_certificate, SSL_get_selected_srtp_profile,
    X509_digest, X509_free,
)
from fastsfu._native.crypto.srtp cimport (
    SRTP_MAX_KEY, SRTP_MAX_SALT, SrtpProfile, srtp_key_size, srtp_salt_size,
)

cdef const char* EXPORTER_LABEL = "EXTRACTOR-dtls_srtp"      # RFC 5764 section 4.2


cdef bint dtls_peer_matches(Dtls* dtls, str algorithm, bytes digest) noexcept:
    cdef const EVP_MD* type = digest_type(algorithm)
    cdef uint8_t[EVP_MAX_MD_SIZE] found
    cdef unsigned int size = 0
    cdef X509* certificate = SSL_get1_peer_certificate(dtls.ssl)
    cdef bint matches = (
        type != NULL and certificate != NULL and X509_digest(certificate, type, found, &size) == 1
        and size == len(digest) and CRYPTO_memcmp(found, <const char*>digest, size) == 0)
    X509_free(certificate)
    return matches


cdef const EVP_MD* digest_type(str algorithm) noexcept:
    """RFC 8122 section 5 names more; those are broken (md5, sha-1) or unused."""
    name = algorithm.lower()
    if name == "sha-256":
        return EVP_sha256()
    if name == "sha-384":
        return EVP_sha384()
    if name == "sha-512":
        return EVP_sha512()
    return NULL


cdef int dtls_export(Dtls* dtls, SrtpKeys* keys) noexcept:
    cdef SRTP_PROTECTION_PROFILE* profile = NULL
    cdef uint8_t[2 * (SRTP_MAX_KEY + SRTP_MAX_SALT)] material
    cdef int key_size
    cdef int salt_size
    cdef bint done
    memset(keys, 0, sizeof(SrtpKeys))
    if dtls.state == DTLS_CONNECTED and dtls.ssl != NULL:
        profile = SSL_get_selected_srtp_profile(dtls.ssl)
    if profile == NULL:
        return -1
    keys.profile = <SrtpProfile>profile.id
    key_size = srtp_key_size(keys.profile)
    salt_size = srtp_salt_size(keys.profile)
    done = SSL_export_keying_material(
        dtls.ssl, material, 2 * (key_size + salt_size), EXPORTER_LABEL, strlen(EXPORTER_LABEL),
        NULL, 0, 0) == 1
    if done:
        split_keys(keys, material, key_size, salt_size, dtls.client)
    explicit_bzero(material, sizeof(material))
    return 0 if done else -1


cdef void split_keys(
        SrtpKeys* keys, const uint8_t* material, int key_size, int salt_size,
        bint client) noexcept:
    """RFC 5764 section 4.2: client key, server key, client salt, server salt."""
    cdef const uint8_t* salts = material + 2 * key_size
    memcpy(keys.send_key, material + (0 if client else key_size), key_size)
    memcpy(keys.receive_key, material + (key_size if client else 0), key_size)
    memcpy(keys.send_salt, salts + (0 if client else salt_size), salt_size)
    memcpy(keys.receive_salt, salts + (salt_size if client else 0), salt_size)
