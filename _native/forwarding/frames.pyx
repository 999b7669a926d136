"""Frames gathered and cut into runs; see frames.pxd."""

from libc.stdint cimport uint8_t, uint16_t
from libc.string cimport memset

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.base.seats cimport seats_drop, seats_take
from fastsfu._native.forwarding.counters cimport PADDING_BYTES
from fastsfu._native.forwarding.forward cimport fan_out, fan_out_chord
from fastsfu._native.forwarding.lay cimport LAY_OVERHEAD, MAX_PADDING, lay_size
from fastsfu._native.forwarding.link cimport link_frame
from fastsfu._native.forwarding.state cimport SPOKEN_MOST
from fastsfu._native.media.packet cimport Run, carried_alike
from fastsfu._native.media.receivers cimport has_receivers
from fastsfu._native.media.stream cimport FRAME_CAPACITY, MediaKind
from fastsfu._native.net.udp cimport GSO_MAX_BYTES
from fastsfu._native.peer.extensions cimport NAME_BYTES

cdef enum:
    # Of a packet that leaves with others at most: a segment above the MTU of a path is refused, and
    # from then on no message with segments is tried there, of pictures either (net/udp).
    TOGETHER_BYTES = 1200


cdef void frames_put(
        Worker* worker, InboundStream* stream, MediaPacket* packet) noexcept nogil:
    cdef bint late = stream.kind == MediaKind.VIDEO and packet.ext_seq < stream.last_ext_seq
    if not has_receivers(stream):
        buffer_release(packet.buffer)
        return
    if stream.kind == MediaKind.AUDIO and worker.udp.gso:
        speak(worker, stream, packet)
        return
    if stream.kind == MediaKind.AUDIO or late:
        # A recovered packet goes by itself: its frame has left.
        leave(worker, stream, packet, 1)
        return
    if stream.frame_count and (
            stream.frame[0].header.ts != packet.header.ts or stream.frame_count == FRAME_CAPACITY):
        frames_flush(worker, stream)
    if stream.frame_count == 0:
        stream.frame_deadline_us = worker.now_us + worker.hold_us
        seats_take(<void**>worker.gathering, &worker.gathering_count, stream)
    stream.frame[stream.frame_count] = packet[0]
    stream.frame_count += 1
    if packet.header.marker or not worker.udp.gso or worker.hold_us == 0:
        frames_flush(worker, stream)


cdef void speak(Worker* worker, InboundStream* stream, MediaPacket* packet) noexcept nogil:
    """Leave with the other voices of this turn, the largest first."""
    cdef bint large = LAY_OVERHEAD + lay_size(packet) > TOGETHER_BYTES
    cdef int i
    for i in range(worker.spoken_count):
        if worker.spoken[i].stream == stream or worker.spoken_count == SPOKEN_MOST:
            say(worker)
            break
    if large:
        leave(worker, stream, packet, 1)
        return
    i = worker.spoken_count
    worker.spoken_count += 1
    while i > 0 and worker.spoken[i - 1].packet.payload_size < packet.payload_size:
        worker.spoken[i] = worker.spoken[i - 1]
        i -= 1
    worker.spoken[i].stream = stream
    worker.spoken[i].packet = packet[0]


cdef void say(Worker* worker) noexcept nogil:
    cdef int i, count = worker.spoken_count
    cdef Run alone
    worker.spoken_count = 0
    if count == 1:
        leave(worker, worker.spoken[0].stream, &worker.spoken[0].packet, 1)
        return
    alone.begin, alone.end = 0, 1
    for i in range(count):
        if worker.spoken[i].stream.tap_count:
            link_frame(worker, worker.spoken[i].stream, &worker.spoken[i].packet, 1, &alone, 1)
    if count:
        fan_out_chord(worker, worker.spoken, count)


cdef void frames_flush(Worker* worker, InboundStream* stream) noexcept nogil:
    cdef int count = stream.frame_count
    if count == 0:
        return
    say(worker)                   # pictures take longer
    seats_drop(<void**>worker.gathering, &worker.gathering_count, stream)
    stream.frame_count = 0
    leave(worker, stream, stream.frame, count)


cdef void frames_drop(Worker* worker, InboundStream* stream) noexcept nogil:
    cdef int i
    if stream.frame_count:
        seats_drop(<void**>worker.gathering, &worker.gathering_count, stream)
    for i in range(stream.frame_count):
        buffer_release(stream.frame[i].buffer)
    stream.frame_count = 0
    hush(worker, stream)


cdef void hush(Worker* worker, const InboundStream* stream) noexcept nogil:
    """What it has said in this turn is not to leave."""
    cdef int i, kept = 0
    for i in range(worker.spoken_count):
        if worker.spoken[i].stream == stream:
            buffer_release(worker.spoken[i].packet.buffer)
        else:
            worker.spoken[kept] = worker.spoken[i]
            kept += 1
    worker.spoken_count = kept


cdef void frames_due(Worker* worker) noexcept nogil:
    cdef int i
    say(worker)
    i = worker.gathering_count - 1
    while i >= 0:                 # frames_flush moves the last one into the gap
        if worker.gathering[i].frame_deadline_us <= worker.now_us:
            frames_flush(worker, worker.gathering[i])
        i -= 1


cdef void leave(
        Worker* worker, InboundStream* stream, MediaPacket* packets, int count) noexcept nogil:
    cdef Run runs[FRAME_CAPACITY]
    cdef int run_count = equalise(worker, packets, count, runs)
    if stream.tap_count:
        link_frame(worker, stream, packets, count, runs, run_count)
    fan_out(worker, stream, packets, count, runs, run_count)


cdef int equalise(Worker* worker, MediaPacket* packets, int count, Run* runs) noexcept nogil:
    """Cut a frame into runs whose packets are equal after at most MAX_PADDING bytes each; the last
    may be smaller.

    The padding is written behind the shared payload, so a packet has one plaintext, whoever
    receives it and however often.
    """
    cdef int run_count = 0, begin = 0, end, i
    cdef uint16_t top
    while begin < count:
        end = run_end(packets, begin, count, &top)
        for i in range(begin, end - 1):
            pad(worker, &packets[i], top)
        if packets[end - 1].payload_size + MAX_PADDING >= top:
            pad(worker, &packets[end - 1], top)
        runs[run_count].begin = begin
        runs[run_count].end = end
        run_count += 1
        begin = end
    return run_count


cdef int run_end(const MediaPacket* packets, int begin, int count, uint16_t* top) noexcept nogil:
    """Where the run that begins here ends, and the payload size of its packets after padding."""
    cdef uint16_t size, low = packets[begin].payload_size, high = packets[begin].payload_size
    cdef int end = begin + 1
    while end < count:
        size = packets[end].payload_size
        if not carried_alike(&packets[end].carried, &packets[begin].carried) or (
                (end + 1 - begin) * (
                    LAY_OVERHEAD + NAME_BYTES + packets[begin].carried.bytes + max(high, size))
                > GSO_MAX_BYTES):
            break
        if max(high, size) - min(low, size) <= MAX_PADDING:
            low = min(low, size)
            high = max(high, size)
            end += 1
            continue
        if size < low:
            end += 1              # a smaller one may end the message
        break
    top[0] = high
    return end


cdef inline void pad(Worker* worker, MediaPacket* packet, uint16_t top) noexcept nogil:
    cdef uint8_t* tail = packet.buffer.data + packet.header.header_size + packet.payload_size
    packet.padding = <uint8_t>(top - packet.payload_size)
    if packet.padding:
        memset(tail, 0, packet.padding)
        tail[packet.padding - 1] = packet.padding     # RFC 3550 section 5.1
        worker.counters[PADDING_BYTES] += packet.padding
