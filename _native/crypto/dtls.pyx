"""One SSL for each association until its handshake is done. All of its input and output goes
through the BIO at the end of this file."""

from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy
from posix.time cimport timeval

from fastsfu._native.base.posix cimport explicit_bzero
from fastsfu._native.base.wire cimport read_u16, read_u24, write_u16, write_u32
from fastsfu._native.crypto.dtls_guard cimport guard_admits
from fastsfu._native.crypto.dtls_openssl cimport (
    BIO, BIO_CTRL_FLUSH, BIO_METHOD, BIO_TYPE_SOURCE_SINK, SSL_ERROR_WANT_READ,
    SSL_ERROR_WANT_WRITE, SSL_ERROR_ZERO_RETURN, TLS_ST_CR_CHANGE, TLS_ST_SR_CHANGE,
    BIO_clear_retry_flags, BIO_free, BIO_get_data, BIO_get_new_index, BIO_meth_new,
    BIO_meth_set_ctrl, BIO_meth_set_read, BIO_meth_set_write, BIO_new, BIO_set_data, BIO_set_init,
    BIO_set_retry_read, DTLS_set_timer_cb, DTLSv1_get_timeout, DTLSv1_handle_timeout,
    ERR_clear_error, ERR_peek_error, ERR_reason_error_string, SSL_alert_desc_string_long,
    SSL_do_handshake, SSL_free, SSL_get_error, SSL_get_state, SSL_new, SSL_read,
    SSL_set_accept_state, SSL_set_bio, SSL_set_connect_state, SSL_set_mtu,
)
from fastsfu._native.crypto.dtls_records cimport (
    DTLS_ALERT, DTLS_CHANGE_CIPHER_SPEC, DTLS_DATA, DTLS_HANDSHAKE, DTLS_MAX_RECORD,
    DTLS_RECORD_HEADER, RECORD_FORGED, DtlsContent, records_derive, records_note, records_open,
    records_seal,
)

cdef enum:
    MAX_EARLY = 8             # OpenSSL 3.0.2 keeps a hundred of them, each in 16 KiB
    FIRST_TIMEOUT_US = 100000
    LAST_TIMEOUT_US = 3200000

    CLOSE_NOTIFY = 0
    WARNING = 1
    FATAL = 2
    FINISHED = 20
    FINISHED_HEADER = 12      # of a handshake message (RFC 6347 section 4.2.2)
    FINISHED_BYTES = 24       # with what it proves (RFC 5246 section 7.4.9)


cdef Dtls* dtls_new(DtlsIdentity* identity, bint client) except NULL:
    cdef Dtls* dtls = <Dtls*>calloc(1, sizeof(Dtls))
    cdef BIO* bio = BIO_new(datagram_method)
    if dtls != NULL:
        dtls.ssl = SSL_new(identity.client if client else identity.server)
    if dtls == NULL or bio == NULL or dtls.ssl == NULL:
        BIO_free(bio)
        dtls_free(dtls)
        raise MemoryError
    dtls.client = client
    BIO_set_data(bio, dtls)
    BIO_set_init(bio, 1)
    SSL_set_bio(dtls.ssl, bio, bio)
    SSL_set_mtu(dtls.ssl, DTLS_MAX_DATAGRAM)
    DTLS_set_timer_cb(dtls.ssl, next_timeout)
    if client:
        SSL_set_connect_state(dtls.ssl)
    else:
        SSL_set_accept_state(dtls.ssl)
    return dtls


cdef unsigned int next_timeout(SSL* ssl, unsigned int last_us) noexcept nogil:
    """Shorter than RFC 6347's second: both ends are a call's, and somebody waits for it."""
    if last_us == 0:
        return FIRST_TIMEOUT_US
    return LAST_TIMEOUT_US if last_us > LAST_TIMEOUT_US // 2 else 2 * last_us


cdef void dtls_free(Dtls* dtls) noexcept:
    if dtls == NULL:
        return
    SSL_free(dtls.ssl)
    free(dtls.queue)
    explicit_bzero(dtls, sizeof(Dtls))
    free(dtls)


cdef void dtls_start(Dtls* dtls) noexcept:
    advance(dtls)


cdef DtlsState dtls_receive(Dtls* dtls, const uint8_t* datagram, size_t size) noexcept:
    """Record by record: whether one comes before its keys depends on those ahead of it. A tail
    that is no whole record is dropped (RFC 6347 section 4.1.2.7)."""
    cdef size_t at = 0
    cdef size_t record
    cdef bint again = False
    while at + DTLS_RECORD_HEADER <= size and dtls.state < DTLS_CLOSED:
        record = DTLS_RECORD_HEADER + read_u16(datagram + at + 11)
        if record > size - at:
            break
        if dtls.state == DTLS_CONNECTED:
            if not read_record(dtls, datagram + at, record, &again):
                break
        elif admit(dtls, datagram + at, record):
            dtls.record = datagram + at
            dtls.record_size = record
            advance(dtls)
            dtls.record = NULL
        at += record
    if again:
        # It has not got our last flight (RFC 6347 section 4.2.4): the very same records, so that
        # they count once however often they come.
        queue(dtls, dtls.flight, dtls.flight_size)
    return dtls.state


cdef bint admit(Dtls* dtls, const uint8_t* record, size_t size) noexcept:
    """False for what need not be the peer's, and for encrypted records beyond those that may wait
    for their keys: until it has proved something, what OpenSSL would keep of it is bounded here.
    """
    if read_u16(record + 3) == 0:     # epoch
        return guard_admits(record, size, dtls.client)
    if has_read_keys(dtls.ssl):
        return True
    if dtls.early_records == MAX_EARLY:
        return False
    dtls.early_records += 1
    return True


cdef bint has_read_keys(SSL* ssl) noexcept:
    """ChangeCipherSpec has been read."""
    cdef int state = SSL_get_state(ssl)
    return state == TLS_ST_SR_CHANGE or state == TLS_ST_CR_CHANGE


cdef void advance(Dtls* dtls) noexcept:
    cdef uint8_t[DTLS_MAX_RECORD] data
    cdef int result
    if dtls.state != DTLS_HANDSHAKING:
        return
    ERR_clear_error()
    result = SSL_do_handshake(dtls.ssl)
    if result == 1:
        connect(dtls)
    # What came before its keys: a goodbye perhaps.
    while result > 0 and dtls.state == DTLS_CONNECTED:
        result = SSL_read(dtls.ssl, data, sizeof(data))
    if result <= 0:
        conclude(dtls, result)


cdef void connect(Dtls* dtls) noexcept:
    dtls.state = DTLS_CONNECTED
    if records_derive(&dtls.records, dtls.ssl, dtls.client) < 0:
        dtls.state = DTLS_FAILED
        dtls.error = "no keys for its records"


cdef void conclude(Dtls* dtls, int result) noexcept:
    cdef int error = SSL_get_error(dtls.ssl, result)
    if error == SSL_ERROR_WANT_READ or error == SSL_ERROR_WANT_WRITE:
        return
    if error == SSL_ERROR_ZERO_RETURN:
        dtls.state = DTLS_CLOSED
        return
    dtls.state = DTLS_FAILED
    dtls.error = ERR_reason_error_string(ERR_peek_error())
    ERR_clear_error()


cdef bint read_record(Dtls* dtls, const uint8_t* record, size_t size, bint* again) noexcept:
    """What is not authentic is dropped (RFC 6347 section 4.1.2.7). False: it is forged, and so is
    the datagram: to find that out of each of its records would cost us more than its sender.
    `again`: its sender asks for our last flight.
    """
    cdef uint8_t[DTLS_MAX_RECORD] data
    cdef int count = records_open(&dtls.records, record, size, data)
    if count <= 0:
        return count != RECORD_FORGED
    if record[0] == DTLS_DATA:
        if dtls.reader != NULL:
            dtls.reader(dtls.owner, data, count)
    elif record[0] == DTLS_ALERT:
        if count == 2:
            read_alert(dtls, data[0], data[1])
    elif record[0] == DTLS_HANDSHAKE and is_finished(data, count):
        again[0] = True
    return True


cdef bint is_finished(const uint8_t* message, int size) noexcept:
    """A whole one: of its length, and in one fragment."""
    return (
        size == FINISHED_BYTES and message[0] == FINISHED
        and read_u24(message + 1) == FINISHED_BYTES - FINISHED_HEADER
        and read_u24(message + 9) == FINISHED_BYTES - FINISHED_HEADER)


cdef void read_alert(Dtls* dtls, uint8_t level, uint8_t description) noexcept:
    """RFC 5246 section 7.2; what is neither the end nor fatal changes nothing."""
    if description == CLOSE_NOTIFY:
        dtls.state = DTLS_CLOSED
    elif level == FATAL:
        dtls.state = DTLS_FAILED
        dtls.error = SSL_alert_desc_string_long(description)


cdef size_t dtls_take(Dtls* dtls, uint8_t* out, size_t capacity) noexcept:
    cdef uint16_t size
    if dtls.queue_start == dtls.queue_end:
        return 0
    size = read_u16(dtls.queue + dtls.queue_start)
    if size > capacity:
        return 0
    memcpy(out, dtls.queue + dtls.queue_start + 2, size)
    dtls.queue_start += 2 + size
    if dtls.queue_start == dtls.queue_end:
        free(dtls.queue)
        dtls.queue = NULL
        dtls.queue_start = dtls.queue_end = dtls.queue_capacity = 0
    return size


cdef int64_t dtls_timeout_us(Dtls* dtls) noexcept:
    cdef timeval left
    if dtls.state != DTLS_HANDSHAKING or DTLSv1_get_timeout(dtls.ssl, &left) != 1:
        return -1
    return <int64_t>left.tv_sec * 1000000 + left.tv_usec


cdef DtlsState dtls_handle_timeout(Dtls* dtls) noexcept:
    cdef int result
    if dtls.state != DTLS_HANDSHAKING:
        return dtls.state
    ERR_clear_error()
    result = DTLSv1_handle_timeout(dtls.ssl)
    if result < 0:
        conclude(dtls, result)
    return dtls.state


cdef void dtls_close(Dtls* dtls) noexcept:
    cdef uint8_t[2] alert
    alert[0] = WARNING
    alert[1] = CLOSE_NOTIFY
    if dtls.state == DTLS_CONNECTED:
        send(dtls, DTLS_ALERT, alert, sizeof(alert))
    if dtls.state != DTLS_FAILED:
        dtls.state = DTLS_CLOSED


cdef void dtls_read(Dtls* dtls, DtlsReader reader, void* owner) noexcept:
    dtls.reader = reader
    dtls.owner = owner


cdef bint dtls_write(Dtls* dtls, const uint8_t* data, size_t size) noexcept:
    if dtls.state != DTLS_CONNECTED or size > DTLS_MAX_DATA:
        return False
    return send(dtls, DTLS_DATA, data, size)


cdef bint send(Dtls* dtls, DtlsContent type, const uint8_t* data, size_t size) noexcept:
    cdef uint8_t[DTLS_MAX_DATAGRAM] datagram
    size = records_seal(&dtls.records, type, data, size, datagram, DTLS_MAX_DATAGRAM)
    queue(dtls, datagram, <uint32_t>size)
    return size > 0


cdef DtlsState dtls_state(const Dtls* dtls) noexcept:
    return dtls.state


cdef str dtls_error(const Dtls* dtls):
    if dtls.state != DTLS_FAILED:
        return ""
    return dtls.error.decode("ascii", "replace") if dtls.error != NULL else "DTLS failed"


cdef void dtls_release(Dtls* dtls) noexcept:
    if dtls.state != DTLS_HANDSHAKING:
        SSL_free(dtls.ssl)       # wipes the master secret
        dtls.ssl = NULL


cdef BIO_METHOD* new_method() noexcept:
    cdef BIO_METHOD* method = BIO_meth_new(
        BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fastsfu datagrams")
    if method != NULL:
        BIO_meth_set_write(method, bio_write)
        BIO_meth_set_read(method, bio_read)
        BIO_meth_set_ctrl(method, bio_ctrl)
    return method


cdef int bio_write(BIO* bio, const char* data, int size) noexcept nogil:
    """One call is one datagram; one that finds no room is lost, as on any network."""
    cdef Dtls* dtls = <Dtls*>BIO_get_data(bio)
    BIO_clear_retry_flags(bio)
    if size <= 0 or size > DTLS_MAX_DATAGRAM:
        return -1
    queue(dtls, <const uint8_t*>data, size)
    records_note(&dtls.records, <const uint8_t*>data, size)
    if not dtls.client:
        keep_last_flight(dtls, <const uint8_t*>data, size)
    return size


cdef void keep_last_flight(Dtls* dtls, const uint8_t* datagram, uint32_t size) noexcept nogil:
    """A server's: ChangeCipherSpec and Finished, whether in one datagram or in two."""
    if datagram[0] == DTLS_CHANGE_CIPHER_SPEC:
        dtls.flight_size = 0
    elif datagram[0] != DTLS_HANDSHAKE or read_u16(datagram + 3) != 1:
        return
    if dtls.flight_size + size <= DTLS_MAX_FLIGHT:
        memcpy(dtls.flight + dtls.flight_size, datagram, size)
        dtls.flight_size += <uint8_t>size


cdef void queue(Dtls* dtls, const uint8_t* datagram, uint32_t size) noexcept nogil:
    """Or lose it, where there is no room."""
    if size and reserve(dtls, 2 + size):
        write_u16(dtls.queue + dtls.queue_end, <uint16_t>size)
        memcpy(dtls.queue + dtls.queue_end + 2, datagram, size)
        dtls.queue_end += 2 + size


cdef bint reserve(Dtls* dtls, uint32_t size) noexcept nogil:
    cdef uint32_t needed = dtls.queue_end + size
    cdef uint8_t* grown
    if needed <= dtls.queue_capacity:
        return True
    if needed > DTLS_MAX_QUEUED:
        return False
    needed += DTLS_MAX_DATAGRAM          # a flight is two or three
    grown = <uint8_t*>realloc(dtls.queue, needed)
    if grown == NULL:
        return False
    dtls.queue = grown
    dtls.queue_capacity = needed
    return True


cdef int bio_read(BIO* bio, char* out, int capacity) noexcept nogil:
    cdef Dtls* dtls = <Dtls*>BIO_get_data(bio)
    cdef int size = <int>dtls.record_size
    BIO_clear_retry_flags(bio)
    if dtls.record == NULL:
        BIO_set_retry_read(bio)
        return -1
    if size > capacity:
        size = capacity
    memcpy(out, dtls.record, size)
    if read_u16(dtls.record + 3) == 0:
        # Without a key the numbers are anybody's: one that leaps ahead would make OpenSSL's replay
        # window drop the peer's own. Messages have numbers of their own.
        dtls.plain_records += 1
        write_u16(<uint8_t*>out + 5, 0)
        write_u32(<uint8_t*>out + 7, dtls.plain_records)
    dtls.record = NULL
    return size


cdef long bio_ctrl(BIO* bio, int command, long number, void* pointer) noexcept nogil:
    return 1 if command == BIO_CTRL_FLUSH else 0


cdef BIO_METHOD* datagram_method = new_method()
