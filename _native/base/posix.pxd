"""What the native code asks of Linux and the C library beyond what Cython declares: locked
mappings, eventfd, random seeds, wiping."""

from libc.stdint cimport uint64_t


cdef extern from "<sys/mman.h>" nogil:
    void* mmap(void* address, size_t size, int protection, int flags, int fd, long offset)
    int munmap(void* address, size_t size)
    int mlock(const void* address, size_t size)
    int mlock2(const void* address, size_t size, unsigned int flags)
    int madvise(void* address, size_t size, int advice)
    void* MAP_FAILED
    enum:
        PROT_READ
        PROT_WRITE
        MAP_PRIVATE
        MAP_ANONYMOUS
        MADV_DONTDUMP
        MLOCK_ONFAULT

cdef extern from "<sys/eventfd.h>" nogil:
    int eventfd(unsigned int value, int flags)
    enum:
        EFD_NONBLOCK
        EFD_CLOEXEC

cdef extern from "<sys/prctl.h>" nogil:
    int prctl(int option, ...)
    enum:
        PR_SET_NAME               # of the calling thread, 15 bytes

cdef extern from * nogil:
    """
    #include <sched.h>
    #include <stdint.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    /* sched_setattr(2) has no wrapper in glibc before 2.41. */
    struct fastsfu_sched_attr {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    };
    static inline int fastsfu_ask_for_slice(uint64_t ns) {
        struct fastsfu_sched_attr attr = {0};
        if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0) return -1;
        if (attr.policy != SCHED_OTHER) return -1;
        attr.runtime = ns;
        return (int)syscall(SYS_sched_setattr, 0, &attr, 0);
    }
    static inline int fastsfu_set_real_time(int wanted) {
        struct sched_param parameter = {0};
        if (sched_getscheduler(0) != (wanted ? SCHED_OTHER : SCHED_RR)) return -1;
        if (wanted) parameter.sched_priority = sched_get_priority_min(SCHED_RR);
        return sched_setscheduler(0, wanted ? SCHED_RR : SCHED_OTHER, &parameter);
    }
    """
    # The calling thread is content to run for so long at a time, which lets it run sooner when it
    # wakes (EEVDF, Linux 6.12; older kernels take no notice). 0, or -1: not to be had.
    int ask_for_slice "fastsfu_ask_for_slice"(uint64_t ns)
    # The calling thread goes before all that is not in real time (SCHED_RR, the lowest priority),
    # or is like all others again. 0, or -1: it may not (RLIMIT_RTPRIO, CAP_SYS_NICE), or somebody
    # has put it into another class.
    int set_real_time "fastsfu_set_real_time"(bint wanted)

cdef extern from "<sys/random.h>" nogil:
    ssize_t getrandom(void* out, size_t size, unsigned int flags)

cdef extern from "<unistd.h>" nogil:
    ssize_t read(int fd, void* out, size_t size)
    ssize_t write(int fd, const void* data, size_t size)
    int close(int fd)

cdef extern from "<string.h>" nogil:
    void explicit_bzero(void* memory, size_t size)   # a wipe that no compiler may leave out


# Private zeroed memory that core dumps leave out, locked in RAM where RLIMIT_MEMLOCK allows it
# (`*locked` says). NULL: errno says why. Give it back with munmap.
cdef inline void* map_secret(size_t size, bint* locked) noexcept nogil:
    cdef void* memory = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    if memory == MAP_FAILED:
        return NULL
    madvise(memory, size, MADV_DONTDUMP)
    locked[0] = mlock(memory, size) == 0
    return memory


cdef enum:
    HEAP_WINDOW = 64 << 20    # glibc's HEAP_MAX_SIZE: the aligned home of a thread's heap


# Treat like that, as far as it can be, the heap that malloc took `memory` from: for secrets that a
# library keeps in memory of its own. Pages are locked as they come into use.
cdef inline void keep_heap_of(const void* memory) noexcept nogil:
    cdef void* window = <void*>(<size_t>memory & ~(<size_t>HEAP_WINDOW - 1))
    madvise(window, HEAP_WINDOW, MADV_DONTDUMP)
    mlock2(window, HEAP_WINDOW, MLOCK_ONFAULT)
