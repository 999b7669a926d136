"""The loop over a stream's receivers; see forward.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.forwarding.ahead cimport ahead_send
from fastsfu._native.forwarding.counters cimport MESSAGES_FORWARDED, PACKETS_FORWARDED
from fastsfu._native.forwarding.estimate cimport estimate_spills
from fastsfu._native.forwarding.event cimport EVENT_BEGUN
from fastsfu._native.forwarding.lay cimport (
    lay_end, lay_fit, lay_layers, lay_message, lay_messages, lay_packet, lay_redundancy, lay_size,
)
from fastsfu._native.forwarding.pacing cimport pacing_admit
from fastsfu._native.forwarding.state cimport SPOKEN_MOST, emit_event
from fastsfu._native.media.history cimport history_put
from fastsfu._native.media.receivers cimport outbound_start, outbound_switch
from fastsfu._native.media.rewrite cimport rewrite_map
from fastsfu._native.media.stream cimport NO_PT, MediaKind, OutboundState, OutboundStream
from fastsfu._native.peer.egress cimport egress_keep
from fastsfu._native.peer.look_ahead cimport look_ahead
from fastsfu._native.peer.transport cimport Transport

cdef enum:
    NEAR = 2                      # of streams of a participant that a receiver itself lacks

cdef Run ALONE
ALONE.begin, ALONE.end = 0, 1


cdef void fan_out(
        Worker* worker, InboundStream* stream, const MediaPacket* packets, int count,
        const Run* runs, int run_count) noexcept nogil:
    cdef int i
    cdef bint ahead = False
    cdef OutboundStream* receiver
    for i in range(stream.outbound_count):
        look_ahead(stream.outbound, stream.outbound_count, i)
        receiver = stream.outbound[i]
        if forward(worker, stream, receiver, packets, count, runs, run_count):
            ahead = ahead or receiver.ahead
    for i in range(count):
        if stream.kind == MediaKind.VIDEO and stream.outbound_count:
            history_put(&stream.history, &packets[i], worker.now_us)
        egress_keep(&worker.egress, &worker.udp, packets[i].buffer)
    if ahead:
        ahead_send(worker, stream, packets, count)


cdef inline bint forward(
        Worker* worker, InboundStream* stream, OutboundStream* receiver,
        const MediaPacket* packets, int count, const Run* runs, int run_count) noexcept nogil:
    """To one receiver. False: nothing of it is for it."""
    cdef int k, first, end
    if receiver.source != stream and not switches(receiver, packets, count):
        return False              # it flows from elsewhere, and waits here for a keyframe
    first = first_packet(receiver, packets, count)
    if first == count:
        return False
    end = admit(worker, receiver, packets, first, count)
    for k in range(run_count):
        send_part(worker, receiver, packets, max(runs[k].begin, first), min(runs[k].end, end))
    return True


cdef inline int admit(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int first,
        int count) noexcept nogil:
    """It flows from this packet on, if it did not; the end of what may leave now."""
    if receiver.state != OutboundState.FLOWING:
        begin(worker, receiver, &packets[first])
    if (<const Transport*>receiver.transport).pacer == NULL:
        return count
    return pacing_admit(worker, receiver, packets, first, count)


cdef void fan_out_chord(Worker* worker, const Spoken* spoken, int count) noexcept nogil:
    cdef int hints[SPOKEN_MOST]
    cdef InboundStream* stream
    cdef int i, k
    worker.chords += 1
    for k in range(count):
        hints[k] = first_place(spoken[k].stream)
    for k in range(count):
        stream = spoken[k].stream
        for i in range(stream.outbound_count):
            look_ahead(stream.outbound, stream.outbound_count, i)
            if stream.outbound[i].went_along != worker.chords:
                send_chord(worker, &spoken[k], count - k, stream.outbound[i], &hints[k])
    for k in range(count):
        egress_keep(&worker.egress, &worker.udp, spoken[k].packet.buffer)


cdef void send_chord(
        Worker* worker, const Spoken* spoken, int count, OutboundStream* receiver,
        int* hints) noexcept nogil:
    """What this receiver gets of the first voice, and its transport of the others."""
    cdef Transport* transport = <Transport*>receiver.transport
    cdef OutboundStream* voices[SPOKEN_MOST]
    cdef const MediaPacket* packets[SPOKEN_MOST]
    cdef uint16_t size = 0
    cdef int k, wanted = 0, messages = 0
    if receiver.layering != NULL or receiver.source != spoken[0].stream:
        forward(worker, spoken[0].stream, receiver, &spoken[0].packet, 1, &ALONE, 1)
        return
    if not reachable(receiver):
        return
    for k in range(count):
        if elsewhere(spoken[0].stream, spoken[k].stream):
            continue
        voices[wanted] = receiver if k == 0 else heard_by(transport, spoken[k].stream, &hints[k])
        if voices[wanted] == NULL or voices[wanted].went_along == worker.chords:
            continue
        voices[wanted].went_along = worker.chords
        if first_packet(voices[wanted], &spoken[k].packet, 1) == 0:
            packets[wanted] = &spoken[k].packet
            size = max(size, lay_size(packets[wanted]))
            wanted += 1
    if wanted == 0:
        return
    lay_messages(worker, transport, size, wanted)
    for k in range(wanted):
        admit(worker, voices[k], packets[k], 0, 1)            # all of it: sound never waits
        if send_packet(worker, transport, voices[k], packets[k]):
            messages = max(messages, 1) + lay_fit(worker)
            count_sent(worker, voices[k], 1)
    lay_end(worker)
    worker.counters[MESSAGES_FORWARDED] += messages


cdef inline bint elsewhere(const InboundStream* voice, const InboundStream* other) noexcept nogil:
    """The other is a voice of another room: it is not looked for among what somebody here hears.

    Of a replica the room is not known: its origin chooses.
    """
    return (
        voice.gate.voice.room != other.gate.voice.room
        and voice.gate.voice.room != NULL and other.gate.voice.room != NULL)


cdef int first_place(const InboundStream* voice) noexcept nogil:
    """Among the streams of the first who hears it."""
    cdef const Transport* transport
    cdef int place = 0
    if voice.outbound_count == 0:
        return 0
    transport = <const Transport*>voice.outbound[0].transport
    while place < transport.outbound_count and transport.outbound[place] != voice.outbound[0]:
        place += 1
    return place


cdef OutboundStream* heard_by(
        const Transport* transport, const InboundStream* voice, int* hint) noexcept nogil:
    """Its stream of this voice, in about the same place as the last one's; NULL: it is not there,
    or not to be sent with others.
    """
    cdef OutboundStream* receiver
    cdef int near, place
    for near in range(2 * NEAR + 1):
        place = hint[0] + ((near + 1) // 2 if near & 1 else -(near // 2))
        if not 0 <= place < transport.outbound_count:
            continue
        receiver = transport.outbound[place]
        if receiver.source == voice:
            hint[0] = place
            return receiver if receiver.layering == NULL else NULL
    return NULL


cdef inline bint reachable(const OutboundStream* receiver) noexcept nogil:
    cdef const Transport* transport = <const Transport*>receiver.transport
    return transport.destination != NULL and transport.keyed and not transport.expired


cdef bint switches(
        OutboundStream* receiver, const MediaPacket* packets, int count) noexcept nogil:
    """Let it come here, if a keyframe begins in these packets."""
    cdef int i
    for i in range(count if reachable(receiver) else 0):
        if packets[i].keyframe and receiver.pt_of[packets[i].header.pt] != NO_PT:
            outbound_switch(receiver)
            return True
    return False


cdef int first_packet(
        const OutboundStream* receiver, const MediaPacket* packets, int count) noexcept nogil:
    """Index of the first of these packets that goes to this receiver; `count`: none does."""
    cdef int i
    if not reachable(receiver):
        return count
    if receiver.state == OutboundState.FLOWING:
        return 0
    if receiver.state == OutboundState.PAUSED:
        return count
    for i in range(count):
        if packets[i].keyframe and receiver.pt_of[packets[i].header.pt] != NO_PT:
            return i
    return count


cdef bint may_lose(const OutboundStream* voice, int64_t now_us) noexcept nogil:
    """Nobody knows yet what the way to its receiver loses, or it does lose, as other voices tell.
    So of many that begin at once one says all again: eight would take half a megabit a second.
    """
    cdef const Transport* transport = <const Transport*>voice.transport
    cdef const OutboundStream* other
    cdef bint known = False
    cdef int i
    for i in range(transport.outbound_count):
        other = transport.outbound[i]
        if (other == voice or other.state != OutboundState.FLOWING or other.source == NULL
                or other.source.kind != MediaKind.AUDIO):
            continue
        if other.stats.fraction_lost and now_us < other.redundant_until_us:
            return True
        known = True
    return not known


cdef void begin(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packet) noexcept nogil:
    outbound_start(receiver, packet, worker.now_us)
    if receiver.source.kind == MediaKind.AUDIO and (
            estimate_spills(worker, <Transport*>receiver.transport)
            or not may_lose(receiver, worker.now_us)):
        receiver.redundant_until_us = 0
    if receiver.source.kind == MediaKind.VIDEO and not receiver.told_begun:
        receiver.told_begun = emit_event(worker, EVENT_BEGUN, receiver.handle)


cdef inline void send_part(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int begin,
        int end) noexcept nogil:
    if begin >= end:
        return
    if receiver.layering != NULL:
        send_layers(worker, receiver, packets, begin, end)
    else:
        send_run(worker, receiver, packets, begin, end)


cdef void send_run(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int begin,
        int end) noexcept nogil:
    cdef Transport* transport = <Transport*>receiver.transport
    cdef int i, sent = 0
    lay_message(worker, transport, lay_size(&packets[begin]), end - begin)
    for i in range(begin, end):
        sent += send_packet(worker, transport, receiver, &packets[i])
    lay_end(worker)
    sent_run(worker, receiver, sent)


cdef inline bint send_packet(
        Worker* worker, Transport* transport, OutboundStream* receiver,
        const MediaPacket* packet) noexcept nogil:
    """False: it is none for this receiver."""
    cdef uint8_t pt = receiver.pt_of[packet.header.pt]
    cdef uint16_t redundancy
    cdef uint32_t ts
    cdef int64_t index
    if pt == NO_PT or not rewrite_map(
            &receiver.rewrite, packet.ext_seq, packet.header.ts, worker.now_us, &index, &ts):
        return False
    redundancy = lay_redundancy(receiver, packet, worker.now_us)
    if redundancy:
        pt = receiver.pt_of[packet.red_pt]
    lay_packet(worker, transport, receiver, packet, index, ts, pt, redundancy)
    receiver.stats.bytes += redundancy + packet.payload_size
    return True


cdef inline void sent_run(Worker* worker, OutboundStream* receiver, int sent) noexcept nogil:
    count_sent(worker, receiver, sent)
    worker.counters[MESSAGES_FORWARDED] += sent > 0


cdef inline void count_sent(Worker* worker, OutboundStream* receiver, int sent) noexcept nogil:
    receiver.stats.packets += sent
    receiver.stats.last_packet_us = worker.now_us
    worker.counters[PACKETS_FORWARDED] += sent


cdef void send_layers(
        Worker* worker, OutboundStream* receiver, const MediaPacket* packets, int begin,
        int end) noexcept nogil:
    """As send_run, to a receiver that gets some layers alone, or has switched: what is left of a
    run still has one size but for its last.
    """
    cdef Transport* transport = <Transport*>receiver.transport
    cdef int i, sent = 0
    lay_message(worker, transport, lay_size(&packets[begin]), end - begin)
    for i in range(begin, end):
        if lay_layers(worker, transport, receiver, &packets[i], end - begin == 1):
            receiver.stats.bytes += packets[i].payload_size
            sent += 1
    lay_end(worker)
    sent_run(worker, receiver, sent)
