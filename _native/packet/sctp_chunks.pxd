"""Which SCTP packets are given to usrsctp: a parser in front of the parser."""

from libc.stdint cimport uint8_t

cdef enum:
    SCTP_COMMON_HEADER = 12       # RFC 9260 section 3.1; usrsctp's "path MTU" is without it

# Only chunks that we may get, and only parameters that have their lengths (RFC 9260 sections 3.2
# and 3.2.1): usrsctp 0.9.5 walks an INIT's parameter of length 0 for ever.
cdef bint sctp_is_sound(const uint8_t* packet, size_t size) noexcept nogil
