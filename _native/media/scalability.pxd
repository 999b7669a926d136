"""The layers that a sender's stream has now, packet by packet: what each costs, up to which it
goes, and whether an upper one can do without those below it.

In k-SVC an upper spatial layer needs the lower ones at keyframes alone: who gets it gets nothing of
them in between (PacketLayers.until), and who goes down has to begin at a keyframe.
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t

from fastsfu._native.media.packet cimport MediaPacket
from fastsfu._native.media.rate cimport RATED, Rate
from fastsfu._native.packet.dependency cimport DependencyTemplates

cdef struct Scalability:          # zeroes: one layer
    DependencyTemplates* templates        # NULL: no descriptors were negotiated
    bint layered                  # more than one layer was seen
    bint apart                    # so was one that no upper one needs (k-SVC)
    uint8_t top                   # the highest spatial layer that comes
    uint8_t highest               # of the pictures that ended below it of late,
    uint8_t below                 # which are so many
    Rate keyframes
    uint32_t keyframe_ts          # of the last one
    Rate rate[RATED][RATED]       # of each spatial and temporal layer, but for keyframes
    Rate alone[RATED]             # of it, what is of no use to upper spatial layers

# Fills in packet.layers, and whether a keyframe begins where the packet itself says so. `now_us`:
# when it came. True: its highest layer has ended, and whoever had that has nothing to go on from
# but a keyframe.
cdef bint scalability_on_packet(
    Scalability* scalability, MediaPacket* packet, int64_t now_us) noexcept nogil
