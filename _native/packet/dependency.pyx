"""See dependency.pxd. Fields are named and read in the order of appendix A.8.2."""

from libc.string cimport memset

from fastsfu._native.packet.bits cimport (
    Bits, BitWriter, bits_copy, bits_put, bits_take as take,
)
from fastsfu._native.packet.layers cimport MAX_SPATIAL, MAX_TEMPORAL, TOP_LAYER

cdef enum NextLayer:              # next_layer_idc
    SAME_LAYER = 0
    NEXT_TEMPORAL = 1
    NEXT_SPATIAL = 2
    NO_MORE = 3

cdef enum:
    MANDATORY_BITS = 8 * MANDATORY_BYTES
    FLAGS_BITS = 5

cdef struct Flags:                # of the extended fields
    bint structure
    bint active
    bint dtis
    bint fdiffs


cdef bint dependency_read(
        DependencyTemplates* templates, const uint8_t* descriptor, uint8_t size,
        DependencyFrame* frame) noexcept nogil:
    cdef DependencyTemplates fresh
    cdef DependencyTemplates* known = templates
    cdef Bits bits = [descriptor, 0, <uint32_t>size * 8, False]
    cdef Flags flags
    cdef uint8_t template_id
    memset(&flags, 0, sizeof(flags))
    frame.begins = take(&bits, 1)
    frame.ends = take(&bits, 1)
    template_id = <uint8_t>take(&bits, 6)
    frame.number = <uint16_t>take(&bits, 16)
    if size > MANDATORY_BYTES:
        read_flags(&bits, &flags)
    frame.structure = flags.structure
    if flags.structure:
        if not read_structure(&bits, &fresh):
            return False
        known = &fresh
    if not read_frame(&bits, known, &flags, template_id, frame):
        return False
    if flags.structure:
        templates[0] = fresh
    return True


cdef void read_flags(Bits* bits, Flags* flags) noexcept nogil:
    flags.structure = take(bits, 1)
    flags.active = take(bits, 1)
    flags.dtis = take(bits, 1)
    flags.fdiffs = take(bits, 1)
    take(bits, 1)                 # own chains: behind all that is read here


cdef bint read_structure(Bits* bits, DependencyTemplates* into) noexcept nogil:
    cdef uint32_t begin = bits.at
    memset(into, 0, sizeof(DependencyTemplates))
    into.offset = <uint8_t>take(bits, 6)
    into.target_count = <uint8_t>(take(bits, 5) + 1)
    into.active = <uint32_t>((<uint64_t>1 << into.target_count) - 1)
    if not read_layers(bits, into):
        return False
    for i in range(into.count):
        into.templates[i].indications = read_indications(bits, into.target_count)
    for i in range(into.count):
        into.templates[i].alone = True
        while take(bits, 1):                    # fdiff_follows_flag
            into.templates[i].alone = False
            take(bits, 4)
    read_chains(bits, into)
    describe_targets(into)
    if take(bits, 1):                           # resolutions_present_flag
        for i in range(into.spatial_count):
            take(bits, 16)
            into.height[i] = <uint16_t>min(take(bits, 16) + 1, <uint32_t>0xFFFF)
    keep(into, bits.data, begin, bits.at)
    return not bits.overrun


cdef void keep(
        DependencyTemplates* into, const uint8_t* data, uint32_t begin,
        uint32_t end) noexcept nogil:
    cdef BitWriter writer = [into.structure, 0, 8 * STRUCTURE_BYTES, False]
    bits_copy(&writer, data, begin, end - begin)
    into.structure_bits = 0 if writer.overrun else <uint16_t>writer.at


cdef bint read_layers(Bits* bits, DependencyTemplates* into) noexcept nogil:
    cdef uint8_t spatial = 0, temporal = 0
    cdef uint32_t step = SAME_LAYER
    while step != NO_MORE:
        if into.count == MAX_TEMPLATES or spatial >= MAX_SPATIAL or temporal >= MAX_TEMPORAL:
            return False
        into.templates[into.count].spatial = spatial
        into.templates[into.count].temporal = temporal
        into.count += 1
        step = take(bits, 2)
        if step == NEXT_TEMPORAL:
            temporal += 1
        elif step == NEXT_SPATIAL:
            temporal = 0
            spatial += 1
    into.spatial_count = spatial + 1
    return not bits.overrun


cdef uint64_t read_indications(Bits* bits, int target_count) noexcept nogil:
    cdef uint64_t indications = 0
    cdef int i
    for i in range(target_count):
        indications |= <uint64_t>take(bits, 2) << (2 * i)
    return indications


cdef void read_chains(Bits* bits, DependencyTemplates* into) noexcept nogil:
    """Which chain protects which target, and how far back each lies, is for those who lose frames;
    it is passed over.
    """
    into.chain_count = <uint8_t>take_below(bits, into.target_count + 1)
    if into.chain_count == 0:
        return
    for _i in range(into.target_count):
        take_below(bits, into.chain_count)
    for _i in range(into.count * into.chain_count):
        take(bits, 4)


cdef void describe_targets(DependencyTemplates* into) noexcept nogil:
    """Section A.8.2, decode_target_layers: the highest layers among what a target needs."""
    cdef const DependencyTemplate* template
    cdef int i, k
    for i in range(into.count):
        template = &into.templates[i]
        for k in range(into.target_count):
            if indication(template.indications, k) != NOT_PRESENT:
                into.target_spatial[k] = max(into.target_spatial[k], template.spatial)
                into.target_temporal[k] = max(into.target_temporal[k], template.temporal)


cdef bint read_frame(
        Bits* bits, DependencyTemplates* known, const Flags* flags, uint8_t template_id,
        DependencyFrame* frame) noexcept nogil:
    cdef uint8_t index = (template_id + 64 - known.offset) & 63
    cdef uint32_t active = known.active
    cdef uint64_t indications
    cdef bint alone
    if index >= known.count:
        return False
    if flags.active:
        active = take(bits, known.target_count)
    indications = known.templates[index].indications
    if flags.dtis:
        indications = read_indications(bits, known.target_count)
    alone = known.templates[index].alone
    if flags.fdiffs:
        alone = take(bits, 2) == 0              # next_fdiff_size
    if bits.overrun:
        return False
    known.active = active
    frame.spatial = known.templates[index].spatial
    frame.temporal = known.templates[index].temporal
    describe_frame(known, indications, frame)
    frame.anew = alone and frame.begins and not frame.structure and begins_all(known, indications)
    return True


cdef inline bint begins_all(const DependencyTemplates* known, uint64_t indications) noexcept nogil:
    cdef int i
    for i in range(known.target_count):
        if indication(indications, i) != SWITCH:
            return False
    return True


cdef void describe_frame(
        const DependencyTemplates* known, uint64_t indications,
        DependencyFrame* frame) noexcept nogil:
    cdef uint8_t top = 0
    cdef int i
    frame.until = frame.spatial
    frame.up_spatial = frame.up_temporal = 0
    for i in range(known.target_count):
        if known.active >> i & 1:
            top = max(top, known.target_spatial[i])
        if indication(indications, i) != NOT_PRESENT:
            frame.until = max(frame.until, known.target_spatial[i])
        if indication(indications, i) == SWITCH:
            frame.up_spatial = max(frame.up_spatial, known.target_spatial[i])
            frame.up_temporal = max(frame.up_temporal, known.target_temporal[i])
    if frame.until >= top:
        frame.until = TOP_LAYER


cdef inline int indication(uint64_t indications, int target) noexcept nogil:
    return <int>(indications >> (2 * target) & 3)


cdef uint32_t take_below(Bits* bits, uint32_t limit) noexcept nogil:
    """ns(n) of section A.8.1: a value below `limit`, which is at least 1."""
    cdef int width = 0
    cdef uint32_t value, shorter
    while limit >> width:
        width += 1
    shorter = (<uint32_t>1 << width) - limit
    value = take(bits, width - 1)
    if value < shorter:
        return value
    return (value << 1) - shorter + take(bits, 1)


cdef uint8_t dependency_attach(
        const DependencyTemplates* templates, const uint8_t* descriptor, uint8_t size,
        uint8_t* out, uint8_t capacity) noexcept nogil:
    cdef Bits bits = [descriptor, MANDATORY_BITS, <uint32_t>size * 8, False]
    cdef BitWriter writer = [out, 0, <uint32_t>capacity * 8, False]
    cdef uint32_t flags = take(&bits, FLAGS_BITS) if size > MANDATORY_BYTES else 0
    cdef uint32_t all_active = <uint32_t>((<uint64_t>1 << templates.target_count) - 1)
    cdef bint said = flags >> 3 & 1, says = said or templates.active != all_active
    if templates.structure_bits == 0:
        return 0
    bits_copy(&writer, descriptor, 0, MANDATORY_BITS)
    bits_put(&writer, 1 << 4 | says << 3 | (flags & 7), FLAGS_BITS)
    bits_copy(&writer, templates.structure, 0, templates.structure_bits)
    if said:
        take(&bits, templates.target_count)
    if says:
        bits_put(&writer, templates.active, templates.target_count)
    bits_copy(&writer, descriptor, bits.at, bits.end - bits.at)
    return 0 if writer.overrun else <uint8_t>((writer.at + 7) // 8)
