"""What is counted of each party; see window.pxd."""

from benchmarks.load.parties cimport STREAMS
from benchmarks.load.sockets cimport drops


cdef void window_open_sender(Sender* sender) noexcept nogil:
    cdef int stream
    for stream in range(STREAMS):
        sender.window_first[stream] = sender.index[stream]
        sender.window_end[stream] = 0xFFFFFFFF


cdef void window_open_receiver(Receiver* receiver) noexcept nogil:
    cdef int stream
    for stream in range(receiver.sender_count * STREAMS):
        receiver.flows[stream].packets = receiver.flows[stream].gaps = 0
    receiver.unauthentic = receiver.wrong = 0
    receiver.drops_before = drops(receiver.control.fd)


cdef list window_close(Sender* sender):
    cdef int stream
    for stream in range(STREAMS):
        sender.window_end[stream] = sender.index[stream]
    return [sender.window_end[stream] - sender.window_first[stream] for stream in range(STREAMS)]


cdef tuple window_row(const Receiver* receiver):
    cdef int flows = receiver.sender_count * STREAMS, i
    packets = [receiver.flows[i].packets for i in range(flows)]
    gaps = sum([receiver.flows[i].gaps for i in range(flows)])
    dropped = drops(receiver.control.fd) - receiver.drops_before if receiver.dropping else 0
    return (
        sum(packets[0::STREAMS]), sum(packets[1::STREAMS]), gaps,
        receiver.unauthentic, receiver.wrong, dropped)


cdef bint window_count(
        Flow* flow, const Sender* sender, const Stamp* stamp, uint32_t seq) noexcept nogil:
    flow.gaps += flow.next_seq <= 0xFFFF and flow.next_seq != seq
    flow.next_seq = (seq + 1) & 0xFFFF
    if sender.window_first[stamp.stream] <= stamp.index < sender.window_end[stamp.stream]:
        flow.packets += 1
        return True
    return False
