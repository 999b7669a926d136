"""SrtpContext for the tests: bytes in, bytes out."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from fastsfu._native.crypto.arena cimport KeyCell, KeySlab
from fastsfu._native.crypto.kdf cimport KdfLabel, MasterKey, kdf_derive
from fastsfu._native.crypto.srtcp cimport srtcp_protect, srtcp_unprotect
from fastsfu._native.crypto.srtp cimport (
    SRTCP_MAX_OVERHEAD, SRTP_OK, ProtectJob, SrtpContext, SrtpProfile, SrtpResult, srtp_close,
    srtp_open, srtp_protect, srtp_unprotect)
from fastsfu._native.crypto.suite cimport (
    CM_BATCH, KEY_CELL, CmJob, Suite, SuiteMaker, suite_cm_key, suite_cm_key_free, suite_free,
    suite_gcm_key, suite_gcm_key_free, suite_name, suite_new)

RESULTS = ("ok", "malformed", "replayed", "old", "unauthentic", "exhausted")


class Refused(Exception):
    """What srtp_unprotect said, by name."""


def check_wiped(bytes out):
    if any(out):
        raise RuntimeError("a refused packet left something behind")


cdef class CryptoSuite:
    cdef Suite* suite

    def __cinit__(self, maker=0):
        self.suite = suite_new(<SuiteMaker>maker)
        if self.suite == NULL:
            raise LookupError(maker)

    def __dealloc__(self):
        suite_free(self.suite)

    @property
    def name(self):
        return suite_name(self.suite).decode()

    @property
    def keys(self):
        return self.suite.arena.used

    @property
    def locked(self):
        return bool(self.suite.arena.locked)


    def address(self):
        return <size_t>self.suite

    def slabs(self):
        """Addresses of the mappings that hold keys."""
        cdef KeySlab* slab = self.suite.arena.slabs
        addresses = []
        while slab != NULL:
            addresses.append(<size_t>slab)
            slab = slab.next
        return addresses

    def stray_key_bytes(self):
        """Bytes in the free cells of the arena that are not zero, besides the list's own links."""
        cdef KeyCell* cell = self.suite.arena.free
        cdef size_t i
        cdef int stray = 0
        while cell != NULL:
            for i in range(sizeof(KeyCell), KEY_CELL):
                stray += (<uint8_t*>cell)[i] != 0
            cell = cell.next
        return stray

    def keystream(self, bytes key, bytes iv, size_t size):
        """AES-CM of zeros."""
        cdef CmJob* job = self.suite.jobs
        cdef uint8_t* zeros = <uint8_t*>calloc(1, size)
        job.key = suite_cm_key(self.suite, key, bytes(20))
        job.source = job.target = zeros
        job.size = <uint32_t>size
        memcpy(job.iv, <const char*>iv, 16)
        self.suite.cm_crypt(self.suite, job, 1)
        suite_cm_key_free(self.suite, job.key)
        stream = zeros[:size]
        free(zeros)
        return stream

    def hmacs(self, list texts):
        """The first ten bytes of HMAC-SHA1 for each (key of 20 bytes, text), in batches."""
        tags = []
        for start in range(0, len(texts), CM_BATCH):
            tags += self.hmac_batch(texts[start:start + CM_BATCH])
        return tags

    cdef list hmac_batch(self, list texts):
        cdef CmJob* jobs = self.suite.jobs
        cdef int i
        cdef int count = len(texts)
        cdef bytes key
        cdef bytes text
        for i in range(count):
            key, text = texts[i]
            jobs[i].key = suite_cm_key(self.suite, bytes(16), key)
            jobs[i].text = text
            jobs[i].text_size = <uint32_t>len(text)
        self.suite.cm_authenticate(self.suite, jobs, count)
        for i in range(count):
            suite_cm_key_free(self.suite, jobs[i].key)
        return [jobs[i].tag[:10] for i in range(count)]


cdef class CryptoContext:
    """One direction."""

    cdef CryptoSuite suite
    cdef SrtpContext context

    def __cinit__(self, CryptoSuite suite, int profile, bytes key, bytes salt):
        self.suite = suite
        if srtp_open(&self.context, suite.suite, <SrtpProfile>profile, key, salt) != 0:
            raise MemoryError

    def __dealloc__(self):
        srtp_close(&self.context)

    def use_session_keys(self, bytes key, bytes salt):
        """RFC 7714's vectors begin behind the key derivation. AEAD profiles; RTP and RTCP alike."""
        cdef Suite* suite = self.suite.suite
        suite_gcm_key_free(suite, self.context.gcm_rtp)
        suite_gcm_key_free(suite, self.context.gcm_rtcp)
        self.context.gcm_rtp = suite_gcm_key(suite, self.context.wide, key)
        self.context.gcm_rtcp = suite_gcm_key(suite, self.context.wide, key)
        memcpy(self.context.rtp_salt, <const char*>salt, 12)
        memcpy(self.context.rtcp_salt, <const char*>salt, 12)

    def protect(self, list packets):
        """`packets`: (index, header, payload). All in one srtp_protect call."""
        return protect_all([(self, *packet) for packet in packets])

    def unprotect(self, bytes packet, int header_size=12):
        """(index, plaintext)"""
        cdef size_t size = len(packet)
        cdef size_t out_size = 0
        cdef int64_t index = -1
        cdef SrtpResult result
        cdef uint8_t* out = <uint8_t*>calloc(1, size or 1)
        cdef uint8_t* copy = <uint8_t*>calloc(1, size or 1)
        memcpy(copy, <const char*>packet, size)
        try:
            result = srtp_unprotect(
                &self.context, copy, size, header_size, out, &out_size, &index)
            if result != SRTP_OK:
                check_wiped(out[:size])
                raise Refused(RESULTS[result])
            return index, out[:out_size]
        finally:
            free(copy)
            free(out)

    def set_highest(self, int64_t highest):
        """Of the first SSRC that it has unprotected."""
        self.context.rtp_senders[0].replay.highest = highest

    def protect_rtcp(self, bytes packet):
        cdef size_t size = len(packet)
        cdef uint8_t* copy = <uint8_t*>calloc(1, size + SRTCP_MAX_OVERHEAD)
        cdef SrtpResult result
        memcpy(copy, <const char*>packet, size)
        try:
            result = srtcp_protect(&self.context, copy, &size)
            if result != SRTP_OK:
                raise Refused(RESULTS[result])
            return copy[:size]
        finally:
            free(copy)

    def set_rtcp_index(self, uint32_t index):
        self.context.rtcp_index = index

    def unprotect_rtcp(self, bytes packet):
        cdef size_t size = len(packet)
        cdef size_t out_size = 0
        cdef uint8_t* out = <uint8_t*>calloc(1, size or 1)
        cdef uint8_t* copy = <uint8_t*>calloc(1, size or 1)
        cdef SrtpResult result
        memcpy(copy, <const char*>packet, size)
        try:
            result = srtcp_unprotect(&self.context, copy, size, out, &out_size)
            if result != SRTP_OK:
                check_wiped(out[:size])
                raise Refused(RESULTS[result])
            return out[:out_size]
        finally:
            free(copy)
            free(out)


def derive(bytes key, bytes salt, int label, int size):
    cdef MasterKey master
    cdef uint8_t[32] out
    master.key, master.key_size = key, len(key)
    master.salt, master.salt_size = salt, len(salt)
    if size > 32 or not kdf_derive(&master, <KdfLabel>label, out, size):
        raise MemoryError
    return out[:size]


def protect_all(list packets, bint in_place=False):
    """`packets`: (CryptoContext, index, header, payload), all in one srtp_protect call."""
    cdef int count = len(packets)
    cdef ProtectJob* jobs = <ProtectJob*>calloc(count or 1, sizeof(ProtectJob))
    cdef CryptoContext context
    cdef bytes header
    cdef bytes payload
    cdef ProtectJob* job
    try:
        for i, (context, index, header, payload) in enumerate(packets):
            job = &jobs[i]
            job.context = &context.context
            job.index = index
            job.header_size = <uint16_t>len(header)
            job.payload_size = <uint16_t>len(payload)
            job.packet = <uint8_t*>calloc(
                1, len(header) + len(payload) + context.context.tag_size)
            memcpy(job.packet, <const char*>header, len(header))
            job.payload = <const uint8_t*><const char*>payload
            if in_place:
                memcpy(job.packet + len(header), <const char*>payload, len(payload))
                job.payload = job.packet + len(header)
        srtp_protect(jobs, count)
        return [jobs[i].packet[:jobs[i].header_size + jobs[i].payload_size
                               + jobs[i].context.tag_size] for i in range(count)]
    finally:
        for i in range(count):
            free(jobs[i].packet)
        free(jobs)
