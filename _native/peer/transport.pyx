"""Life of a transport and its lists of streams; see transport.pxd."""

from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memset

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.base.seats cimport seats_drop, seats_grow, seats_take
from fastsfu._native.base.table cimport table_free, table_init, table_put, table_remove
from fastsfu._native.bwe.estimator cimport Estimator, estimator_init
from fastsfu._native.bwe.pacer cimport Pacer, pacer_free, pacer_init
from fastsfu._native.bwe.sent cimport SentLog, sent_free, sent_init
from fastsfu._native.crypto.srtp cimport srtp_close
from fastsfu._native.media.stream cimport InboundStream, OutboundStream
from fastsfu._native.peer.former cimport former_keep

cdef enum:
    LEAST_STREAMS = 4             # that a list of them has room for


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
    free(transport.early)
    table_free(&transport.by_ssrc)
    free(transport.former.of)
    free(transport.inbound)
    free(transport.outbound)
    free(transport.twcc)
    if transport.pacer != NULL:
        pacer_free(transport.pacer)
        free(transport.pacer)
    if transport.estimator != NULL:
        if transport.estimator.log != NULL:
            sent_free(transport.estimator.log)
        free(transport.estimator.log)
        free(transport.estimator)
    free(transport.destination)
    free(transport)


cdef int transport_add_inbound(Transport* transport, InboundStream* stream) noexcept nogil:
    if seats_grow(
            <void**>&transport.inbound, sizeof(InboundStream*), transport.inbound_count,
            &transport.inbound_capacity, LEAST_STREAMS) < 0:
        return -1
    seats_take(<void**>transport.inbound, &transport.inbound_count, stream)
    return 0


cdef int transport_add_outbound(Transport* transport, OutboundStream* stream) noexcept nogil:
    if seats_grow(
            <void**>&transport.outbound, sizeof(OutboundStream*), transport.outbound_count,
            &transport.outbound_capacity, LEAST_STREAMS) < 0:
        return -1
    seats_take(<void**>transport.outbound, &transport.outbound_count, stream)
    return 0


cdef int transport_estimate(
        Transport* transport, bint numbered, int64_t now_us) noexcept nogil:
    cdef SentLog* log
    if transport.estimator == NULL:
        transport.estimator = <Estimator*>calloc(1, sizeof(Estimator))
        if transport.estimator == NULL:
            return -1
        estimator_init(transport.estimator, NULL, now_us)
    if not numbered or transport.estimator.log != NULL:
        return 0
    log = <SentLog*>malloc(sizeof(SentLog))
    transport.pacer = <Pacer*>malloc(sizeof(Pacer))
    if log == NULL or transport.pacer == NULL:
        free(log)
        free(transport.pacer)
        transport.pacer = NULL
        return -1
    sent_init(log, 0)
    pacer_init(transport.pacer, now_us)
    estimator_init(transport.estimator, log, now_us)
    return 0


cdef void transport_remove_inbound(Transport* transport, InboundStream* stream) noexcept nogil:
    seats_drop(<void**>transport.inbound, &transport.inbound_count, stream)
    former_keep(&transport.former, stream)
    if stream.bound:
        table_remove(&transport.by_ssrc, stream.ssrc)
    if stream.rtx_ssrc:
        table_remove(&transport.by_ssrc, stream.rtx_ssrc)


cdef void transport_remove_outbound(Transport* transport, OutboundStream* stream) noexcept nogil:
    seats_drop(<void**>transport.outbound, &transport.outbound_count, stream)
    table_remove(&transport.by_ssrc, stream.ssrc)
    if stream.rtx_ssrc:
        table_remove(&transport.by_ssrc, stream.rtx_ssrc)


cdef int transport_bind(
        Transport* transport, uint32_t ssrc, uint64_t handle, SsrcRole role) noexcept nogil:
    cdef uint32_t value = (<uint32_t>handle << 2) | <uint32_t>role
    return 0 if table_put(&transport.by_ssrc, ssrc, value) == 0 else -1
