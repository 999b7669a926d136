"""SRTP's primitives from Intel IPsec-MB 1.x: opened at run time, when it is of the version whose
header this was built with (its structs change between minor versions) and the CPU has AES-NI and
PCLMULQDQ.

Two of its managers: the widest that the CPU has, which runs HMAC-SHA1 on 16 packets at a time, and
an SSE one, whose SHA-NI is faster while there are only a few (LIMITS: 822 ns against 1967 for one
packet of 1200 bytes).
"""

from fastsfu._native.crypto.suite cimport Suite

cdef bint ipsec_mb_fill(Suite* suite) noexcept nogil      # False: not to be had here
