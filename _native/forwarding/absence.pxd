"""A receiver of whom nothing is heard any more: its link is away, or it is. Its videos rest, so
that no queue is full of them when the link is back, and nobody is asked for keyframes; sound goes
on, and once a second a packet of padding, so that the first answer tells when that is.

Then they go on from a keyframe, in the encoding that they had. Without it a browser would ask for
one two seconds later.
"""

from fastsfu._native.forwarding.state cimport Worker
from fastsfu._native.peer.transport cimport Transport

# Once a second, as long as it lasts.
cdef void absence_lasts(Worker* worker, Transport* transport) noexcept nogil
# Something has come that tells of packets which arrive. The transport has an estimator.
cdef void absence_ends(Worker* worker, Transport* transport) noexcept nogil
