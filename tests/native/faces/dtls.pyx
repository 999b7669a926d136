"""Dtls for the tests: datagrams as bytes. `keys` is test code's view of what no shipped module
returns."""

from libc.stdint cimport uint8_t
from libc.string cimport memset

from fastsfu._native.crypto.dtls cimport (
    Dtls, dtls_close, dtls_error, dtls_free, dtls_handle_timeout, dtls_new, dtls_read, dtls_receive,
    dtls_release, dtls_start, dtls_state, dtls_take, dtls_timeout_us, dtls_write,
)
from fastsfu._native.crypto.dtls_identity cimport (
    DTLS_MAX_DATAGRAM, DtlsIdentity, dtls_identity_free, dtls_identity_new,
)
from fastsfu._native.crypto.dtls_keys cimport SrtpKeys, dtls_export, dtls_peer_matches
from fastsfu._native.crypto.dtls_openssl cimport SSL, DTLS_set_timer_cb
from fastsfu._native.crypto.dtls_records cimport DtlsContent, records_seal
from fastsfu._native.crypto.srtp cimport srtp_key_size, srtp_salt_size

from tests.native.faces.exact cimport exact, free

STATES = ("handshaking", "connected", "closed", "failed")
MAX_DATAGRAM = DTLS_MAX_DATAGRAM


cdef unsigned int short_timeout(SSL* ssl, unsigned int last_us) noexcept nogil:
    return 16000              # OpenSSL takes what is less than 15 ms away for due


cdef class Identity:
    cdef DtlsIdentity* identity

    def __cinit__(self, bytes certificate_pem, bytes private_key_pem):
        self.identity = dtls_identity_new(certificate_pem, private_key_pem)

    def __dealloc__(self):
        if self.identity != NULL:
            dtls_identity_free(self.identity)


cdef void on_data(void* owner, const uint8_t* data, size_t size) noexcept:
    (<Association>owner).read.append(data[:size])


cdef class Association:
    cdef Dtls* dtls
    cdef list read

    def __cinit__(self, Identity identity, bint client=False, bint impatient=False):
        self.dtls = dtls_new(identity.identity, client)
        if impatient:
            DTLS_set_timer_cb(self.dtls.ssl, short_timeout)

    def __dealloc__(self):
        dtls_free(self.dtls)

    def read_data(self):
        """Keep application data from now on, for `data`."""
        self.read = []
        dtls_read(self.dtls, on_data, <void*>self)

    def data(self):
        """The application data that came since the last call, record by record."""
        read, self.read = self.read, []
        return read

    def write(self, bytes data):
        return bool(dtls_write(self.dtls, data, len(data)))

    def seal(self, int content, bytes data):
        """A record of any type, as the peer's library might send it."""
        cdef uint8_t[DTLS_MAX_DATAGRAM] out
        cdef size_t size = records_seal(
            &self.dtls.records, <DtlsContent>content, data, len(data), out, DTLS_MAX_DATAGRAM)
        return out[:size]

    def skip(self, number):
        """Go on with this epoch and sequence number."""
        self.dtls.records.number = number

    def start(self):
        dtls_start(self.dtls)

    def receive(self, bytes datagram):
        cdef uint8_t* copy = exact(datagram)
        state = STATES[dtls_receive(self.dtls, copy, len(datagram))]
        free(copy)
        return state

    def take(self):
        """Every datagram that waits to be sent."""
        cdef uint8_t[DTLS_MAX_DATAGRAM] out
        cdef size_t size
        taken = []
        while True:
            size = dtls_take(self.dtls, out, DTLS_MAX_DATAGRAM)
            if size == 0:
                return taken
            taken.append(out[:size])

    def take_into(self, size_t capacity):
        cdef uint8_t[DTLS_MAX_DATAGRAM] out
        return out[:dtls_take(self.dtls, out, capacity)]

    @property
    def timeout_us(self):
        return dtls_timeout_us(self.dtls)

    def handle_timeout(self):
        return STATES[dtls_handle_timeout(self.dtls)]

    def close(self):
        dtls_close(self.dtls)

    @property
    def state(self):
        return STATES[dtls_state(self.dtls)]

    @property
    def error(self):
        return dtls_error(self.dtls)

    @property
    def early_records(self):
        return self.dtls.early_records

    def peer_matches(self, str algorithm, bytes digest):
        return bool(dtls_peer_matches(self.dtls, algorithm, digest))

    def release(self):
        dtls_release(self.dtls)

    def keys(self):
        """(profile, receive key, receive salt, send key, send salt), or None."""
        cdef SrtpKeys keys
        if dtls_export(self.dtls, &keys) != 0:
            return None
        key_size = srtp_key_size(keys.profile)
        salt_size = srtp_salt_size(keys.profile)
        exported = (
            <int>keys.profile, keys.receive_key[:key_size], keys.receive_salt[:salt_size],
            keys.send_key[:key_size], keys.send_salt[:salt_size])
        memset(&keys, 0, sizeof(keys))
        return exported
