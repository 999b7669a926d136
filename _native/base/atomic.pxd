"""What two threads share without a lock: GCC's atomic built-ins, by type."""

from libc.stdint cimport uint32_t, uint64_t

cdef extern from * nogil:
    """
    #define FASTSFU_ACQUIRE(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
    #define FASTSFU_RELEASE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
    #define FASTSFU_EXCHANGE(p, v) __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL)
    #define FASTSFU_ADD(p, v) __atomic_add_fetch(p, v, __ATOMIC_ACQ_REL)
    #define FASTSFU_REPLACE(p, old, v) \
        __atomic_compare_exchange_n(p, old, v, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
    """
    uint64_t load_acquire "FASTSFU_ACQUIRE"(uint64_t* place)
    void store_release "FASTSFU_RELEASE"(uint64_t* place, uint64_t value)
    uint32_t exchange "FASTSFU_EXCHANGE"(uint32_t* place, uint32_t value)
    void* load_pointer "FASTSFU_ACQUIRE"(void** place)
    void* exchange_pointer "FASTSFU_EXCHANGE"(void** place, void* value)
    # False: it was not `old[0]`, which now is what it was
    bint replace_pointer "FASTSFU_REPLACE"(void** place, void** old, void* value)
    bint replace_word "FASTSFU_REPLACE"(uint64_t* place, uint64_t* old, uint64_t value)
    uint32_t load_u32 "FASTSFU_ACQUIRE"(uint32_t* place)
    void store_u32 "FASTSFU_RELEASE"(uint32_t* place, uint32_t value)
    # What it comes to.
    uint32_t add_u32 "FASTSFU_ADD"(uint32_t* place, uint32_t value)
