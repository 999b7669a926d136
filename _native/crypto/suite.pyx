"""Choosing the maker, and the life of keys."""

from fastsfu._native.base.posix cimport explicit_bzero, map_secret, munmap
from fastsfu._native.crypto.arena cimport arena_free, arena_give, arena_init, arena_take
from fastsfu._native.crypto.maker_ipsec_mb cimport ipsec_mb_fill
from fastsfu._native.crypto.maker_openssl cimport openssl_fill


cdef Suite* suite_new(SuiteMaker maker) noexcept nogil:
    cdef bint locked = False
    cdef Suite* suite = <Suite*>map_secret(sizeof(Suite), &locked)
    cdef bint filled = False
    if suite == NULL:
        return NULL
    arena_init(&suite.arena)
    suite.arena.locked = locked
    if maker != MAKER_OPENSSL:
        filled = ipsec_mb_fill(suite)
    if not filled and maker != MAKER_IPSEC_MB:
        filled = openssl_fill(suite)
    if not filled:
        suite_free(suite)
        return NULL
    return suite


cdef void suite_free(Suite* suite) noexcept nogil:
    if suite == NULL:
        return
    if suite.close != NULL:
        suite.close(suite)
    arena_free(&suite.arena)
    explicit_bzero(suite, sizeof(Suite))
    munmap(suite, sizeof(Suite))


cdef const char* suite_name(const Suite* suite) noexcept nogil:
    return suite.name


cdef GcmKey* suite_gcm_key(Suite* suite, bint wide, const uint8_t* key) noexcept nogil:
    cdef GcmKey* made = <GcmKey*>arena_take(&suite.arena)
    if made != NULL and not suite.gcm_key_init(suite, made, wide, key):
        suite_gcm_key_free(suite, made)
        return NULL
    return made


cdef CmKey* suite_cm_key(
        Suite* suite, const uint8_t* key, const uint8_t* auth_key) noexcept nogil:
    cdef CmKey* made = <CmKey*>arena_take(&suite.arena)
    if made != NULL and not suite.cm_key_init(suite, made, key, auth_key):
        suite_cm_key_free(suite, made)
        return NULL
    return made


cdef void suite_gcm_key_free(Suite* suite, GcmKey* key) noexcept nogil:
    if key != NULL and suite.gcm_key_clear != NULL:
        suite.gcm_key_clear(key)
    arena_give(&suite.arena, key)


cdef void suite_cm_key_free(Suite* suite, CmKey* key) noexcept nogil:
    if key != NULL and suite.cm_key_clear != NULL:
        suite.cm_key_clear(key)
    arena_give(&suite.arena, key)
