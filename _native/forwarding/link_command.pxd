"""Commands about links: between which workers, and which streams go over them (command.pxd)."""

from libc.stdint cimport int32_t, uint32_t, uint64_t

from fastsfu._native.base.ring cimport Ring
from fastsfu._native.forwarding.command cimport Head

cdef struct ConnectLink:          # handle 0
    Head head
    uint32_t peer                 # index of the other worker
    Ring* out
    Ring* back
    Ring* wake

cdef struct CreateReplica:
    Head head
    uint32_t peer                 # worker of the stream that it is of
    uint64_t origin               # that stream's handle there
    int32_t kind                  # MediaKind
    uint32_t clock_rate           # Hz
    uint64_t lower                # handle of a replica of another encoding of its source; 0 = none

cdef struct TapStream:            # COMMAND_TAP, COMMAND_UNTAP; the handle is the stream's
    Head head
    uint32_t peer
    uint64_t replica
