"""The window in which the load counts: when it begins, when it ends, what a receiver got in it."""

from libc.stdint cimport uint32_t

from benchmarks.load.parties cimport Flow, Receiver, Sender, Stamp

cdef void window_open_sender(Sender* sender) noexcept nogil
cdef void window_open_receiver(Receiver* receiver) noexcept nogil
# No packet counts that is sent from now on. Packets sent in it: [audio, video].
cdef list window_close(Sender* sender)
# audio, video, gaps, unauthentic, wrong, dropped (by the kernel on our word, not looked into)
cdef tuple window_row(const Receiver* receiver)
# A packet of `flow` with this RTP sequence number; False: it was not sent in the window.
cdef bint window_count(
    Flow* flow, const Sender* sender, const Stamp* stamp, uint32_t seq) noexcept nogil
