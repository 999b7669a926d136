"""Who may have allocations, and who has which: by client, by user and by relayed address.

Users are told apart by what stands behind the expiry in their name, so that new credentials of a
session are no new user.
"""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from fastsfu._native.base.address cimport Address
from fastsfu._native.packet.turn cimport TurnMessage
from fastsfu._native.turn.allocation cimport Allocation
from fastsfu._native.turn.server cimport TurnServer

# Let a user in, if he is not, by his name without the expiry. Dropped when max_users are.
cdef void register_admit(TurnServer* server, const uint8_t* name, size_t size) noexcept nogil
# A user who has been let in, by that name or that of a request: index into `users`, or -1.
cdef int64_t register_named(
    const TurnServer* server, const uint8_t* name, size_t size) noexcept nogil
cdef int64_t register_user(const TurnServer* server, const TurnMessage* message) noexcept nogil
# He, whose allocations are gone, is let in no more.
cdef void register_revoke(TurnServer* server, uint32_t user) noexcept nogil
# A new one for the client at `source`; 0, or the error code: 486 beyond the user's quota, 508.
cdef uint16_t register_add(
    TurnServer* server, const Address* source, uint8_t listener, const TurnMessage* message,
    Allocation** added) noexcept nogil
# Its relayed address is known now.
cdef void register_relayed(TurnServer* server, const Allocation* allocation) noexcept nogil
# Frees it.
cdef void register_remove(TurnServer* server, Allocation* allocation) noexcept nogil
# The allocation of a client, or that with this relayed address; or NULL.
cdef Allocation* register_find(
    TurnServer* server, const Address* client, uint8_t listener) noexcept nogil
cdef Allocation* register_find_relayed(
    TurnServer* server, const Address* address) noexcept nogil
# A keyed hash of a client's 5-tuple.
cdef uint64_t register_client_key(
    const TurnServer* server, const Address* client, uint8_t listener) noexcept nogil
