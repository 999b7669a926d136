"""Counters, copied out; see snapshot.pxd. Numbers and handles only: no payload, no key (promise
P5).
"""

import numpy

from cpython.bytearray cimport PyByteArray_AS_STRING
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from fastsfu._native.forwarding.counters cimport COUNTERS
from fastsfu._native.forwarding.state cimport Worker, handle_index
from fastsfu._native.media.stats cimport StreamStats
from fastsfu._native.turn.server cimport TURN_COUNTERS

# StreamStats, field by field (media/stats.pxd).
ROW = numpy.dtype([
    ("handle", "u8"), ("transport", "u8"), ("source", "u8"), ("packets", "u8"), ("bytes", "u8"),
    ("retransmitted", "u8"), ("discarded", "u8"), ("replayed", "u8"), ("unauthentic", "u8"),
    ("keyframes", "u8"), ("nack_count", "u8"), ("pli_count", "u8"), ("lost", "i8"),
    ("last_packet_us", "i8"), ("last_keyframe_us", "i8"), ("estimate_bps", "u8"),
    ("ssrc", "u4"), ("rtt_us", "u4"),
    ("jitter_us", "u4"), ("row", "u1"), ("kind", "u1"), ("fraction_lost", "u1"), ("state", "u1"),
    ("worker", "u2"), ("height", "u2"), ("fits", "u1"), ("fits_temporal", "u1"), ("layer", "u1"),
    ("scanty", "u1"),
])

# In the order of Counter (forwarding/counters.pxd).
COUNTER_NAMES = (
    "drop_unknown_kind", "drop_unknown_source", "drop_stun_malformed", "drop_stun_stranger",
    "drop_dtls_flood", "drop_no_keys", "drop_rtp_malformed", "drop_rtp_too_large",
    "drop_rtp_unknown_ssrc", "drop_rtp_unknown_pt", "drop_srtp_replayed", "drop_srtp_unauthentic",
    "drop_rtcp_malformed", "drop_srtcp", "drop_duplicate", "drop_no_buffer", "drop_stale_command",
    "drop_no_memory", "drop_event", "packets_forwarded", "messages_forwarded", "padding_bytes",
    "link_packets", "packets_paced", "probe_bytes", "link_dropped", "packets_silenced",
)
# In the order of TurnCounter (turn/server.pxd).
RELAY_COUNTER_NAMES = (
    "turn_requests", "turn_requests_refused", "turn_requests_unauthorized",
    "turn_requests_throttled", "turn_allocations_created", "turn_packets_sent", "turn_bytes_sent",
    "turn_packets_received", "turn_bytes_received", "drop_turn_no_allocation",
    "drop_turn_no_permission", "drop_turn_over_bandwidth", "drop_turn_too_large",
)
if len(RELAY_COUNTER_NAMES) != TURN_COUNTERS:
    raise ImportError("the names do not match turn/server.pxd")
if ROW.itemsize != sizeof(StreamStats) or len(COUNTER_NAMES) != COUNTERS:
    raise ImportError("the names do not match media/stats.pxd and forwarding/counters.pxd")


cdef object read_rows(Worker* worker):
    streams = live_rows(worker.stream_stats, worker.stream_top)
    transports = live_rows(worker.transport_stats, worker.transport_top)
    return numpy.concatenate([streams, transports])


cdef object live_rows(const StreamStats* rows, uint32_t top):
    """A copy of the rows in use: the worker writes on meanwhile."""
    cdef uint32_t i, count = 0
    cdef bytearray copy = bytearray(top * sizeof(StreamStats))
    cdef StreamStats* out = <StreamStats*>PyByteArray_AS_STRING(copy)
    for i in range(top):
        if rows[i].handle != 0:
            memcpy(&out[count], &rows[i], sizeof(StreamStats))
            count += 1
    return numpy.frombuffer(copy, ROW, count)


cdef object read_ended(Worker* worker):
    copy = bytearray(sizeof(worker.ended))
    memcpy(PyByteArray_AS_STRING(copy), &worker.ended[0][0], sizeof(worker.ended))
    rows = numpy.frombuffer(copy, ROW)
    rows["row"] = [0, 0, 1, 1]
    rows["kind"] = [0, 1, 0, 1]
    return rows


cdef uint64_t read_bytes(const Worker* worker, uint64_t handle) noexcept:
    cdef uint32_t index = handle_index(handle)
    if index >= worker.stream_top or worker.stream_stats[index].handle != handle:
        return 0
    return worker.stream_stats[index].bytes


cdef dict read_counters(Worker* worker):
    cdef uint32_t i
    counters = {name: worker.counters[i] for i, name in enumerate(COUNTER_NAMES)}
    counters.update(
        transports=worker.transport_count,
        replicas=worker.replica_count,
        busy_us=worker.busy_us,
        messages_sent=worker.udp.messages_sent,
        datagrams_sent=worker.udp.datagrams_sent,
        datagrams_received=worker.udp.datagrams_received,
        batches_received=worker.udp.batches_received,
        gso_refused=worker.udp.gso_refused,
        send_errors=worker.udp.send_errors,
        buffers_used=worker.pool.used,
        buffers_lent=worker.pool.lent,
        buffers_high_water=worker.pool.high_water,
        buffers_capacity=worker.pool.capacity,
        buffers_exhausted=worker.pool.exhausted,
        buffers_locked=worker.pool.locked,
        commands_refused=worker.commands.dropped,
        events_refused=worker.events.dropped,
    )
    if worker.relay != NULL:
        counters.update({
            name: worker.relay.server.counters[i] for i, name in enumerate(RELAY_COUNTER_NAMES)})
        counters["turn_allocations"] = worker.relay.server.allocation_count
    return counters
