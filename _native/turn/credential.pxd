"""TURN's long-term credentials (RFC 8489 section 9.2) as they are verified here: without a table.

The user name is "EXPIRY:USER", EXPIRY in seconds since 1970; the password is the base64 of
HMAC-SHA1(secret, user name). The nonce is the time and a MAC over it and the client's address: so
what was sent without credentials leaves nothing behind in memory, and a nonce is of no use to
anybody else.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.packet.stun cimport StunWriter
from fastsfu._native.packet.turn cimport TurnMessage

cdef enum:
    SECRET_LARGEST = 256
    NONCE_SIZE = 24               # hexadecimal: 4 bytes of time, 8 of the MAC
    NONCE_LIFETIME_S = 3600       # RFC 8656 section 5 recommends that nonces expire after an hour
    LONG_TERM_KEY_SIZE = 16
    TURN_USERNAME_LARGEST = 128   # ours have about 50 bytes

cdef struct CredentialSecret:
    uint8_t secret[SECRET_LARGEST]
    int secret_size
    uint8_t nonce_key[32]         # random

# 0, or the error code to answer with: 400, 401 or 438. `key` gets LONG_TERM_KEY_SIZE bytes, for the
# answer's MESSAGE-INTEGRITY.
cdef uint16_t credential_check(
    const CredentialSecret* secret, const uint8_t* datagram, const TurnMessage* message,
    const Address* source, uint32_t now_s, int64_t unix_s, uint8_t* key) noexcept nogil
# REALM and a NONCE for this address, into an answer of 401 or 438.
cdef void credential_challenge(
    const CredentialSecret* secret, const Address* source, uint32_t now_s,
    StunWriter* writer) noexcept nogil
