"""Messages laid out, protected and sent in batches; see egress.pxd."""

from libc.errno cimport errno
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastsfu._native.base.pool cimport buffer_release
from fastsfu._native.base.posix cimport explicit_bzero, map_secret, munmap
from fastsfu._native.crypto.srtp cimport ProtectJob, SrtpContext, srtp_protect
from fastsfu._native.net.socket_address cimport SocketAddress
from fastsfu._native.net.udp cimport Message, UdpSocket, udp_send


cdef int egress_init(Egress* egress) noexcept nogil:
    cdef bint locked
    memset(egress, 0, sizeof(Egress))
    egress.area = <uint8_t*>map_secret(EGRESS_BYTES, &locked)
    return 0 if egress.area != NULL else -errno


cdef void egress_free(Egress* egress) noexcept nogil:
    cdef int i
    for i in range(egress.held_count):
        buffer_release(egress.held[i])
    egress.held_count = 0
    if egress.area != NULL:
        explicit_bzero(egress.area, EGRESS_BYTES)
        munmap(egress.area, EGRESS_BYTES)
        egress.area = NULL


cdef void egress_message(
        Egress* egress, UdpSocket* udp, const SocketAddress* destination, int packets,
        uint32_t bytes) noexcept nogil:
    cdef Message* message
    if (egress.message_count == EGRESS_MESSAGES or egress.job_count + packets > EGRESS_JOBS
            or egress.used + bytes > EGRESS_BYTES):
        egress_flush(egress, udp)
    message = &egress.messages[egress.message_count]
    egress.message_count += 1
    message.destination = destination
    message.data = egress.area + egress.used
    message.size = 0
    message.segment = 0


cdef uint8_t* egress_packet(
        Egress* egress, SrtpContext* context, uint64_t index, uint16_t header_size,
        const uint8_t* payload, uint16_t payload_size) noexcept nogil:
    cdef Message* message = &egress.messages[egress.message_count - 1]
    cdef ProtectJob* job = &egress.jobs[egress.job_count]
    cdef uint8_t* packet = egress.area + egress.used
    cdef uint16_t size = header_size + payload_size + context.tag_size
    egress.job_count += 1
    egress.used += size
    message.size += size
    if message.segment == 0:
        message.segment = size
    job.context = context
    job.index = index
    job.packet = packet
    job.payload = payload
    job.header_size = header_size
    job.payload_size = payload_size
    return packet


cdef uint8_t* egress_in_place(
        Egress* egress, SrtpContext* context, uint64_t index, uint16_t header_size,
        uint16_t payload_size) noexcept nogil:
    return egress_packet(
        egress, context, index, header_size, egress.area + egress.used + header_size, payload_size)


cdef void egress_end(Egress* egress) noexcept nogil:
    if egress.messages[egress.message_count - 1].size == 0:
        egress.message_count -= 1


cdef int egress_fit(Egress* egress) noexcept nogil:
    cdef Message* message = &egress.messages[egress.message_count - 1]
    cdef const ProtectJob* job = &egress.jobs[egress.job_count - 1]
    cdef uint16_t size = job.header_size + job.payload_size + job.context.tag_size
    cdef uint32_t before = message.size - size
    if size <= message.segment and before % message.segment == 0:
        return 0
    message.size = before
    egress.messages[egress.message_count] = message[0]
    message = &egress.messages[egress.message_count]
    egress.message_count += 1
    message.data = job.packet
    message.size = message.segment = size
    return 1


cdef void egress_protected(
        Egress* egress, UdpSocket* udp, const SocketAddress* destination, const uint8_t* data,
        uint16_t size) noexcept nogil:
    cdef Message* message
    egress_message(egress, udp, destination, 0, size)
    message = &egress.messages[egress.message_count - 1]
    memcpy(egress.area + egress.used, data, size)
    egress.used += size
    message.size = message.segment = size


cdef void egress_keep(Egress* egress, UdpSocket* udp, Buffer* buffer) noexcept nogil:
    if egress.held_count == EGRESS_HELD:
        egress_flush(egress, udp)
    egress.held[egress.held_count] = buffer
    egress.held_count += 1


cdef void egress_flush(Egress* egress, UdpSocket* udp) noexcept nogil:
    cdef int i
    if egress.job_count:
        srtp_protect(egress.jobs, egress.job_count)
    if egress.message_count:
        udp_send(udp, egress.messages, egress.message_count)
    for i in range(egress.held_count):
        buffer_release(egress.held[i])
    egress.used = 0
    egress.job_count = 0
    egress.message_count = 0
    egress.held_count = 0
