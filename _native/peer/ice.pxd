"""An ICE-lite agent of one transport (RFC 8445 section 2.5): answers Binding requests, follows
nomination, changes of address, restarts (section 9) and consent (RFC 7675). Never sends a request.
Bytes in, bytes out; the clock is an argument.

Promise to strangers: what is not authentic changes nothing and gets no answer, and no answer is
longer than its request."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from fastsfu._native.base.address cimport Address, address_equal
from fastsfu._native.packet.stun cimport StunMessage

cdef enum:
    ICE_MAX_PATHS = 4         # remote addresses remembered for a transport
    ICE_UFRAG_SIZE = 8        # bytes of our own ufrag: random, the worker's key to its transport
    ICE_PASSWORD_SIZE = 24
    ICE_REMOTE_UFRAG_MAX = 256
    ICE_REMOTE_PASSWORD_MAX = 256

cdef enum IceAction:          # what the worker does besides sending the answer
    ICE_IGNORE = 0            # not for us, or not authentic: no answer (counted)
    ICE_ANSWER                # send `answer`
    ICE_ANSWER_SELECTED       # send `answer`; another path is selected than before

cdef struct IceCredentials:
    uint8_t ufrag[ICE_UFRAG_SIZE]
    uint8_t password[ICE_PASSWORD_SIZE]
    uint8_t remote_ufrag[ICE_REMOTE_UFRAG_MAX]
    uint16_t remote_ufrag_size
    uint8_t remote_password[ICE_REMOTE_PASSWORD_MAX]   # what its answers to us are signed with
    uint16_t remote_password_size

cdef struct IceAgent:
    IceCredentials current
    IceCredentials next       # after a restart, until its first nomination; ufrag[0] == 0: none
    Address paths[ICE_MAX_PATHS]   # from which an authentic check came; [0] is the oldest
    int path_count
    int selected              # index into paths; -1 before the first nomination
    uint32_t selected_priority     # PRIORITY of the check that nominated the selected path last
    int64_t nominated_us      # when that came
    int64_t consent_us        # when the last authentic check came
    bint lapsed               # consent has expired: `current` counts for nothing any more

cdef void ice_init(
    IceAgent* agent, const IceCredentials* credentials, int64_t now_us) noexcept nogil
# A restart before the last one took hold replaces its credentials.
cdef void ice_restart(IceAgent* agent, const IceCredentials* credentials) noexcept nogil
# A parsed Binding request or indication from `source`. USERNAME must be "our ufrag:remote ufrag".
# The answer (success, or 487 for a role conflict, or 420) needs STUN_SUCCESS_CAPACITY bytes.
# *new_path: index of a path added now (a full list drops the oldest unselected one, *dropped gets
# its address, else family 0), else -1. The first nomination under `next` moves it to `current`:
# next.ufrag[0] is 0 from then on.
cdef IceAction ice_on_request(
    IceAgent* agent, const uint8_t* datagram, const StunMessage* message, const Address* source,
    int64_t now_us, uint8_t* answer, size_t* answer_size, int* new_path,
    Address* dropped) noexcept nogil
# True: nothing has come for so long. Only a restart gives consent again (RFC 7675 section 5.1); its
# nomination counts as that of another path.
cdef bint ice_expired(IceAgent* agent, int64_t now_us, int64_t timeout_us) noexcept nogil
