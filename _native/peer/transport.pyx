"""Life of a transport and its lists of streams; see transport.pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcmp, memset

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.base.table cimport table_free, table_init, table_put, table_remove
from fastsfu._native.crypto.srtp cimport srtp_close
from fastsfu._native.media.stream cimport InboundStream, OutboundStream


cdef Transport* transport_new() noexcept nogil:
    cdef Transport* transport = <Transport*>calloc(1, sizeof(Transport))
    if transport == NULL:
        return NULL
    if table_init(&transport.by_ssrc, 4) < 0:
        free(transport)
        return NULL
    memset(transport.kind_of_id, NO_EXTENSION, sizeof(transport.kind_of_id))
    transport.sender_place = -1
    transport.rtt_us = DEFAULT_RTT_US
    return transport


cdef void transport_free(Transport* transport) noexcept nogil:
    if transport.keyed:
        srtp_close(&transport.receive)
        srtp_close(&transport.send)
    while transport.early_count:
        transport.early_count -= 1
        buffer_release(transport.early[transport.early_count])
    table_free(&transport.by_ssrc)
    free(transport.inbound)
    free(transport.outbound)
    free(transport.twcc)
    free(transport.destination)
    free(transport)


cdef int grow(void*** items, int count, int* capacity) noexcept nogil:
    """Room for one more pointer."""
    cdef int wanted = max(4, 2 * capacity[0])
    cdef void** grown
    if count < capacity[0]:
        return 0
    grown = <void**>realloc(items[0], wanted * sizeof(void*))
    if grown == NULL:
        return -1
    items[0] = grown
    capacity[0] = wanted
    return 0


cdef void drop(void** items, int* count, void* item) noexcept nogil:
    cdef int i
    for i in range(count[0]):
        if items[i] == item:
            count[0] -= 1
            items[i] = items[count[0]]
            return


cdef int transport_add_inbound(Transport* transport, InboundStream* stream) noexcept nogil:
    if grow(<void***>&transport.inbound, transport.inbound_count, &transport.inbound_capacity) < 0:
        return -1
    transport.inbound[transport.inbound_count] = stream
    transport.inbound_count += 1
    return 0


cdef int transport_add_outbound(Transport* transport, OutboundStream* stream) noexcept nogil:
    if grow(
            <void***>&transport.outbound, transport.outbound_count,
            &transport.outbound_capacity) < 0:
        return -1
    transport.outbound[transport.outbound_count] = stream
    transport.outbound_count += 1
    return 0


cdef void transport_remove_inbound(Transport* transport, InboundStream* stream) noexcept nogil:
    drop(<void**>transport.inbound, &transport.inbound_count, stream)
    if stream.bound:
        table_remove(&transport.by_ssrc, stream.ssrc)
    if stream.rtx_ssrc:
        table_remove(&transport.by_ssrc, stream.rtx_ssrc)


cdef void transport_remove_outbound(Transport* transport, OutboundStream* stream) noexcept nogil:
    drop(<void**>transport.outbound, &transport.outbound_count, stream)
    table_remove(&transport.by_ssrc, stream.ssrc)
    if stream.rtx_ssrc:
        table_remove(&transport.by_ssrc, stream.rtx_ssrc)


cdef int transport_bind(
        Transport* transport, uint32_t ssrc, uint64_t handle, SsrcRole role) noexcept nogil:
    cdef uint32_t value = (<uint32_t>handle << 2) | <uint32_t>role
    return 0 if table_put(&transport.by_ssrc, ssrc, value) == 0 else -1


cdef InboundStream* transport_unbound(
        Transport* transport, const uint8_t* mid, uint8_t size, bint rtx) noexcept nogil:
    cdef InboundStream* stream
    cdef int i
    for i in range(transport.inbound_count):
        stream = transport.inbound[i]
        if stream.mid_size != size or memcmp(stream.mid, mid, size) != 0:
            continue
        if (stream.rtx_ssrc == 0) if rtx else not stream.bound:
            return stream
    return NULL
