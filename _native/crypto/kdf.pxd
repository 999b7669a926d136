"""SRTP key derivation (RFC 3711 section 4.3, key derivation rate 0; RFC 6188 for 256-bit keys)."""

from libc.stdint cimport uint8_t

cdef enum KdfLabel:           # RFC 3711 section 4.3.2
    KDF_RTP_KEY = 0
    KDF_RTP_AUTH
    KDF_RTP_SALT
    KDF_RTCP_KEY
    KDF_RTCP_AUTH
    KDF_RTCP_SALT

cdef struct MasterKey:
    const uint8_t* key
    int key_size              # 16 or 32
    const uint8_t* salt
    int salt_size             # 14 or 12

# Writes `size` <= 32 bytes. False: OpenSSL is out of memory.
cdef bint kdf_derive(
    const MasterKey* master, KdfLabel label, uint8_t* out, int size) noexcept nogil
