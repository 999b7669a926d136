"""The primitives SRTP needs, from one of two makers chosen at run time: Intel IPsec-MB (found by dlopen; its header at build
time) or OpenSSL EVP. A Suite belongs to one thread.
"""

from libc.stdint cimport uint8_t, uint16_t, uint64_t

cdef enum SuiteMaker:
    MAKER_AUTO = 0            # IPsec-MB when it is there and the CPU has what it wants, else OpenSSL
    MAKER_IPSEC_MB
    MAKER_OPENSSL

cdef struct Suite             # opaque: suite.pyx
cdef struct GcmKey            # one expanded AES-GCM key, in locked memory
cdef struct CmKey             # one AES-CM encryption key with its HMAC-SHA1 key

cdef Suite* suite_new(SuiteMaker maker) noexcept nogil           # NULL: that maker is not to be had here
cdef void suite_free(Suite* suite) noexcept nogil
cdef const char* suite_name(const Suite* suite) noexcept nogil    # "ipsec-mb" or "openssl"
