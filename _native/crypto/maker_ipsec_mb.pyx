"""See the .pxd."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memset
from posix.dlfcn cimport RTLD_LOCAL, RTLD_NOW, dlclose, dlopen, dlsym

from fastsfu._native.base.posix cimport explicit_bzero, map_secret, munmap
from fastsfu._native.base.openssl cimport CRYPTO_memcmp
from fastsfu._native.crypto.suite cimport (
    CM_AUTH_KEY, CM_BATCH, CM_TAG_ROOM, GCM_TAG, CmJob, CmKey, GcmKey, GcmSeal, Suite)

cdef extern from * nogil:
    """
    #if __has_include(<intel-ipsec-mb.h>)
    #include <intel-ipsec-mb.h>
    #else
    /* Without the header: the same names, so that this compiles; version 0 is never to be had. */
    #include <stdint.h>
    #define IMB_VERSION_NUM 0
    #define IMB_FEATURE_AESNI 2
    #define IMB_FEATURE_PCLMULQDQ 4
    #define IMB_FEATURE_SHANI 1
    enum { IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES = 16, IMB_AUTH_HMAC_SHA_1 };
    struct gcm_key_data;
    typedef struct IMB_JOB {
        const void *enc_keys; uint64_t key_len_in_bytes; const uint8_t *src; uint8_t *dst;
        uint64_t cipher_start_src_offset_in_bytes, msg_len_to_cipher_in_bytes;
        uint64_t hash_start_src_offset_in_bytes, msg_len_to_hash_in_bytes;
        const uint8_t *iv; uint64_t iv_len_in_bytes; uint8_t *auth_tag_output;
        uint64_t auth_tag_output_len_in_bytes;
        union { struct _HMAC_specific_fields {
            const uint8_t *_hashed_auth_key_xor_ipad, *_hashed_auth_key_xor_opad; } HMAC; } u;
    } IMB_JOB;
    typedef struct IMB_MGR {
        uint64_t features; int imb_errno;
        void (*keyexp_128)(const void *, void *, void *);
        void (*sha1_one_block)(const void *, void *);
        void (*gcm128_pre)(const void *, struct gcm_key_data *);
        void (*gcm256_pre)(const void *, struct gcm_key_data *);
        void (*gcm128_enc)(void); void (*gcm256_enc)(void);
        void (*gcm128_dec)(void); void (*gcm256_dec)(void);
        uint32_t (*submit_cipher_burst_nocheck)(struct IMB_MGR *, IMB_JOB *, uint32_t, int, int,
                                                int);
        uint32_t (*submit_hash_burst_nocheck)(struct IMB_MGR *, IMB_JOB *, uint32_t, int);
    } IMB_MGR;
    #endif
    """
    enum:
        IMB_VERSION_NUM
        IMB_FEATURE_AESNI
        IMB_FEATURE_PCLMULQDQ
        IMB_FEATURE_SHANI
        IMB_CIPHER_CNTR
        IMB_DIR_ENCRYPT
        IMB_KEY_128_BYTES
        IMB_AUTH_HMAC_SHA_1
    ctypedef struct GcmKeyData "struct gcm_key_data"
    ctypedef struct HmacFields "struct _HMAC_specific_fields":
        const uint8_t* _hashed_auth_key_xor_ipad
        const uint8_t* _hashed_auth_key_xor_opad
    ctypedef struct HashFields:
        HmacFields HMAC
    ctypedef struct IMB_JOB:
        const void* enc_keys
        uint64_t key_len_in_bytes
        const uint8_t* src
        uint8_t* dst
        uint64_t cipher_start_src_offset_in_bytes
        uint64_t msg_len_to_cipher_in_bytes
        uint64_t hash_start_src_offset_in_bytes
        uint64_t msg_len_to_hash_in_bytes
        const uint8_t* iv
        uint64_t iv_len_in_bytes
        uint8_t* auth_tag_output
        uint64_t auth_tag_output_len_in_bytes
        HashFields u
    ctypedef struct IMB_MGR:
        uint64_t features
        int imb_errno
        void (*keyexp_128)(const void* key, void* encrypt, void* decrypt) noexcept nogil
        void (*sha1_one_block)(const void* block, void* digest) noexcept nogil
        void (*gcm128_pre)(const void* key, GcmKeyData* expanded) noexcept nogil
        void (*gcm256_pre)(const void* key, GcmKeyData* expanded) noexcept nogil
        void* gcm128_enc
        void* gcm256_enc
        void* gcm128_dec
        void* gcm256_dec
        uint32_t (*submit_cipher_burst_nocheck)(
            IMB_MGR*, IMB_JOB*, uint32_t count, int mode, int direction, int key) noexcept nogil
        uint32_t (*submit_hash_burst_nocheck)(
            IMB_MGR*, IMB_JOB*, uint32_t count, int algorithm) noexcept nogil

ctypedef unsigned int (*GetVersion)() noexcept nogil
ctypedef size_t (*GetManagerSize)() noexcept nogil
ctypedef IMB_MGR* (*SetPointers)(void* memory, uint64_t flags, unsigned int reset) noexcept nogil
ctypedef void (*InitAuto)(IMB_MGR* manager, int* architecture) noexcept nogil
ctypedef void (*InitSse)(IMB_MGR* manager) noexcept nogil

cdef enum:
    FEW = 4                   # jobs up to which SHA-NI beats 16 lanes
    LANES = 16
    SHORT = 256               # bytes of a packet up to which it does while lanes stay empty

cdef struct State:
    void* shared_object
    size_t manager_size
    IMB_MGR* wide             # best for GCM and for many CM packets
    IMB_MGR* narrow           # SSE with SHA-NI, for few; the same as `wide` where the CPU has none
    GcmSeal gcm_decrypt[2]    # the library's decryption: it writes the tag that should have come
    IMB_JOB jobs[CM_BATCH]

cdef struct ImbCmKey:
    uint8_t expanded[176]     # AES-128 round keys
    uint8_t inner[32]         # SHA-1 state after key XOR ipad (20 bytes used)
    uint8_t outer[32]         # SHA-1 state after key XOR opad


cdef bint ipsec_mb_fill(Suite* suite) noexcept nogil:
    cdef bint locked = False
    cdef State* state
    if IMB_VERSION_NUM == 0:
        return False
    state = <State*>map_secret(sizeof(State), &locked)
    if state == NULL:
        return False
    suite.state = state
    suite.close = close_state
    suite.arena.locked = suite.arena.locked and locked
    if not open_library(suite, state):
        close_state(suite)
        suite.close = NULL
        return False
    init_jobs(state)
    suite.name = "ipsec-mb"
    suite.gcm_seal[0] = <GcmSeal>state.wide.gcm128_enc
    suite.gcm_seal[1] = <GcmSeal>state.wide.gcm256_enc
    state.gcm_decrypt[0] = <GcmSeal>state.wide.gcm128_dec
    state.gcm_decrypt[1] = <GcmSeal>state.wide.gcm256_dec
    suite.gcm_open = gcm_open
    suite.cm_crypt = cm_crypt
    suite.cm_authenticate = cm_authenticate
    suite.gcm_key_init = gcm_key_init
    suite.cm_key_init = cm_key_init
    return True


cdef bint open_library(Suite* suite, State* state) noexcept nogil:
    cdef void* library = dlopen("libIPSec_MB.so.1", RTLD_NOW | RTLD_LOCAL)
    cdef void* version
    cdef void* manager_size
    if library == NULL:
        return False
    state.shared_object = library
    version = dlsym(library, "imb_get_version")
    manager_size = dlsym(library, "imb_get_mb_mgr_size")
    if version == NULL or manager_size == NULL:
        return False
    if (<GetVersion>version)() >> 8 != <unsigned int>IMB_VERSION_NUM >> 8:
        return False
    state.manager_size = (<GetManagerSize>manager_size)()
    state.wide = open_manager(suite, state, "init_mb_mgr_auto")
    if state.wide == NULL:
        return False
    state.narrow = state.wide
    if state.wide.features & IMB_FEATURE_SHANI:
        state.narrow = open_manager(suite, state, "init_mb_mgr_sse")
    return state.narrow != NULL


cdef IMB_MGR* open_manager(Suite* suite, State* state, const char* init_name) noexcept nogil:
    """In memory of our own: its lanes hold HMAC states while it works."""
    cdef SetPointers set_pointers = <SetPointers>dlsym(
        state.shared_object, "imb_set_pointers_mb_mgr")
    cdef void* init = dlsym(state.shared_object, init_name)
    cdef uint64_t wanted = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ
    cdef bint locked = False
    cdef void* memory
    cdef IMB_MGR* manager
    if set_pointers == NULL or init == NULL:
        return NULL
    memory = map_secret(state.manager_size, &locked)
    if memory == NULL:
        return NULL
    suite.arena.locked = suite.arena.locked and locked
    manager = set_pointers(memory, 0, 1)
    (<InitAuto>init)(manager, NULL)      # init_mb_mgr_sse ignores the second argument
    if manager.imb_errno != 0 or manager.features & wanted != wanted:
        munmap(memory, state.manager_size)
        return NULL
    return manager


cdef void close_state(Suite* suite) noexcept nogil:
    cdef State* state = <State*>suite.state
    if state.narrow != NULL and state.narrow != state.wide:
        explicit_bzero(state.narrow, state.manager_size)
        munmap(state.narrow, state.manager_size)
    if state.wide != NULL:
        explicit_bzero(state.wide, state.manager_size)
        munmap(state.wide, state.manager_size)
    if state.shared_object != NULL:
        dlclose(state.shared_object)
    explicit_bzero(state, sizeof(State))
    munmap(state, sizeof(State))
    suite.state = NULL


cdef void init_jobs(State* state) noexcept nogil:
    cdef int i
    for i in range(CM_BATCH):
        state.jobs[i].key_len_in_bytes = IMB_KEY_128_BYTES
        state.jobs[i].iv_len_in_bytes = 16
        state.jobs[i].auth_tag_output_len_in_bytes = CM_TAG_ROOM


cdef bint gcm_key_init(Suite* suite, GcmKey* key, bint wide, const uint8_t* raw) noexcept nogil:
    cdef IMB_MGR* manager = (<State*>suite.state).wide
    if wide:
        manager.gcm256_pre(raw, <GcmKeyData*>key)
    else:
        manager.gcm128_pre(raw, <GcmKeyData*>key)
    return True


cdef bint gcm_open(
        Suite* suite, const GcmKey* key, bint wide, uint8_t* target, const uint8_t* source,
        uint64_t size, const uint8_t* iv, const uint8_t* aad, uint64_t aad_size,
        const uint8_t* tag) noexcept nogil:
    cdef uint8_t[GCM_TAG] expected
    (<State*>suite.state).gcm_decrypt[wide](
        key, suite.scratch, target, source, size, iv, aad, aad_size, expected, GCM_TAG)
    return CRYPTO_memcmp(expected, tag, GCM_TAG) == 0


cdef bint cm_key_init(
        Suite* suite, CmKey* key, const uint8_t* raw, const uint8_t* auth_key) noexcept nogil:
    cdef IMB_MGR* manager = (<State*>suite.state).wide
    cdef ImbCmKey* own = <ImbCmKey*>key
    cdef uint8_t[16 * 11] decrypt
    manager.keyexp_128(raw, own.expanded, decrypt)
    explicit_bzero(decrypt, sizeof(decrypt))
    hmac_half(manager, own.inner, auth_key, 0x36)
    hmac_half(manager, own.outer, auth_key, 0x5c)
    return True


cdef void hmac_half(
        IMB_MGR* manager, uint8_t* half, const uint8_t* auth_key, uint8_t pad) noexcept nogil:
    cdef uint8_t[64] block
    cdef int i
    memset(block, pad, 64)
    for i in range(CM_AUTH_KEY):
        block[i] ^= auth_key[i]
    manager.sha1_one_block(block, half)
    explicit_bzero(block, 64)


cdef void cm_crypt(Suite* suite, CmJob* jobs, int count) noexcept nogil:
    cdef State* state = <State*>suite.state
    cdef IMB_JOB* job
    cdef int i
    for i in range(count):
        job = &state.jobs[i]
        job.enc_keys = (<ImbCmKey*>jobs[i].key).expanded
        job.src = jobs[i].source
        job.dst = jobs[i].target
        job.msg_len_to_cipher_in_bytes = jobs[i].size
        job.iv = jobs[i].iv
    state.wide.submit_cipher_burst_nocheck(
        state.wide, state.jobs, count, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT, IMB_KEY_128_BYTES)


cdef void cm_authenticate(Suite* suite, CmJob* jobs, int count) noexcept nogil:
    cdef State* state = <State*>suite.state
    cdef bint few = count <= FEW or (count < LANES and jobs[0].text_size <= SHORT)
    cdef IMB_MGR* manager = state.narrow if few else state.wide
    cdef ImbCmKey* key
    cdef IMB_JOB* job
    cdef int i
    for i in range(count):
        job = &state.jobs[i]
        key = <ImbCmKey*>jobs[i].key
        job.src = jobs[i].text
        job.msg_len_to_hash_in_bytes = jobs[i].text_size
        job.auth_tag_output = jobs[i].tag
        job.u.HMAC._hashed_auth_key_xor_ipad = key.inner
        job.u.HMAC._hashed_auth_key_xor_opad = key.outer
    manager.submit_hash_burst_nocheck(manager, state.jobs, count, IMB_AUTH_HMAC_SHA_1)
