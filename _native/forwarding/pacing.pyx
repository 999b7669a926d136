"""Debts, and what waits for them to drain; see pacing.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint32_t

from fastsfu._native.base.pool cimport buffer_hold
from fastsfu._native.base.seats cimport seats_drop, seats_take
from fastsfu._native.bwe.estimator cimport (
    estimator_pace, estimator_probe, estimator_unheard,
)
from fastsfu._native.bwe.pacer cimport (
    PACER_IDLE, Paced, Pacer, pacer_admits, pacer_charge, pacer_due_us, pacer_next, pacer_put,
    pacer_set_rate, pacer_spread,
)
from fastsfu._native.bwe.probe cimport PROBE_SENDING, probe_owed
from fastsfu._native.bwe.sent cimport SENT_OVERHEAD
from fastsfu._native.forwarding.counters cimport PACKETS_PACED, PROBE_BYTES
from fastsfu._native.forwarding.lay cimport (
    LAY_OVERHEAD, lay_end, lay_filler, lay_layers, lay_message, lay_packet, lay_redundancy,
    lay_size,
)
from fastsfu._native.forwarding.state cimport find_outbound
from fastsfu._native.media.history cimport history_get, history_keep
from fastsfu._native.media.layering cimport Layering
from fastsfu._native.media.numbering cimport numbering_past
from fastsfu._native.media.receivers cimport outbound_break
from fastsfu._native.media.rewrite cimport rewrite_map
from fastsfu._native.media.stream cimport NO_PT, MediaKind, OutboundState
from fastsfu._native.packet.layers cimport layers_wanted
from fastsfu._native.peer.egress cimport egress_keep

cdef enum:
    # Video that has waited so long is of no use: the receiver starts anew at a keyframe,
    LONGEST_US = 500000
    # unless one is among what waits, or a picture that takes as long: another would wait no less.
    LONGEST_LARGE_US = 4000000
    FILL_US = 2000                # between two turns of a probe
    NOTHING_US = 1000000
    FILLER_BYTES = 250            # of one packet of filler: RTP padding ends at 255
    LEAST_FILLER_BYTES = 20
    SPREAD_US = 25000             # most of the time between two frames


cdef int pacing_admit(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int first,
        int count) noexcept nogil:
    cdef Transport* transport = <Transport*>receiver.transport
    cdef Pacer* pacer = transport.pacer
    cdef bint at_once
    cdef uint32_t size
    cdef int i
    if receiver.source.kind == MediaKind.VIDEO and estimator_unheard(
            transport.estimator, transport.heard_us, worker.now_us):
        spread(worker, receiver, packets, first, count)
    if pacer.rate_bps <= 0 and pacer.count == 0:
        return count
    # Sound never waits. Nor does what came late without RTX: its number lies below those that wait,
    # and with it a repeat of theirs, under the same nonce, could be asked for before they leave.
    at_once = receiver.source.kind == MediaKind.AUDIO or (
        receiver.numbers != NULL and packets[first].ext_seq < receiver.source.last_ext_seq
        and count == 1)
    for i in range(first, count):
        size = size_for(receiver, &packets[i], worker.now_us)
        if not (at_once or pacer_admits(pacer, size, worker.now_us)):
            wait_for(worker, receiver, packets, i, count, begins(packets, first, count))
            return i
        pacer_charge(pacer, size, worker.now_us)
    return count


cdef void spread(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int first,
        int count) noexcept nogil:
    """The link may be gone: a frame, and what waits, leave one by one in SPREAD_US, so that the
    first packet that gets through shows early what is missing.
    """
    cdef Transport* transport = <Transport*>receiver.transport
    cdef double most_bps = estimator_pace(transport.estimator, worker.now_us), bps
    cdef int64_t bytes = transport.pacer.waiting_bytes
    cdef int i
    for i in range(first, count):
        bytes += size_for(receiver, &packets[i], worker.now_us)
    bps = bytes * 8e6 / SPREAD_US
    pacer_spread(transport.pacer, min(bps, most_bps) if most_bps > 0 else bps, worker.now_us)


cdef void pacing_heard(Worker* worker, Transport* transport) noexcept nogil:
    if transport.pacer != NULL and transport.pacer.spread:
        pacing_follow(worker, transport)
        drain(worker, transport)      # else a repeat without RTX would be refused: see repeat


cdef void pacing_follow(Worker* worker, Transport* transport) noexcept nogil:
    pacer_set_rate(
        transport.pacer, estimator_pace(transport.estimator, worker.now_us),
        <double>transport.estimator.bps, worker.now_us)


cdef bint pacing_begins(const Transport* transport, int64_t now_us) noexcept nogil:
    cdef const Pacer* pacer = transport.pacer
    return pacer != NULL and pacer.count > 0 and pacer.keyframe_us != 0 and (
        now_us - pacer.keyframe_us < LONGEST_LARGE_US)


cdef inline bint begins(const MediaPacket* packets, int first, int count) noexcept nogil:
    cdef int i
    for i in range(first, count):
        if packets[i].keyframe:
            return True
    return False


cdef inline uint32_t size_of(const MediaPacket* packet) noexcept nogil:
    return LAY_OVERHEAD + SENT_OVERHEAD + lay_size(packet) + packet.padding


cdef inline uint32_t size_for(
        const OutboundStream* receiver, const MediaPacket* packet, int64_t now_us) noexcept nogil:
    """Nothing, if it is of a layer that the receiver does not get; without what it gets once."""
    cdef const Layering* layering = receiver.layering
    if layering != NULL and not layers_wanted(
            &packet.layers, layering.spatial, layering.temporal):
        return 0
    return size_of(packet) - packet.redundancy + lay_redundancy(receiver, packet, now_us)


cdef void wait_for(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int first,
        int count, bint keyframe) noexcept nogil:
    cdef Transport* transport = <Transport*>receiver.transport
    cdef int i
    for i in range(first, count):
        if not pacer_put(
                transport.pacer, receiver.handle, receiver.source.handle, packets[i].ext_seq,
                packets[i].header.ts, size_for(receiver, &packets[i], worker.now_us), keyframe,
                worker.now_us):
            outbound_break(receiver)
            break
        worker.counters[PACKETS_PACED] += 1
    if transport.pacer.large_us:
        history_keep(&receiver.source.history, worker.now_us + LONGEST_LARGE_US)
    join(worker, transport)


cdef inline void join(Worker* worker, Transport* transport) noexcept nogil:
    if not transport.paced:
        transport.paced = True
        seats_take(<void**>worker.pacing, &worker.pacing_count, transport)


cdef void pacing_forget(Worker* worker, Transport* transport) noexcept nogil:
    if transport.paced:
        transport.paced = False
        seats_drop(<void**>worker.pacing, &worker.pacing_count, transport)


cdef void pacing_probe(Worker* worker, Transport* transport) noexcept nogil:
    if fills(transport) != NULL and estimator_probe(transport.estimator, worker.now_us):
        join(worker, transport)


cdef bint pacing_knock(Worker* worker, Transport* transport) noexcept nogil:
    cdef OutboundStream* receiver = fills(transport)
    if receiver != NULL:
        lay_message(worker, transport, LEAST_FILLER_BYTES, 1)
        lay_filler(worker, transport, receiver, LEAST_FILLER_BYTES)
        lay_end(worker)
    return receiver != NULL


cdef OutboundStream* fills(const Transport* transport) noexcept nogil:
    """In whose RTX stream filler goes; NULL: there is none."""
    cdef OutboundStream* receiver
    cdef int i
    if transport.destination == NULL or transport.expired or not transport.keyed:
        return NULL
    for i in range(transport.outbound_count):
        receiver = transport.outbound[i]
        if receiver.numbered and receiver.rtx_ssrc and receiver.filler_pt != NO_PT:
            return receiver
    return NULL


cdef void pacing_due(Worker* worker) noexcept nogil:
    cdef Transport* transport
    cdef int i = worker.pacing_count - 1
    while i >= 0:                 # who leaves gives his seat to the last one
        transport = worker.pacing[i]
        drain(worker, transport)
        fill(worker, transport)
        if transport.pacer.count == 0 and transport.estimator.probe.state != PROBE_SENDING:
            pacing_forget(worker, transport)
        i -= 1


cdef int64_t pacing_next_us(const Worker* worker) noexcept nogil:
    cdef int64_t next_us = worker.now_us + NOTHING_US, due_us
    cdef int i
    for i in range(worker.pacing_count):
        due_us = pacer_due_us(worker.pacing[i].pacer)
        if due_us != PACER_IDLE:
            next_us = min(next_us, due_us)
        if worker.pacing[i].estimator.probe.state == PROBE_SENDING:
            next_us = min(next_us, worker.now_us + FILL_US)
    return next_us


cdef void drain(Worker* worker, Transport* transport) noexcept nogil:
    cdef Paced paced
    cdef OutboundStream* receiver
    cdef const MediaPacket* packet
    while pacer_next(transport.pacer, &paced, worker.now_us):
        receiver = find_outbound(worker, paced.stream)
        if receiver == NULL or not belongs(transport, receiver, &paced):
            continue
        packet = history_get(&receiver.source.history, paced.number, worker.now_us)
        if packet == NULL or worker.now_us - paced.since_us > longest_us(transport.pacer):
            outbound_break(receiver)
        elif send(worker, transport, receiver, packet):
            pacer_charge(transport.pacer, paced.size, worker.now_us)


cdef inline int64_t longest_us(const Pacer* pacer) noexcept nogil:
    return LONGEST_LARGE_US if pacer.large_us else LONGEST_US


cdef inline bint belongs(
        const Transport* transport, const OutboundStream* receiver,
        const Paced* paced) noexcept nogil:
    """To what flows: it may have been paused, switched or broken off since then."""
    cdef int64_t index
    if (receiver.state != OutboundState.FLOWING or receiver.source == NULL
            or receiver.source.handle != paced.source
            or transport.destination == NULL or transport.expired):
        return False
    return paced.number >= receiver.rewrite.numbers.begin or numbering_past(
        &receiver.rewrite.numbers, paced.number, &index)


cdef bint send(
        Worker* worker, Transport* transport, OutboundStream* receiver,
        const MediaPacket* packet) noexcept nogil:
    cdef uint8_t pt = receiver.pt_of[packet.header.pt]
    cdef int64_t index
    cdef uint32_t ts
    cdef bint sent
    lay_message(worker, transport, lay_size(packet), 1)
    if receiver.layering != NULL:
        sent = lay_layers(worker, transport, receiver, packet, True)
    else:
        sent = pt != NO_PT and rewrite_map(
            &receiver.rewrite, packet.ext_seq, packet.header.ts, worker.now_us, &index, &ts)
        if sent:
            lay_packet(worker, transport, receiver, packet, index, ts, pt, 0)
    lay_end(worker)
    if sent:
        buffer_hold(packet.buffer)
        egress_keep(&worker.egress, &worker.udp, packet.buffer)
        receiver.stats.packets += 1
        receiver.stats.bytes += packet.payload_size
        receiver.stats.last_packet_us = worker.now_us
    return sent


cdef void fill(Worker* worker, Transport* transport) noexcept nogil:
    """What media leaves open of a probe."""
    cdef OutboundStream* receiver = fills(transport)
    cdef int64_t owed = probe_owed(&transport.estimator.probe, worker.now_us)
    cdef uint8_t size
    if receiver == NULL:
        return
    while owed > 0:
        size = <uint8_t>max(
            <int64_t>LEAST_FILLER_BYTES,
            min(<int64_t>FILLER_BYTES, owed - LAY_OVERHEAD - SENT_OVERHEAD))
        lay_message(worker, transport, size, 1)
        lay_filler(worker, transport, receiver, size)
        lay_end(worker)
        pacer_charge(transport.pacer, LAY_OVERHEAD + SENT_OVERHEAD + size, worker.now_us)
        worker.counters[PROBE_BYTES] += size
        owed = probe_owed(&transport.estimator.probe, worker.now_us)
