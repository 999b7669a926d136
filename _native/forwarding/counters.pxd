"""What a worker counts: why a datagram or command went no further, and what was forwarded. The
names in engine/snapshot follow this order.
"""

cdef enum:                     # Counter
    DROP_UNKNOWN_KIND = 0         # not STUN, DTLS, RTP or RTCP
    DROP_UNKNOWN_SOURCE           # no transport at that address
    DROP_STUN_MALFORMED
    DROP_STUN_STRANGER            # no such ufrag, or not authentic
    DROP_DTLS_FLOOD               # over DTLS_PER_SECOND, beyond EVENT_RESERVE, or too large
    DROP_NO_KEYS                  # SRTP before the handshake was done
    DROP_RTP_MALFORMED
    DROP_RTP_TOO_LARGE
    DROP_RTP_UNKNOWN_SSRC
    DROP_RTP_UNKNOWN_PT
    DROP_SRTP_REPLAYED
    DROP_SRTP_UNAUTHENTIC
    DROP_RTCP_MALFORMED
    DROP_SRTCP                    # replayed or unauthentic RTCP
    DROP_DUPLICATE                # authentic, but forwarded before or too late
    DROP_NO_BUFFER                # the pool was exhausted
    DROP_STALE_COMMAND            # its handle no longer lives
    DROP_NO_MEMORY
    DROP_EVENT                    # the event ring was full, or over PATHS_PER_SECOND
    PACKETS_FORWARDED
    MESSAGES_FORWARDED
    PADDING_BYTES                 # spent on equal sizes
    LINK_PACKETS                  # put on links to other workers
    PACKETS_PACED                 # that waited
    PROBE_BYTES                   # of filler
    LINK_DROPPED                  # packets whose frame did not fit
    PACKETS_SILENCED              # of sources that are off, and of voices that were not chosen
    COUNTERS
