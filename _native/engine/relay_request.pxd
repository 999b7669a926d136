"""The options of a relay, checked and laid into a Relay; before its worker runs."""

from fastsfu._native.base.address cimport Address
from fastsfu._native.turn.relay cimport Relay

# Sets all that relay_init expects to be set. Raises ValueError.
cdef int request_relay(Relay* relay, object options) except -1
cdef int request_address(Address* out, str text, int port) except -1
