"""See register.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from fastsfu._native.base.table cimport TABLE_NONE, table_get, table_put, table_remove
from fastsfu._native.base.wire cimport read_u64
from fastsfu._native.peer.allocation cimport allocation_mix
from fastsfu._native.peer.ice cimport address_equal
from fastsfu._native.peer.turn cimport TurnUser

cdef enum:
    QUOTA_REACHED = 486
    INSUFFICIENT_CAPACITY = 508


cdef uint16_t register_add(
        TurnServer* server, const Address* source, uint8_t listener, const TurnMessage* message,
        Allocation** added) noexcept nogil:
    cdef Allocation* allocation
    cdef uint32_t index = free_index(server)
    cdef int64_t user = user_of(server, message)
    if index == server.max_allocations or user < 0:
        return INSUFFICIENT_CAPACITY
    if server.users[user].allocations >= server.max_user_allocations:
        return QUOTA_REACHED
    allocation = <Allocation*>calloc(1, sizeof(Allocation))
    if allocation == NULL:
        return INSUFFICIENT_CAPACITY
    allocation.index = index
    allocation.key = register_client_key(server, source, listener)
    allocation.client = source[0]
    allocation.listener = listener
    allocation.user = <uint32_t>user
    memcpy(allocation.username, message.username, message.username_size)
    allocation.username_size = message.username_size
    memcpy(allocation.transaction_id, message.transaction_id, 12)
    if table_put(&server.by_client, allocation.key, index) < 0 or table_put(
            &server.by_user, server.users[user].key, <uint32_t>user) < 0:
        table_remove(&server.by_client, allocation.key)
        free(allocation)
        return INSUFFICIENT_CAPACITY
    server.users[user].allocations += 1
    server.allocations[index] = allocation
    server.allocation_count += 1
    server.allocation_top = max(server.allocation_top, index + 1)
    added[0] = allocation
    return 0


cdef void register_relayed(TurnServer* server, const Allocation* allocation) noexcept nogil:
    """Of two addresses with this port only one is found here; the kernel finds the other. So it
    does when there is no memory.
    """
    cdef uint64_t key = relayed_key(&allocation.relayed)
    if table_get(&server.by_relayed, key) == TABLE_NONE:
        table_put(&server.by_relayed, key, allocation.index)


cdef void register_remove(TurnServer* server, Allocation* allocation) noexcept nogil:
    cdef TurnUser* user = &server.users[allocation.user]
    user.allocations -= 1
    if user.allocations == 0:
        table_remove(&server.by_user, user.key)
    table_remove(&server.by_client, allocation.key)
    if table_get(&server.by_relayed, relayed_key(&allocation.relayed)) == allocation.index:
        table_remove(&server.by_relayed, relayed_key(&allocation.relayed))
    server.allocations[allocation.index] = NULL
    server.allocation_count -= 1
    free(allocation)


cdef Allocation* register_find(
        TurnServer* server, const Address* client, uint8_t listener) noexcept nogil:
    cdef uint32_t index = table_get(
        &server.by_client, register_client_key(server, client, listener))
    cdef Allocation* allocation
    if index == TABLE_NONE:
        return NULL
    allocation = server.allocations[index]
    return allocation if address_equal(&allocation.client, client) else NULL


cdef Allocation* register_find_relayed(TurnServer* server, const Address* address) noexcept nogil:
    cdef uint32_t index = table_get(&server.by_relayed, relayed_key(address))
    if index == TABLE_NONE or not address_equal(&server.allocations[index].relayed, address):
        return NULL
    return server.allocations[index]


cdef uint32_t free_index(const TurnServer* server) noexcept nogil:
    """max_allocations: there is none."""
    cdef uint32_t i
    if server.allocation_count == server.allocation_top:
        return server.allocation_top
    for i in range(server.allocation_top):
        if server.allocations[i] == NULL:
            return i
    return server.max_allocations


cdef int64_t user_of(TurnServer* server, const TurnMessage* message) noexcept nogil:
    """The place of the user in `users`, a free one for a new one; -1: there is none."""
    cdef uint64_t key = user_key(server, message)
    cdef uint32_t found = table_get(&server.by_user, key)
    cdef uint32_t i
    if found != TABLE_NONE:
        return found
    for i in range(server.max_allocations):
        if server.users[i].allocations == 0:
            memset(&server.users[i], 0, sizeof(TurnUser))
            server.users[i].key = key
            return i
    return -1


cdef uint64_t user_key(const TurnServer* server, const TurnMessage* message) noexcept nogil:
    """Of what stands behind the expiry: new credentials of a session are no new user."""
    cdef uint64_t key = server.seed[1]
    cdef int i = 0
    while i < message.username_size and message.username[i] != c":":
        i += 1
    while i < message.username_size:
        key = allocation_mix(key ^ message.username[i])
        i += 1
    return key


cdef uint64_t register_client_key(
        const TurnServer* server, const Address* client, uint8_t listener) noexcept nogil:
    """A keyed hash: register_find compares the address itself."""
    cdef uint64_t key = allocation_mix(server.seed[0] ^ read_u64(client.ip))
    key = allocation_mix(key ^ read_u64(client.ip + 8))
    return allocation_mix(
        key ^ (<uint64_t>client.port << 16 | <uint64_t>client.family << 8 | listener))


cdef inline uint64_t relayed_key(const Address* address) noexcept nogil:
    return <uint64_t>address.family << 16 | address.port
