"""The header extensions (RFC 8285) of a packet for one receiver: its transport-wide number, a
voice's level, the section's MID, and those of its sender that travel on (media/packet). Others end
here.

MID (RFC 9143 section 15) says where a stream belongs that is not known yet. It would take a word of
every packet, so it is in the first ones, until a report of the receiver names the stream
(worker/feedback).

    extensions_of(...)       which ones, and how many bytes; then the number is put in
    extensions_write(...)    behind the fixed header

In the one-byte form where all ids and sizes allow it, else in the two-byte form: who negotiated the
dependency descriptor takes both (RFC 8285 section 6).
"""

from libc.stdint cimport uint8_t, uint16_t

from fastsfu._native.media.packet cimport NO_LEVEL, MediaPacket
from fastsfu._native.media.stream cimport OutboundStream
from fastsfu._native.packet.rtp cimport ExtensionKind
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    # profile, length, elements of a transport-wide number and a level, padded to words; MediaPacket
    # says how much more there is
    EXTENSION_BYTES = 12
    NAME_BYTES = 20               # of the longest MID besides

cdef struct Extensions:           # of one packet for one receiver; id 0 = without
    uint8_t number_id
    uint8_t level_id
    uint8_t mid_id
    bint carries                  # some that its sender has put in
    bint wide                     # in the two-byte form
    uint16_t number               # transport-wide
    uint16_t size                 # bytes in all

# Add the MID, and those that travel on and that the receiver has negotiated.
cdef void extensions_add(
    const Transport* transport, const OutboundStream* receiver, const MediaPacket* packet,
    Extensions* extensions) noexcept nogil
# `frame_shift`: what is added to the frame number in a dependency descriptor.
cdef void extensions_write(
    uint8_t* out, const Transport* transport, const OutboundStream* receiver,
    const Extensions* extensions, const MediaPacket* packet,
    uint16_t frame_shift) noexcept nogil


cdef inline Extensions extensions_of(
        const Transport* transport, const OutboundStream* receiver, const MediaPacket* packet,
        bint named) noexcept nogil:
    """Which ones the packet has towards this receiver. Within a run (forwarding/frames) all have
    one size. `named`: with its MID.
    """
    cdef Extensions extensions
    extensions.number = 0
    extensions.carries = extensions.wide = False
    extensions.number_id = (
        transport.id_of_kind[<int>ExtensionKind.EXT_TRANSPORT_SEQ] if receiver.numbered else 0)
    extensions.mid_id = transport.id_of_kind[<int>ExtensionKind.EXT_MID] if named else 0
    extensions.level_id = (
        0 if packet.level == NO_LEVEL
        else transport.id_of_kind[<int>ExtensionKind.EXT_AUDIO_LEVEL])
    # Either is a word by itself, both are two, in the one-byte form and in the two-byte form.
    extensions.size = 4 * ((extensions.number_id != 0) + (extensions.level_id != 0))
    extensions.size += 4 if extensions.size else 0
    if packet.carried.bytes or extensions.mid_id:
        extensions_add(transport, receiver, packet, &extensions)
    return extensions
