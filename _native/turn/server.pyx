"""Life of a TURN server; see server.pxd."""

from libc.errno cimport EIO, ENOMEM
from libc.stdlib cimport calloc, free

from fastsfu._native.base.posix cimport explicit_bzero, getrandom
from fastsfu._native.base.table cimport table_free, table_init


cdef int turn_init(TurnServer* server) noexcept nogil:
    cdef int error
    server.allocations = <Allocation**>calloc(server.max_allocations, sizeof(Allocation*))
    server.users = <TurnUser*>calloc(server.max_users, sizeof(TurnUser))
    if server.allocations == NULL or server.users == NULL:
        return -ENOMEM
    if (getrandom(server.seed, sizeof(server.seed), 0) < 0
            or getrandom(server.secret.nonce_key, sizeof(server.secret.nonce_key), 0) < 0):
        return -EIO
    error = table_init(&server.by_client, 64)
    error = error or table_init(&server.by_user, 64)
    return error or table_init(&server.by_relayed, 64)


cdef void turn_free(TurnServer* server) noexcept nogil:
    table_free(&server.by_client)
    table_free(&server.by_user)
    table_free(&server.by_relayed)
    free(server.allocations)
    free(server.users)
    explicit_bzero(server, sizeof(TurnServer))
