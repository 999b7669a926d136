"""The primitives SRTP needs, from one of two makers chosen at run time: Intel IPsec-MB (found by
dlopen; its header at build time) or OpenSSL EVP. A Suite belongs to one thread: its scratch memory
and job arrays are shared by all keys made from it.

A maker is the set of functions that it puts into a Suite. They take IPsec-MB's own argument order,
so that sealing a packet is one indirect call into that library.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t

from fastsfu._native.crypto.arena cimport KEY_CELL, KeyArena

cdef enum SuiteMaker:
    MAKER_AUTO = 0            # IPsec-MB where library and CPU allow it, else OpenSSL
    MAKER_IPSEC_MB
    MAKER_OPENSSL

cdef enum:
    GCM_TAG = 16
    GCM_IV = 12
    CM_TAG = 10               # bytes of the HMAC that are sent
    CM_TAG_ROOM = 12          # bytes that a maker writes: IPsec-MB 1.3 refuses to make ten
    CM_KEY = 16
    CM_AUTH_KEY = 20
    CM_BATCH = 64             # jobs of one cm_crypt or cm_authenticate call

cdef struct GcmKey:           # an expanded AES-GCM key in locked memory; its maker's layout
    uint8_t cell[KEY_CELL]

cdef struct CmKey:            # an AES-CM key with its HMAC-SHA1 key; likewise
    uint8_t cell[KEY_CELL]

cdef struct CmJob:
    CmKey* key
    const uint8_t* source     # what AES-CM turns into `target`; may be the same place
    uint8_t* target
    uint32_t size
    uint32_t text_size
    const uint8_t* text       # what HMAC-SHA1 authenticates
    uint8_t iv[16]
    uint8_t tag[CM_TAG_ROOM]  # out

# Encrypts `source` to `target` and writes the tag. `scratch`: the Suite's.
ctypedef void (*GcmSeal)(
    const void* key, void* scratch, uint8_t* target, const uint8_t* source, uint64_t size,
    const uint8_t* iv, const uint8_t* aad, uint64_t aad_size,
    uint8_t* tag, uint64_t tag_size) noexcept nogil
# Decrypts `source` to `target`. False: not authentic, and `target` holds what must be wiped.
ctypedef bint (*GcmOpen)(
    Suite* suite, const GcmKey* key, bint wide, uint8_t* target, const uint8_t* source,
    uint64_t size, const uint8_t* iv, const uint8_t* aad, uint64_t aad_size,
    const uint8_t* tag) noexcept nogil
ctypedef void (*CmBatch)(Suite* suite, CmJob* jobs, int count) noexcept nogil   # count <= CM_BATCH

cdef struct Suite:
    uint8_t scratch[128]      # of one GCM call: holds key stream, so it is locked memory too
    const char* name
    GcmSeal gcm_seal[2]       # [0]: 128-bit keys, [1]: 256-bit keys ("wide")
    GcmOpen gcm_open
    CmBatch cm_crypt
    CmBatch cm_authenticate
    bint (*gcm_key_init)(Suite*, GcmKey*, bint wide, const uint8_t* key) noexcept nogil
    bint (*cm_key_init)(
        Suite*, CmKey*, const uint8_t* key, const uint8_t* auth_key) noexcept nogil
    void (*gcm_key_clear)(GcmKey*) noexcept nogil                 # or NULL
    void (*cm_key_clear)(CmKey*) noexcept nogil                   # or NULL
    void (*close)(Suite*) noexcept nogil                          # or NULL
    void* state               # the maker's own
    KeyArena arena
    CmJob jobs[CM_BATCH]      # what srtp_protect gathers

cdef Suite* suite_new(SuiteMaker maker) noexcept nogil            # NULL: not to be had here
cdef void suite_free(Suite* suite) noexcept nogil                 # every key of it is gone then
cdef const char* suite_name(const Suite* suite) noexcept nogil    # "ipsec-mb" or "openssl"
# NULL: out of memory.
cdef GcmKey* suite_gcm_key(Suite* suite, bint wide, const uint8_t* key) noexcept nogil
cdef CmKey* suite_cm_key(
    Suite* suite, const uint8_t* key, const uint8_t* auth_key) noexcept nogil
cdef void suite_gcm_key_free(Suite* suite, GcmKey* key) noexcept nogil   # NULL is allowed
cdef void suite_cm_key_free(Suite* suite, CmKey* key) noexcept nogil     # NULL is allowed
