"""See ice.pxd."""

from libc.string cimport memcmp, memmove, memset

from fastsfu._native.base.wire cimport read_u16
from fastsfu._native.packet.stun cimport (
    STUN_BINDING_REQUEST, STUN_HEADER_SIZE, stun_verify, stun_write_error, stun_write_success)

cdef enum:
    ROLE_CONFLICT = 487
    UNKNOWN_ATTRIBUTE = 420
    # Full agents must nominate one pair at a time when the other side is lite (RFC 5245 section
    # 8.1.1; Chromium, Firefox and pion do), and stop nominating the path that they leave. Some
    # nominate every pair nevertheless and mean the one of the highest priority (8.1.1.2): obeying
    # each check would make media hop between paths. So a path of no higher priority takes over once
    # the selected one was not nominated for this long: a few pacing intervals (50 ms), and less
    # than Chromium waits between two checks of a pair that works.
    NOMINATION_HOLDS_US = 250000


cdef void ice_init(
        IceAgent* agent, const IceCredentials* credentials, int64_t now_us) noexcept nogil:
    memset(agent, 0, sizeof(IceAgent))
    agent.current = credentials[0]
    agent.selected = -1
    agent.consent_us = now_us


cdef void ice_restart(IceAgent* agent, const IceCredentials* credentials) noexcept nogil:
    agent.next = credentials[0]


cdef bint ice_expired(IceAgent* agent, int64_t now_us, int64_t timeout_us) noexcept nogil:
    agent.lapsed |= now_us - agent.consent_us > timeout_us
    return agent.lapsed


cdef IceAction ice_on_request(
        IceAgent* agent, const uint8_t* datagram, const StunMessage* message, const Address* source,
        int64_t now_us, uint8_t* answer, size_t* answer_size, int* new_path,
        Address* dropped) noexcept nogil:
    cdef IceCredentials* credentials = credentials_of(agent, message)
    cdef int path
    answer_size[0] = 0
    new_path[0] = -1
    dropped.family = 0
    # Indications carry no proof of who sent them, so they prove no consent (RFC 7675 section 5.1).
    if message.type != STUN_BINDING_REQUEST or credentials == NULL:
        return ICE_IGNORE
    if message.integrity == NULL or not stun_verify(
            datagram, message, credentials.password, ICE_PASSWORD_SIZE):
        return ICE_IGNORE
    answer_size[0] = write_answer(answer, message, source, credentials)
    if answer_size[0] > <size_t>(STUN_HEADER_SIZE + read_u16(datagram + 2)):
        answer_size[0] = 0
        return ICE_IGNORE
    agent.consent_us = now_us
    if refusal(message) != 0:
        return ICE_ANSWER
    path = find_path(agent, source)
    if path < 0:
        path = add_path(agent, source, dropped)
        new_path[0] = path
    if message.use_candidate and nominate(agent, credentials, path, message.priority, now_us):
        return ICE_ANSWER_SELECTED
    return ICE_ANSWER


cdef IceCredentials* credentials_of(IceAgent* agent, const StunMessage* message) noexcept nogil:
    """The generation that USERNAME names; NULL: none of ours."""
    if message.username == NULL:
        return NULL
    if not agent.lapsed and username_matches(&agent.current, message):
        return &agent.current
    if agent.next.ufrag[0] != 0 and username_matches(&agent.next, message):
        return &agent.next
    return NULL


cdef bint username_matches(
        const IceCredentials* credentials, const StunMessage* message) noexcept nogil:
    return (
        message.username_size == ICE_UFRAG_SIZE + 1 + credentials.remote_ufrag_size
        and memcmp(message.username, credentials.ufrag, ICE_UFRAG_SIZE) == 0
        and message.username[ICE_UFRAG_SIZE] == c':'
        and memcmp(
            message.username + ICE_UFRAG_SIZE + 1, credentials.remote_ufrag,
            credentials.remote_ufrag_size) == 0
    )


cdef inline uint16_t refusal(const StunMessage* message) noexcept nogil:
    """The error code that an authentic request gets; 0: none."""
    if message.unknown_required != 0:
        return UNKNOWN_ATTRIBUTE
    # A lite agent is always controlled and cannot switch (RFC 8445 sections 6.1.1 and 7.3.1.1).
    return ROLE_CONFLICT if message.ice_controlled else 0


cdef size_t write_answer(
        uint8_t* answer, const StunMessage* message, const Address* source,
        const IceCredentials* credentials) noexcept nogil:
    cdef uint16_t code = refusal(message)
    if code != 0:
        return stun_write_error(
            answer, message.transaction_id, code, message.unknown_required,
            credentials.password, ICE_PASSWORD_SIZE)
    return stun_write_success(
        answer, message.transaction_id, source.family, source.ip, source.port,
        credentials.password, ICE_PASSWORD_SIZE)


cdef int find_path(const IceAgent* agent, const Address* source) noexcept nogil:
    cdef int i
    for i in range(agent.path_count):
        if address_equal(&agent.paths[i], source):
            return i
    return -1


cdef int add_path(IceAgent* agent, const Address* source, Address* dropped) noexcept nogil:
    cdef int oldest = 1 if agent.selected == 0 else 0
    if agent.path_count == ICE_MAX_PATHS:
        dropped[0] = agent.paths[oldest]
        agent.path_count -= 1
        memmove(
            &agent.paths[oldest], &agent.paths[oldest + 1],
            <size_t>(agent.path_count - oldest) * sizeof(Address))
        if agent.selected > oldest:
            agent.selected -= 1
    agent.paths[agent.path_count] = source[0]
    agent.path_count += 1
    return agent.path_count - 1


cdef bint nominate(
        IceAgent* agent, IceCredentials* credentials, int path, uint32_t priority,
        int64_t now_us) noexcept nogil:
    """True: `path` is selected now and was not before."""
    cdef bint changes = path != agent.selected
    cdef bint restarted = credentials == &agent.next
    if restarted:
        changes |= agent.lapsed
        agent.lapsed = False
        agent.current = agent.next
        memset(&agent.next, 0, sizeof(IceCredentials))
    elif (changes and agent.selected >= 0 and priority <= agent.selected_priority
            and now_us - agent.nominated_us < NOMINATION_HOLDS_US):
        return False
    agent.selected = path
    agent.selected_priority = priority
    agent.nominated_us = now_us
    return changes
