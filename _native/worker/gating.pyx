"""See gating.pxd."""

from libc.stdint cimport uint8_t

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.forwarding.counters cimport PACKETS_SILENCED
from fastsfu._native.forwarding.frames cimport frames_drop, frames_put
from fastsfu._native.forwarding.state cimport emit_level
from fastsfu._native.media.gate cimport BARE, gate_forget, gate_hold, gate_open, gate_pass
from fastsfu._native.media.keyframe cimport want_keyframe
from fastsfu._native.media.levels cimport level_silence
from fastsfu._native.media.receivers cimport inbound_break
from fastsfu._native.media.stream cimport MediaKind
from fastsfu._native.media.voices cimport voice_passes, voice_rest


cdef bint gating_passes(
        Worker* worker, InboundStream* stream, MediaPacket* packet) noexcept nogil:
    if stream.gate.voice.room != NULL and not voice_passes(
            &stream.gate.voice, packet.level, stream.level.smoothed, worker.now_us):
        worker.counters[PACKETS_SILENCED] += 1
        gate_hold(&stream.gate, packet)
        return False
    if stream.gate.shut:
        open_gate(worker, stream, packet)
    if stream.gate.bare:
        stream.gate.bare -= 1
        packet.redundancy = 0
    if gate_pass(&stream.gate, packet):
        return True
    buffer_release(packet.buffer)
    return False


cdef void open_gate(
        Worker* worker, InboundStream* stream, const MediaPacket* packet) noexcept nogil:
    """What came just before it leaves first: the beginning of the word."""
    cdef MediaPacket held
    cdef int i
    gate_open(&stream.gate, packet)
    for i in range(stream.gate.held_count):
        held = stream.gate.held[i]
        gate_pass(&stream.gate, &held)
        worker.counters[PACKETS_SILENCED] -= 1
        frames_put(worker, stream, &held)
    stream.gate.held_count = 0


cdef void gating_hush(Worker* worker, InboundStream* stream) noexcept nogil:
    cdef uint8_t spoke = stream.level.reported, silent
    if level_silence(&stream.level, &silent) and not emit_level(worker, stream.handle, silent):
        stream.level.reported = spoke     # no room for it: the next look tries again


cdef void gating_end(Worker* worker, MediaPacket* packet) noexcept nogil:
    worker.counters[PACKETS_SILENCED] += 1
    buffer_release(packet.buffer)


cdef void gating_pause(Worker* worker, InboundStream* stream, bint paused) noexcept nogil:
    if paused == stream.gate.paused:
        return
    stream.gate.paused = paused
    if paused:
        frames_drop(worker, stream)
    if stream.kind == MediaKind.AUDIO:
        gating_hush(worker, stream)
        voice_rest(&stream.gate.voice)
        gate_forget(&stream.gate)
        stream.gate.shut = True
        stream.gate.bare = BARE
        return
    if paused:
        inbound_break(stream)
        break_taps(stream)
    want_keyframe(stream)
    worker.next_tick_us = worker.now_us


cdef void break_taps(InboundStream* stream) noexcept nogil:
    cdef int i
    for i in range(stream.tap_count):
        stream.taps[i].broken = True
