"""Counters as Python sees them: one numpy row for each live stream and transport, one dict for the
worker.
"""

from fastsfu._native.forwarding.state cimport Worker

cdef object read_rows(Worker* worker)          # structured array, dtype ROW
cdef object read_ended(Worker* worker)         # the same, four rows: sums of what has ended
cdef dict read_counters(Worker* worker)
