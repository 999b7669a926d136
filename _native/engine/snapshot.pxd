"""Counters as Python sees them: one numpy row for each live stream and transport, one dict for the
worker.
"""

from libc.stdint cimport uint64_t

from fastsfu._native.forwarding.state cimport Worker

cdef object read_rows(Worker* worker)          # structured array, dtype ROW
cdef object read_ended(Worker* worker)         # the same, four rows: sums of what has ended
# Payload bytes of a stream, in or out; 0 when it does not live (any more).
cdef uint64_t read_bytes(const Worker* worker, uint64_t handle) noexcept
cdef dict read_counters(Worker* worker)
