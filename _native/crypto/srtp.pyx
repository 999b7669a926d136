"""RTP's transform, replay lists, and the life of a context; see srtp.pxd. RTCP's is in srtcp."""

from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from fastsfu._native.base.openssl cimport CRYPTO_memcmp
from fastsfu._native.base.posix cimport explicit_bzero
from fastsfu._native.base.wire cimport read_u16, read_u32, write_u32
from fastsfu._native.crypto.kdf cimport (
    KDF_RTCP_AUTH, KDF_RTCP_KEY, KDF_RTCP_SALT, KDF_RTP_AUTH, KDF_RTP_KEY, KDF_RTP_SALT,
    KdfLabel, MasterKey, kdf_derive)
from fastsfu._native.crypto.suite cimport (
    CM_AUTH_KEY, CM_BATCH, CM_KEY, CM_TAG, GCM_TAG, CmJob, suite_cm_key, suite_cm_key_free,
    suite_gcm_key, suite_gcm_key_free)

cdef enum:
    RTP_HEADER = 12
    ROC_SIZE = 4

cdef int64_t LAST_INDEX = (1 << 48) - 1


cdef void srtp_protect(ProtectJob* jobs, int count) noexcept nogil:
    cdef int i
    cdef int gathered = 0
    for i in range(count):
        if jobs[i].context.cm_rtp == NULL:
            seal_gcm(&jobs[i])
            continue
        gather_cm(&jobs[i], &jobs[i].context.suite.jobs[gathered])
        gathered += 1
        if gathered == CM_BATCH:
            seal_cm(jobs[i].context.suite, gathered)
            gathered = 0
    if gathered:
        seal_cm(jobs[0].context.suite, gathered)


cdef inline void seal_gcm(ProtectJob* job) noexcept nogil:
    cdef SrtpContext* context = job.context
    cdef uint8_t* target = job.packet + job.header_size
    cdef uint8_t[16] iv
    gcm_iv(iv, context.rtp_salt, read_u32(job.packet + 8), job.index)
    context.suite.gcm_seal[context.wide](
        context.gcm_rtp, context.suite.scratch, target, job.payload, job.payload_size, iv,
        job.packet, job.header_size, target + job.payload_size, GCM_TAG)


cdef inline void gather_cm(const ProtectJob* job, CmJob* gathered) noexcept nogil:
    """The ROC stands where the tag goes, while the HMAC is made (RFC 3711 section 4.2)."""
    cdef uint8_t* target = job.packet + job.header_size
    gathered.key = job.context.cm_rtp
    gathered.source = job.payload
    gathered.target = target
    gathered.size = job.payload_size
    gathered.text = job.packet
    gathered.text_size = job.header_size + job.payload_size + ROC_SIZE
    cm_iv(gathered.iv, job.context.rtp_salt, read_u32(job.packet + 8), job.index)
    write_u32(target + job.payload_size, <uint32_t>(job.index >> 16))


cdef void seal_cm(Suite* suite, int count) noexcept nogil:
    cdef int i
    cdef CmJob* job
    suite.cm_crypt(suite, suite.jobs, count)
    suite.cm_authenticate(suite, suite.jobs, count)
    for i in range(count):
        job = &suite.jobs[i]
        memcpy(job.target + job.size, job.tag, CM_TAG)


cdef SrtpResult srtp_unprotect(
        SrtpContext* context, const uint8_t* packet, size_t size, uint16_t header_size,
        uint8_t* out, size_t* out_size, int64_t* index) noexcept nogil:
    cdef size_t plain_size = size - context.tag_size
    cdef RtpSender* sender
    cdef int64_t estimate
    cdef SrtpResult result
    if header_size < RTP_HEADER or size < <size_t>header_size + context.tag_size:
        return SRTP_MALFORMED
    sender = find_rtp_sender(context, read_u32(packet + 8))
    result = check_rtp_sender(context, sender, read_u16(packet + 2), &estimate)
    if result != SRTP_OK:
        return result
    memcpy(out, packet, header_size)
    if not (open_rtp(context, packet, plain_size, header_size, estimate, out)
            and commit_rtp_sender(context, sender, packet, estimate)):
        explicit_bzero(out, size)
        return SRTP_UNAUTHENTIC
    out_size[0] = plain_size
    index[0] = estimate
    return SRTP_OK


cdef inline bint open_rtp(
        SrtpContext* context, const uint8_t* packet, size_t plain_size, uint16_t header_size,
        int64_t index, uint8_t* out) noexcept nogil:
    cdef Suite* suite = context.suite
    cdef CmJob* job = suite.jobs
    cdef uint32_t ssrc = read_u32(packet + 8)
    cdef uint8_t[16] iv
    if context.cm_rtp == NULL:
        gcm_iv(iv, context.rtp_salt, ssrc, index)
        return suite.gcm_open(
            suite, context.gcm_rtp, context.wide, out + header_size, packet + header_size,
            plain_size - header_size, iv, packet, header_size, packet + plain_size)
    # HMAC runs over the packet and the ROC in one piece, so in `out`, where the tag's ten bytes
    # leave room for it. What stands there is ciphertext until the tag has been compared.
    memcpy(out + header_size, packet + header_size, plain_size - header_size)
    write_u32(out + plain_size, <uint32_t>(index >> 16))
    job.key = context.cm_rtp
    job.text = out
    job.text_size = <uint32_t>(plain_size + ROC_SIZE)
    job.source = job.target = out + header_size
    job.size = <uint32_t>(plain_size - header_size)
    cm_iv(job.iv, context.rtp_salt, ssrc, index)
    return open_cm(suite, job, packet + plain_size)


cdef bint open_cm(Suite* suite, CmJob* job, const uint8_t* tag) noexcept nogil:
    suite.cm_authenticate(suite, job, 1)
    if CRYPTO_memcmp(job.tag, tag, CM_TAG) != 0:
        return False
    if job.size:
        suite.cm_crypt(suite, job, 1)
    return True


cdef inline RtpSender* find_rtp_sender(const SrtpContext* context, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(context.rtp_sender_count):
        if context.rtp_senders[i].ssrc == ssrc:
            return &context.rtp_senders[i]
    return NULL


cdef inline SrtpResult check_rtp_sender(
        const SrtpContext* context, const RtpSender* sender, uint16_t seq,
        int64_t* estimate) noexcept nogil:
    """A new SSRC begins with ROC 0 (RFC 3711 section 3.3.1)."""
    if sender == NULL:
        estimate[0] = seq
        return SRTP_OK if context.rtp_sender_count < RTP_SENDERS else SRTP_EXHAUSTED
    estimate[0] = estimate_index(&sender.replay, seq)
    return replay_check(&sender.replay, estimate[0])


cdef inline bint commit_rtp_sender(
        SrtpContext* context, RtpSender* sender, const uint8_t* packet,
        int64_t index) noexcept nogil:
    """False: no memory to follow a new SSRC."""
    if sender == NULL:
        sender = add_rtp_sender(context, read_u32(packet + 8))
    if sender == NULL:
        return False
    replay_commit(&sender.replay, index)
    return True


cdef RtpSender* add_rtp_sender(SrtpContext* context, uint32_t ssrc) noexcept nogil:
    cdef size_t count = context.rtp_sender_count
    cdef RtpSender* grown = <RtpSender*>realloc(
        context.rtp_senders, (count + 1) * sizeof(RtpSender))
    if grown == NULL:
        return NULL
    context.rtp_senders = grown
    context.rtp_sender_count += 1
    grown[count].ssrc = ssrc
    replay_init(&grown[count].replay)
    return &grown[count]


cdef inline int64_t estimate_index(const ReplayList* replay, uint16_t seq) noexcept nogil:
    """RFC 3711 appendix A: the index with these low 16 bits that is nearest to the highest."""
    cdef int64_t roc = replay.highest >> 16
    cdef int last = <int>(replay.highest & 0xFFFF)
    if last < 32768 and seq - last > 32768:
        roc -= 1
    elif last - 32768 > seq:
        roc += 1
    return (roc << 16) | seq


cdef void replay_init(ReplayList* replay) noexcept nogil:
    memset(replay, 0, sizeof(ReplayList))
    replay.highest = -1


cdef SrtpResult replay_check(const ReplayList* replay, int64_t index) noexcept nogil:
    cdef uint32_t bit = <uint32_t>index % REPLAY_PACKETS
    if index < 0 or index <= replay.highest - REPLAY_PACKETS:
        return SRTP_OLD
    if index > LAST_INDEX:
        return SRTP_EXHAUSTED
    if index <= replay.highest and replay.seen[bit // 64] >> (bit % 64) & 1:
        return SRTP_REPLAYED
    return SRTP_OK


cdef void replay_commit(ReplayList* replay, int64_t index) noexcept nogil:
    cdef uint32_t bit
    cdef int64_t skipped = replay.highest + 1
    if index - replay.highest > REPLAY_PACKETS:
        memset(replay.seen, 0, sizeof(replay.seen))
        skipped = index
    while skipped < index:                # at most REPLAY_PACKETS times
        bit = <uint32_t>skipped % REPLAY_PACKETS
        replay.seen[bit // 64] &= ~(<uint64_t>1 << (bit % 64))
        skipped += 1
    bit = <uint32_t>index % REPLAY_PACKETS
    replay.seen[bit // 64] |= <uint64_t>1 << (bit % 64)
    if index > replay.highest:
        replay.highest = index


cdef int srtp_key_size(SrtpProfile profile) noexcept nogil:
    return 32 if profile == AEAD_AES_256_GCM else 16


cdef int srtp_salt_size(SrtpProfile profile) noexcept nogil:
    return 14 if profile == AES128_CM_SHA1_80 else 12


cdef int srtp_open(
        SrtpContext* context, Suite* suite, SrtpProfile profile,
        const uint8_t* key, const uint8_t* salt) noexcept nogil:
    cdef MasterKey master
    cdef bint made
    memset(context, 0, sizeof(SrtpContext))
    context.suite = suite
    context.profile = profile
    context.wide = profile == AEAD_AES_256_GCM
    context.rtcp_senders.floor = -1
    master.key = key
    master.key_size = srtp_key_size(profile)
    master.salt = salt
    master.salt_size = srtp_salt_size(profile)
    if profile == AES128_CM_SHA1_80:
        context.tag_size = CM_TAG
        context.cm_rtp = derive_cm(suite, &master, KDF_RTP_KEY, KDF_RTP_AUTH)
        context.cm_rtcp = derive_cm(suite, &master, KDF_RTCP_KEY, KDF_RTCP_AUTH)
        made = context.cm_rtp != NULL and context.cm_rtcp != NULL
    else:
        context.tag_size = GCM_TAG
        context.gcm_rtp = derive_gcm(suite, &master, KDF_RTP_KEY)
        context.gcm_rtcp = derive_gcm(suite, &master, KDF_RTCP_KEY)
        made = context.gcm_rtp != NULL and context.gcm_rtcp != NULL
    made = (made
            and kdf_derive(&master, KDF_RTP_SALT, context.rtp_salt, master.salt_size)
            and kdf_derive(&master, KDF_RTCP_SALT, context.rtcp_salt, master.salt_size))
    if not made:
        srtp_close(context)
    return 0 if made else -1


cdef GcmKey* derive_gcm(Suite* suite, const MasterKey* master, KdfLabel label) noexcept nogil:
    cdef uint8_t[SRTP_MAX_KEY] key
    cdef GcmKey* made = NULL
    if kdf_derive(master, label, key, master.key_size):
        made = suite_gcm_key(suite, master.key_size == 32, key)
    explicit_bzero(key, sizeof(key))
    return made


cdef CmKey* derive_cm(
        Suite* suite, const MasterKey* master, KdfLabel label, KdfLabel auth) noexcept nogil:
    cdef uint8_t[CM_KEY] key
    cdef uint8_t[CM_AUTH_KEY] auth_key
    cdef CmKey* made = NULL
    if (kdf_derive(master, label, key, CM_KEY)
            and kdf_derive(master, auth, auth_key, CM_AUTH_KEY)):
        made = suite_cm_key(suite, key, auth_key)
    explicit_bzero(key, sizeof(key))
    explicit_bzero(auth_key, sizeof(auth_key))
    return made


cdef void srtp_close(SrtpContext* context) noexcept nogil:
    if context.suite != NULL:
        suite_gcm_key_free(context.suite, context.gcm_rtp)
        suite_gcm_key_free(context.suite, context.gcm_rtcp)
        suite_cm_key_free(context.suite, context.cm_rtp)
        suite_cm_key_free(context.suite, context.cm_rtcp)
    free(context.rtp_senders)
    free(context.rtcp_senders.sender)
    explicit_bzero(context, sizeof(SrtpContext))
