"""See sockets.pxd."""

from libc.stdint cimport uint32_t

from fastsfu._native.base.net cimport epoll_event, epoll_wait
from fastsfu._native.turn.relay cimport RELAY_EXTRA, relay_receive, relay_receive_extra

cdef enum:
    EVENTS = 64                   # taken at once; the others wait for the next batch


cdef void sockets_receive(Worker* worker) noexcept nogil:
    cdef epoll_event events[EVENTS]
    cdef int i
    for i in range(epoll_wait(worker.epoll, events, EVENTS, 0)):
        if events[i].data.u64 == RELAY_EXTRA:
            relay_receive_extra(worker.relay, worker.now_us)
        else:
            relay_receive(worker.relay, <uint32_t>events[i].data.u64, worker.now_us)
