"""SRTCP (RFC 3711 section 3.4, RFC 7714 section 9): protect and unprotect, by the same contexts as
SRTP.
"""

from libc.stdint cimport uint8_t

from fastsfu._native.crypto.srtp cimport SrtpContext, SrtpResult

# Compound RTCP: unprotect to `out` (at least `size` bytes); protect in place, with room for
# SRTCP_MAX_OVERHEAD more bytes. *size is updated.
cdef SrtpResult srtcp_unprotect(
    SrtpContext* context, const uint8_t* packet, size_t size,
    uint8_t* out, size_t* out_size) noexcept nogil
cdef SrtpResult srtcp_protect(SrtpContext* context, uint8_t* packet, size_t* size) noexcept nogil
