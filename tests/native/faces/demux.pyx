from libc.stdint cimport uint8_t

from fastsfu._native.packet.demux cimport PacketKind, demux

from tests.native.faces.exact cimport exact, free


def kind(bytes datagram):
    cdef uint8_t* copy = exact(datagram)
    cdef PacketKind found = demux(copy, len(datagram))
    free(copy)
    return found
