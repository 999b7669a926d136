"""SRTP's primitives from OpenSSL (3.0 or later): EVP contexts kept for each key, of which only the
IV changes; HMAC-SHA1 from the stored states of its two inner hashes, because EVP_MAC allocates for
each message.

The key schedules lie in OpenSSL's own heap: wiped when freed, and the heap of the thread that makes
them is kept from core dumps and, where RLIMIT_MEMLOCK allows it, from swap.
"""

from fastsfu._native.crypto.suite cimport Suite

cdef bint openssl_fill(Suite* suite) noexcept nogil
