"""Loops without the interpreter over the SRTP verbs, and over libsrtp's, for the benchmarks."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastsfu._native.base.wire cimport write_u16, write_u32
from fastsfu._native.crypto.srtp cimport (
    SRTP_OK, ProtectJob, SrtpContext, SrtpProfile, srtp_close, srtp_open, srtp_protect,
    srtp_unprotect)
from fastsfu._native.crypto.suite cimport Suite, SuiteMaker, suite_free, suite_new

ctypedef int (*LibsrtpFunction)(void* session, void* packet, int* size) noexcept nogil

cdef enum:
    HEADER = 12
    STRIDE = 2048


cdef void write_header(uint8_t* packet, uint32_t ssrc, uint64_t index) noexcept nogil:
    write_u32(packet, 0x80600000)
    write_u16(packet + 2, <uint32_t>index & 0xFFFF)
    write_u32(packet + 4, <uint32_t>index * 90)
    write_u32(packet + 8, ssrc)


cdef class Fan:
    """`count` receivers with keys of their own, to each of which a payload is protected; or, for
    unprotect, `count` packets of one sender."""

    cdef Suite* suite
    cdef SrtpContext* contexts
    cdef ProtectJob* jobs
    cdef uint8_t* area
    cdef uint8_t* payload
    cdef uint8_t* out
    cdef int count
    cdef int size
    cdef uint64_t index

    def __cinit__(self, int maker, int profile, int count, int size):
        self.suite = suite_new(<SuiteMaker>maker)
        if self.suite == NULL:
            raise LookupError(maker)
        self.count, self.size, self.index = count, size, 0
        self.contexts = <SrtpContext*>calloc(count, sizeof(SrtpContext))
        self.jobs = <ProtectJob*>calloc(count, sizeof(ProtectJob))
        self.area = <uint8_t*>calloc(count, STRIDE)
        self.payload = <uint8_t*>calloc(2, STRIDE)
        self.out = self.payload + STRIDE
        for i in range(count):
            key = bytes((i * 31 + k * 7) % 256 for k in range(32))
            srtp_open(&self.contexts[i], self.suite, <SrtpProfile>profile, key, key[16:])

    def __dealloc__(self):
        if self.suite == NULL:
            return
        for i in range(self.count):
            srtp_close(&self.contexts[i])
        suite_free(self.suite)
        free(self.contexts)
        free(self.jobs)
        free(self.area)
        free(self.payload)

    def protect(self, int rounds, int batch):
        """`rounds` packets to each receiver, `batch` jobs in a call."""
        cdef int start
        cdef int i
        with nogil:
            for _ in range(rounds):
                self.index += 1
                for i in range(self.count):
                    self.fill(i, &self.contexts[i])
                start = 0
                while start < self.count:
                    srtp_protect(&self.jobs[start], min(batch, self.count - start))
                    start += batch

    cdef void fill(self, int i, SrtpContext* context) noexcept nogil:
        self.jobs[i].context = context
        self.jobs[i].index = self.index
        self.jobs[i].packet = self.area + i * STRIDE
        self.jobs[i].payload = self.payload
        self.jobs[i].header_size = HEADER
        self.jobs[i].payload_size = self.size
        write_header(self.jobs[i].packet, 1000 + i, self.index)

    def make_stream(self):
        """`count` packets of one SSRC under the first key, for unprotect."""
        cdef int i
        for i in range(self.count):
            self.index = i
            self.fill(i, self.contexts)
            write_u32(self.jobs[i].packet + 8, 7)
        srtp_protect(self.jobs, self.count)

    def unprotect(self, int rounds):
        """The whole stream, from its start in each round; returns how many were taken."""
        cdef SrtpContext* context = self.contexts
        cdef size_t size = HEADER + self.size + context.tag_size
        cdef size_t out_size
        cdef int64_t index
        cdef int i
        cdef int good = 0
        with nogil:
            for _ in range(rounds):
                context.rtp_sender_count = 0
                for i in range(self.count):
                    good += srtp_unprotect(
                        context, self.jobs[i].packet, size, HEADER, self.out, &out_size,
                        &index) == SRTP_OK
        return good


def libsrtp_protect(list sessions, uintptr_t function, uint64_t first, int rounds, int size):
    """`function`: address of libsrtp's srtp_protect; `sessions`: addresses, one for each receiver;
    `first`: index of the first packet. It works in place: so the payload is copied first."""
    cdef int count = len(sessions)
    cdef void** addresses = <void**>calloc(count, sizeof(void*))
    cdef uint8_t* payload = <uint8_t*>calloc(1, STRIDE)
    cdef uint8_t* area = <uint8_t*>calloc(count, STRIDE)
    cdef LibsrtpFunction protect = <LibsrtpFunction>function
    cdef int i
    cdef int length
    cdef int turn
    cdef int failed = 0
    for i in range(count):
        addresses[i] = <void*><uintptr_t>sessions[i]
    with nogil:
        for turn in range(rounds):
            for i in range(count):
                write_header(area + i * STRIDE, 1000 + i, first + turn)
                memcpy(area + i * STRIDE + HEADER, payload, size)
                length = HEADER + size
                failed += protect(addresses[i], area + i * STRIDE, &length) != 0
    free(addresses)
    free(payload)
    free(area)
    return failed


def libsrtp_unprotect(uintptr_t session, uintptr_t function, list packets):
    """Unprotects every packet once; they are copied first, because it works in place."""
    cdef int count = len(packets)
    cdef uint8_t* area = <uint8_t*>calloc(count, STRIDE)
    cdef LibsrtpFunction unprotect = <LibsrtpFunction>function
    cdef bytes packet
    cdef int size = len(packets[0])
    cdef int length
    cdef int i
    cdef int good = 0
    for i, packet in enumerate(packets):
        memcpy(area + i * STRIDE, <const char*>packet, size)
    with nogil:
        for i in range(count):
            length = size
            good += unprotect(<void*>session, area + i * STRIDE, &length) == 0
    free(area)
    return good
