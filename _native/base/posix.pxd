"""What the native code asks of Linux and the C library beyond what Cython declares: locked
mappings, eventfd, random seeds, wiping."""


cdef extern from "<sys/mman.h>" nogil:
    void* mmap(void* address, size_t size, int protection, int flags, int fd, long offset)
    int munmap(void* address, size_t size)
    int mlock(const void* address, size_t size)
    int madvise(void* address, size_t size, int advice)
    void* MAP_FAILED
    enum:
        PROT_READ
        PROT_WRITE
        MAP_PRIVATE
        MAP_ANONYMOUS
        MADV_DONTDUMP

cdef extern from "<sys/eventfd.h>" nogil:
    int eventfd(unsigned int value, int flags)
    enum:
        EFD_NONBLOCK
        EFD_CLOEXEC

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
