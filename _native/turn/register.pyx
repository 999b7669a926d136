"""See register.pxd."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from fastsfu._native.base.address cimport address_equal
from fastsfu._native.base.table cimport TABLE_NONE, table_get, table_put, table_remove
from fastsfu._native.base.wire cimport read_u64
from fastsfu._native.turn.allocation cimport allocation_mix
from fastsfu._native.turn.server cimport TurnUser

cdef enum:
    QUOTA_REACHED = 486
    INSUFFICIENT_CAPACITY = 508


cdef uint16_t register_add(
        TurnServer* server, const Address* source, uint8_t listener, const TurnMessage* message,
        Allocation** added) noexcept nogil:
    cdef Allocation* allocation
    cdef uint32_t index = free_index(server)
    cdef int64_t user = register_user(server, message)
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
    if table_put(&server.by_client, allocation.key, index) < 0:
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
    server.users[allocation.user].allocations -= 1
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


cdef void register_admit(TurnServer* server, const uint8_t* name, size_t size) noexcept nogil:
    cdef uint32_t user = server.free_user
    cdef uint32_t following = server.users[user].next_free if user < server.user_top else user + 1
    if register_named(server, name, size) >= 0 or user == server.max_users:
        return
    if table_put(&server.by_user, user_key(server, name, size), user) < 0:
        return
    memset(&server.users[user], 0, sizeof(TurnUser))
    server.users[user].key = user_key(server, name, size)
    server.user_top = max(server.user_top, user + 1)
    server.free_user = following


cdef void register_revoke(TurnServer* server, uint32_t user) noexcept nogil:
    table_remove(&server.by_user, server.users[user].key)
    server.users[user].next_free = server.free_user
    server.free_user = user


cdef int64_t register_user(const TurnServer* server, const TurnMessage* message) noexcept nogil:
    cdef size_t start = 0
    while start < message.username_size and message.username[start] != c":":
        start += 1
    start = min(start + 1, <size_t>message.username_size)
    return register_named(server, message.username + start, message.username_size - start)


cdef int64_t register_named(
        const TurnServer* server, const uint8_t* name, size_t size) noexcept nogil:
    cdef uint32_t found = table_get(&server.by_user, user_key(server, name, size))
    return -1 if found == TABLE_NONE else <int64_t>found


cdef uint64_t user_key(
        const TurnServer* server, const uint8_t* name, size_t size) noexcept nogil:
    cdef uint64_t key = server.seed[1]
    cdef size_t i
    for i in range(size):
        key = allocation_mix(key ^ name[i])
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
