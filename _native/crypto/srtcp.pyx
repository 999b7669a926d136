"""RTCP's transform; see srtcp.pxd."""

from libc.stdint cimport uint32_t
from libc.stdlib cimport realloc
from libc.string cimport memcpy

from fastsfu._native.base.posix cimport explicit_bzero
from fastsfu._native.base.wire cimport read_u32, write_u32
from fastsfu._native.crypto.srtp cimport (
    RTCP_SENDERS, SRTP_EXHAUSTED, SRTP_MALFORMED, SRTP_OK, SRTP_OLD, SRTP_UNAUTHENTIC, RtcpSender,
    RtcpSenders, cm_iv, gcm_iv, open_cm, replay_check, replay_commit, replay_init,
)
from fastsfu._native.crypto.suite cimport CM_TAG, GCM_TAG, CmJob, Suite

cdef enum:
    RTCP_HEADER = 8           # what SRTCP leaves in the clear
    RTCP_WORD = 4             # E bit and SRTCP index

cdef uint32_t RTCP_ENCRYPTED = 0x80000000u
cdef uint32_t LAST_RTCP_INDEX = 0x7FFFFFFF


cdef SrtpResult srtcp_protect(SrtpContext* context, uint8_t* packet, size_t* size) noexcept nogil:
    cdef size_t plain_size = size[0]
    cdef uint32_t index = context.rtcp_index
    cdef uint8_t* end = packet + plain_size
    if plain_size < RTCP_HEADER:
        return SRTP_MALFORMED
    if index > LAST_RTCP_INDEX:
        return SRTP_EXHAUSTED
    context.rtcp_index += 1
    if context.cm_rtcp == NULL:
        write_u32(end + GCM_TAG, RTCP_ENCRYPTED | index)
        seal_rtcp_gcm(context, packet, end, index)
        size[0] = plain_size + GCM_TAG + RTCP_WORD
    else:
        write_u32(end, RTCP_ENCRYPTED | index)
        seal_rtcp_cm(context, packet, end, index)
        size[0] = plain_size + RTCP_WORD + CM_TAG
    return SRTP_OK


cdef inline void seal_rtcp_gcm(
        SrtpContext* context, uint8_t* packet, uint8_t* end, uint32_t index) noexcept nogil:
    cdef Suite* suite = context.suite
    cdef uint8_t* body = packet + RTCP_HEADER
    cdef uint8_t[16] iv
    cdef uint8_t[RTCP_HEADER + RTCP_WORD] aad
    memcpy(aad, packet, RTCP_HEADER)
    memcpy(aad + RTCP_HEADER, end + GCM_TAG, RTCP_WORD)
    gcm_iv(iv, context.rtcp_salt, read_u32(packet + 4), index)
    suite.gcm_seal[context.wide](
        context.gcm_rtcp, suite.scratch, body, body, end - body, iv, aad, sizeof(aad), end, GCM_TAG)


cdef inline void seal_rtcp_cm(
        SrtpContext* context, uint8_t* packet, uint8_t* end, uint32_t index) noexcept nogil:
    cdef Suite* suite = context.suite
    cdef CmJob* job = suite.jobs
    job.key = context.cm_rtcp
    job.source = job.target = packet + RTCP_HEADER
    job.size = <uint32_t>(end - job.target)
    job.text = packet
    job.text_size = <uint32_t>(end + RTCP_WORD - packet)
    cm_iv(job.iv, context.rtcp_salt, read_u32(packet + 4), index)
    if job.size:
        suite.cm_crypt(suite, job, 1)
    suite.cm_authenticate(suite, job, 1)
    memcpy(end + RTCP_WORD, job.tag, CM_TAG)


cdef SrtpResult srtcp_unprotect(
        SrtpContext* context, const uint8_t* packet, size_t size,
        uint8_t* out, size_t* out_size) noexcept nogil:
    cdef size_t plain_size = size - context.tag_size - RTCP_WORD
    cdef RtcpSender* sender
    cdef SrtpResult result
    cdef uint32_t word
    cdef bint authentic
    if size < <size_t>(RTCP_HEADER + RTCP_WORD) + context.tag_size:
        return SRTP_MALFORMED
    word = read_u32(packet + (plain_size if context.cm_rtcp != NULL else size - RTCP_WORD))
    sender = find_rtcp_sender(&context.rtcp_senders, read_u32(packet + 4))
    result = check_rtcp_sender(&context.rtcp_senders, sender, word & LAST_RTCP_INDEX)
    if result != SRTP_OK:
        return result
    memcpy(out, packet, RTCP_HEADER)
    if context.cm_rtcp != NULL:
        authentic = open_rtcp_cm(context, packet, plain_size, word, out)
    elif word & RTCP_ENCRYPTED:
        authentic = open_rtcp_gcm(context, packet, plain_size, word, out)
    else:
        authentic = open_rtcp_gcm_clear(context, packet, plain_size, word, out)
    if authentic and sender == NULL:
        sender = place_rtcp_sender(&context.rtcp_senders, read_u32(packet + 4))
    if not authentic or sender == NULL:
        explicit_bzero(out, size)
        return SRTP_EXHAUSTED if authentic else SRTP_UNAUTHENTIC
    context.rtcp_senders.clock += 1
    sender.used = context.rtcp_senders.clock
    replay_commit(&sender.replay, word & LAST_RTCP_INDEX)
    out_size[0] = plain_size
    return SRTP_OK


cdef inline bint open_rtcp_gcm(
        SrtpContext* context, const uint8_t* packet, size_t plain_size, uint32_t word,
        uint8_t* out) noexcept nogil:
    cdef uint8_t[16] iv
    cdef uint8_t[RTCP_HEADER + RTCP_WORD] aad
    memcpy(aad, packet, RTCP_HEADER)
    write_u32(aad + RTCP_HEADER, word)
    gcm_iv(iv, context.rtcp_salt, read_u32(packet + 4), word & LAST_RTCP_INDEX)
    return context.suite.gcm_open(
        context.suite, context.gcm_rtcp, context.wide, out + RTCP_HEADER, packet + RTCP_HEADER,
        plain_size - RTCP_HEADER, iv, aad, sizeof(aad), packet + plain_size)


cdef inline bint open_rtcp_gcm_clear(
        SrtpContext* context, const uint8_t* packet, size_t plain_size, uint32_t word,
        uint8_t* out) noexcept nogil:
    """RFC 7714 section 10.3: authenticated as a whole, in one piece with E bit and index."""
    cdef uint8_t[16] iv
    memcpy(out, packet, plain_size)
    write_u32(out + plain_size, word)
    gcm_iv(iv, context.rtcp_salt, read_u32(packet + 4), word & LAST_RTCP_INDEX)
    return context.suite.gcm_open(
        context.suite, context.gcm_rtcp, context.wide, out + plain_size, packet + plain_size,
        0, iv, out, plain_size + RTCP_WORD, packet + plain_size)


cdef inline bint open_rtcp_cm(
        SrtpContext* context, const uint8_t* packet, size_t plain_size, uint32_t word,
        uint8_t* out) noexcept nogil:
    cdef CmJob* job = context.suite.jobs
    cdef bint encrypted = word & RTCP_ENCRYPTED != 0
    job.key = context.cm_rtcp
    job.text = packet
    job.text_size = <uint32_t>(plain_size + RTCP_WORD)
    job.source = packet + RTCP_HEADER
    job.target = out + RTCP_HEADER
    job.size = <uint32_t>(plain_size - RTCP_HEADER) if encrypted else 0
    cm_iv(job.iv, context.rtcp_salt, read_u32(packet + 4), word & LAST_RTCP_INDEX)
    if not encrypted:
        memcpy(job.target, job.source, plain_size - RTCP_HEADER)
    return open_cm(context.suite, job, packet + plain_size + RTCP_WORD)


cdef inline RtcpSender* find_rtcp_sender(RtcpSenders* senders, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(senders.count):
        if senders.sender[i].ssrc == ssrc:
            return &senders.sender[i]
    return NULL


cdef inline SrtpResult check_rtcp_sender(
        const RtcpSenders* senders, const RtcpSender* sender, uint32_t index) noexcept nogil:
    if sender != NULL:
        return replay_check(&sender.replay, index)
    return SRTP_OK if index > senders.floor else SRTP_OLD


cdef RtcpSender* place_rtcp_sender(RtcpSenders* senders, uint32_t ssrc) noexcept nogil:
    """A new place, or that of the sender which has been silent for longest; NULL: out of memory."""
    cdef RtcpSender* place
    cdef int i
    if senders.count < RTCP_SENDERS:
        place = <RtcpSender*>realloc(senders.sender, (senders.count + 1) * sizeof(RtcpSender))
        if place == NULL:
            return NULL
        senders.sender = place
        place += senders.count
        senders.count += 1
    else:
        place = senders.sender
        for i in range(RTCP_SENDERS):
            if senders.sender[i].used < place.used:
                place = &senders.sender[i]
        senders.floor = max(senders.floor, place.replay.highest)
    place.ssrc = ssrc
    replay_init(&place.replay)
    return place
