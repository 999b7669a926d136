"""The nogil loop: wait, receive a batch, forward it, send; between batches commands, and what is
due by the clock.

It reads the clock (CLOCK_MONOTONIC) once a batch and is the only place, with net/udp, that makes
system calls.
"""

from libc.stdint cimport int64_t, uint32_t

from fastsfu._native.crypto.suite cimport SuiteMaker
from fastsfu._native.forwarding.state cimport Worker

cdef struct WorkerOptions:
    uint32_t index                # among the workers of the process, below MAX_WORKERS
    uint32_t max_transports
    uint32_t max_streams
    uint32_t max_buffers
    int64_t hold_us               # longest wait for the rest of a video frame
    int64_t batch_us              # most that datagrams gather for (worker/batching)
    int64_t busy_poll_us          # ask for datagrams so long before sleeping; 0 = sleep at once
    bint real_time                # go before all else on its core (worker/precedence)

# All but the socket (net/udp) is made here. 0, or -errno; -ENOSYS: the SRTP primitives asked for
# are not to be had.
cdef int worker_init(
    Worker* worker, SuiteMaker maker, const WorkerOptions* options) noexcept nogil
cdef void worker_run(Worker* worker) noexcept nogil           # until COMMAND_STOP
# What other workers have put on links until now.
cdef void worker_read_links(Worker* worker) noexcept nogil
# What follows a batch: what is due at worker.now_us, then everything laid out leaves. No system
# call but the send.
cdef void worker_step(Worker* worker) noexcept nogil
# When it does not run any more: let go of everything, what other workers have lent too. Those that
# are linked all do this before the first of them is freed.
cdef void worker_disband(Worker* worker) noexcept nogil
cdef void worker_free(Worker* worker) noexcept nogil
