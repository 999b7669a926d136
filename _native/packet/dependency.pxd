"""Dependency descriptor (RTP Payload Format For AV1 v1.0, appendix A): a header extension that says
of any codec's frame which layer it is of and for which decode targets it is needed.

    |S|E| template id |     frame number (16)     |  then, of a longer one, flags and what they name

A structure of templates comes with the first packet of a keyframe and holds until the next one: it
is kept here, per stream. A decode target is one spatial and one temporal layer that a receiver may
decode up to.

A decoder that begins at a keyframe needs the structure with it. Where the sender leaves it out,
since it is the one that it has sent before, it is put back (dependency_attach).
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t

cdef enum:
    MAX_TEMPLATES = 64
    MAX_TARGETS = 32
    MAX_CHAINS = 32
    MANDATORY_BYTES = 3
    STRUCTURE_BYTES = 248         # that are kept of a structure: most of what an extension can hold

cdef enum Indication:             # of a frame for a decode target (section A.5)
    NOT_PRESENT = 0
    DISCARDABLE = 1
    SWITCH = 2                    # a receiver may begin to decode this target here
    REQUIRED = 3

cdef struct DependencyTemplate:
    uint8_t spatial
    uint8_t temporal
    uint64_t indications          # two bits a decode target, target 0 lowest
    bint alone                    # such a frame is predicted from no other

cdef struct DependencyTemplates:  # zeroes: none known
    uint8_t offset                # template id of the first one
    uint8_t count                 # 0 = no structure came
    uint8_t target_count
    uint8_t chain_count
    uint8_t spatial_count         # layers that the templates name
    uint32_t active               # decode targets that the sender produces now, target 0 lowest
    uint8_t target_spatial[MAX_TARGETS]
    uint8_t target_temporal[MAX_TARGETS]
    uint16_t height[4]            # of each spatial layer; 0 = not said
    DependencyTemplate templates[MAX_TEMPLATES]
    uint16_t structure_bits       # as it came; 0 = it is too long to be kept
    uint8_t structure[STRUCTURE_BYTES]

cdef struct DependencyFrame:
    bint begins
    bint ends
    bint structure                # it brought new templates: a keyframe begins
    bint anew                     # without that: all targets may be begun with it, from nothing
    uint16_t number
    uint8_t spatial
    uint8_t temporal
    # The highest spatial layer of the targets that need it; TOP_LAYER when that is the highest of
    # all that the sender produces now.
    uint8_t until
    uint8_t up_spatial            # the highest layers of the targets that may be begun with it
    uint8_t up_temporal

# Read one descriptor; a structure in it replaces `templates`. False: malformed, or its template is
# not known; then `templates` is as before.
cdef bint dependency_read(
    DependencyTemplates* templates, const uint8_t* descriptor, uint8_t size,
    DependencyFrame* frame) noexcept nogil
# The same descriptor, of a frame that begins `anew`, with the structure and the active decode
# targets. Its size; 0: that is more than `capacity`. `out` is zeroes.
cdef uint8_t dependency_attach(
    const DependencyTemplates* templates, const uint8_t* descriptor, uint8_t size, uint8_t* out,
    uint8_t capacity) noexcept nogil
