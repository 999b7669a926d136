"""Python arguments, checked and laid into command structs: where bad arguments end (ValueError,
before anything is sent).
"""

from libc.stdint cimport uint32_t

from fastsfu._native.engine.voices cimport RoomVoices
from fastsfu._native.forwarding.command cimport CreateInbound, CreateOutbound, SetExtensions
from fastsfu._native.peer.ice cimport IceCredentials

cdef IceCredentials request_credentials(
    str local_ufrag, str local_password, str remote_ufrag, str remote_password) except *
cdef int request_extensions(SetExtensions* command, extensions) except -1
cdef void draw(uint32_t* numbers, int count) noexcept    # at random, by the kernel
# The structs are zero but for their heads. `voices`, or None, are held for the command.
cdef int request_inbound(
    CreateInbound* command, int kind, str mid, str rid, ssrc, rtx_ssrc, payload_types, bint nack,
    bint fir, bint remb, RoomVoices voices) except -1
cdef int request_outbound(
    CreateOutbound* command, ssrc, rtx_ssrc, payload_types, str cname, str mid,
    bint numbered, bint paused) except -1
