"""The options of a relay, checked and laid into a Relay; before its worker runs."""

from fastsfu._native.engine.relay cimport Relay
from fastsfu._native.peer.ice cimport Address

# Sets all that relay_init expects to be set. Raises ValueError.
cdef int request_relay(Relay* relay, object options) except -1
cdef int request_address(Address* out, str text, int port) except -1
