"""Python face of peer/ice, for its tests. Addresses are (ip string, port)."""

from libc.string cimport memcpy, memset

from ipaddress import ip_address

from fastsfu._native.base.address cimport Address
from fastsfu._native.packet.stun cimport (
    STUN_OK, STUN_SUCCESS_CAPACITY, STUN_UNKNOWN_REQUIRED, StunMessage, stun_parse)
from fastsfu._native.peer.consent cimport (
    CONSENT_REQUEST_CAPACITY, CONSENT_TRANSACTION, Consent as AskedConsent, consent_ask,
    consent_given,
)
from fastsfu._native.peer.ice cimport (
    ICE_ANSWER, ICE_ANSWER_SELECTED, ICE_IGNORE, ICE_MAX_PATHS, ICE_PASSWORD_SIZE, ICE_UFRAG_SIZE,
    IceAction, IceAgent, IceCredentials, ice_expired, ice_init, ice_on_request, ice_restart,
)

IGNORE, ANSWER, SELECTED = ICE_IGNORE, ICE_ANSWER, ICE_ANSWER_SELECTED
MAX_PATHS = ICE_MAX_PATHS


cdef Address to_address(tuple where) except *:
    cdef Address address
    cdef bytes packed = ip_address(where[0]).packed
    cdef const unsigned char* ip = packed
    memset(&address, 0, sizeof(address))
    memcpy(address.ip, ip, len(packed))
    address.family = 4 if len(packed) == 4 else 6
    address.port = where[1]
    return address


cdef from_address(const Address* address):
    if address.family == 0:
        return None
    return str(ip_address(bytes(address.ip[:4 if address.family == 4 else 16]))), address.port


cdef IceCredentials to_credentials(bytes ufrag, bytes password, bytes remote_ufrag) except *:
    cdef IceCredentials credentials
    cdef const unsigned char* source
    if len(ufrag) != ICE_UFRAG_SIZE or len(password) != ICE_PASSWORD_SIZE:
        raise ValueError("wrong size of ufrag or password")
    memset(&credentials, 0, sizeof(credentials))
    source = ufrag
    memcpy(credentials.ufrag, source, len(ufrag))
    source = password
    memcpy(credentials.password, source, len(password))
    source = remote_ufrag
    memcpy(credentials.remote_ufrag, source, len(remote_ufrag))
    credentials.remote_ufrag_size = <unsigned short>len(remote_ufrag)
    return credentials


cdef class Ice:
    cdef IceAgent agent

    def __init__(self, ufrag, password, remote_ufrag, now_us=0):
        cdef IceCredentials credentials = to_credentials(ufrag, password, remote_ufrag)
        ice_init(&self.agent, &credentials, now_us)

    def restart(self, ufrag, password, remote_ufrag):
        cdef IceCredentials credentials = to_credentials(ufrag, password, remote_ufrag)
        ice_restart(&self.agent, &credentials)

    def request(self, bytes datagram, source, now_us=0):
        """(action, answer, new path or -1, dropped address or None). What the STUN parser refuses
        is ignored before it comes here, as in the worker."""
        cdef StunMessage message
        cdef unsigned char answer[STUN_SUCCESS_CAPACITY]
        cdef size_t answer_size = 0
        cdef int new_path = -1
        cdef Address dropped, where = to_address(source)
        cdef const unsigned char* data = datagram
        cdef IceAction action
        if stun_parse(data, len(datagram), &message) not in (STUN_OK, STUN_UNKNOWN_REQUIRED):
            return IGNORE, b"", -1, None
        action = ice_on_request(
            &self.agent, data, &message, &where, now_us, answer, &answer_size, &new_path, &dropped)
        return action, bytes(answer[:answer_size]), new_path, from_address(&dropped)

    def expired(self, now_us, timeout_us):
        return bool(ice_expired(&self.agent, now_us, timeout_us))

    @property
    def paths(self):
        return [from_address(&self.agent.paths[i]) for i in range(self.agent.path_count)]

    @property
    def selected(self):
        """The selected address, or None."""
        if self.agent.selected < 0:
            return None
        return from_address(&self.agent.paths[self.agent.selected])

    @property
    def restarting(self):
        return self.agent.next.ufrag[0] != 0

    @property
    def state(self):
        """The whole agent as bytes: to show that nothing changed."""
        return bytes((<const unsigned char*>&self.agent)[:sizeof(self.agent)])


cdef class Consent:
    """What peer/consent asks on behalf of an agent with these credentials."""
    cdef AskedConsent consent
    cdef IceCredentials credentials

    def __init__(self, bytes ufrag, bytes remote_ufrag, bytes remote_password):
        cdef const unsigned char* source = remote_password
        memset(&self.consent, 0, sizeof(self.consent))
        self.credentials = to_credentials(ufrag, b"l" * ICE_PASSWORD_SIZE, remote_ufrag)
        memcpy(self.credentials.remote_password, source, len(remote_password))
        self.credentials.remote_password_size = <unsigned short>len(remote_password)

    def ask(self, where, bytes chance, now_us):
        cdef unsigned char out[CONSENT_REQUEST_CAPACITY]
        cdef unsigned char random[CONSENT_TRANSACTION]
        cdef Address path = to_address(where)
        cdef const unsigned char* source = chance
        memcpy(random, source, CONSENT_TRANSACTION)
        size = consent_ask(&self.consent, &path, &self.credentials, random, now_us, out)
        return bytes(out[:size])

    def given(self, bytes datagram, where):
        cdef StunMessage message
        cdef Address source = to_address(where)
        cdef const unsigned char* data = datagram
        if stun_parse(data, len(datagram), &message) != STUN_OK:
            return False
        return bool(consent_given(&self.consent, data, &message, &source, &self.credentials))
