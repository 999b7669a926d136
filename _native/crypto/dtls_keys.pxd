"""What a handshake that is done has agreed on: whose certificate the peer has (RFC 8122), and the
SRTP keys (RFC 5764).

Keys go from the exporter to SrtpKeys and from there to the worker; they never become Python objects
(promise P5).
"""

from libc.stdint cimport uint8_t

from fastsfu._native.crypto.dtls cimport Dtls
from fastsfu._native.crypto.srtp cimport SRTP_MAX_KEY, SRTP_MAX_SALT, SrtpProfile

cdef struct SrtpKeys:         # of one transport, both directions
    SrtpProfile profile
    uint8_t receive_key[SRTP_MAX_KEY]
    uint8_t receive_salt[SRTP_MAX_SALT]
    uint8_t send_key[SRTP_MAX_KEY]
    uint8_t send_salt[SRTP_MAX_SALT]

# Does the peer's certificate hash to `digest` under this algorithm name of RFC 8122 ("sha-256",
# "sha-384", "sha-512")?
cdef bint dtls_peer_matches(Dtls* dtls, str algorithm, bytes digest) noexcept
# 0; -1: not connected, released, or no SRTP profile was agreed. The caller wipes `keys`.
cdef int dtls_export(Dtls* dtls, SrtpKeys* keys) noexcept
