"""Who of a receiver's sources gets how much of what fits to it: sound first, always; then its
videos (bwe/allocate), each in the largest encoding that fits beside the others and within its wish
(forwarding/preference). A video that does not fit even in the smallest one is suspended, and the
event loop is told so, rather than let all of them freeze at random.

    down    at once where three fifths of what flows would not fit; as soon as the smaller one can
            begin where all of it does not and the queue overflows, which costs words too, or has
            stood for three seconds, or three quarters have not fitted as long: one false alarm,
            which takes 0.15 of the estimate, changes nothing, and a link that is too narrow by 7 %
            does
    up      when 15 % more fits, or 75 kbit/s more where that is less, which probes find out. After
            a step down a second passes; where the step up before it had lasted less than twenty
            seconds, twice as long as the last time
    none    who would have nothing gets the lowest step, at the expense of others of no higher
            priority that have more (videos); within that second only on a part of what fits
    sound   what comes back has to fit beside the sound as it was at most in the last minute: with
            its redundancy, which a full link brings back. And while all is suspended the estimate
            is raised by probes alone: sound shows nothing of what fits
    free    as long as the link was never full, the estimate says only what was needed: then all
            flows as it is wished, and there are no probes
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.media.stream cimport OutboundStream
from fastsfu._native.peer.transport cimport Transport

# A new receiver of that transport, without a seat: on a link that has been full it begins with the
# smallest encoding.
cdef void allocation_begin(
    const Worker* worker, const Transport* transport, OutboundStream* receiver) noexcept nogil
# After a new estimate; at most each ALLOCATION_APART_US, at once when the estimate fell by a tenth.
cdef void allocation_run(Worker* worker, Transport* transport) noexcept nogil
