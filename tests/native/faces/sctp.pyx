"""Sctp for the tests and the load generator: packets as bytes, what sctp_read found as tuples."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

from fastsfu._native.peer.sctp cimport (
    SCTP_CAME_UP, SCTP_MAX_PACKET, SCTP_MESSAGE, SCTP_NOTHING, SCTP_PEER_RESET, SCTP_RESET_SETTLED,
    SCTP_SENT, SCTP_NO_ROOM, SCTP_TOO_LARGE, SCTP_WENT_DOWN, Sctp, SctpMessage, SctpRead, SctpSend,
    sctp_connect, sctp_free, sctp_handle_timers, sctp_new, sctp_read, sctp_receive, sctp_reset,
    sctp_send, sctp_writable)

from tests.native.faces.exact cimport exact, free

cdef extern from "<usrsctp.h>":
    uint32_t usrsctp_crc32c(void* data, size_t size)

MAX_PACKET = SCTP_MAX_PACKET
NAMES = {
    SCTP_TOO_LARGE: "too large", SCTP_CAME_UP: "up", SCTP_WENT_DOWN: "down",
    SCTP_RESET_SETTLED: "settled",
}


cdef void on_packet(void* owner, const uint8_t* packet, size_t size) noexcept:
    (<Association>owner).packets.append(packet[:size])


cdef class Association:
    cdef Sctp* sctp
    cdef list packets

    def __cinit__(self, uint16_t port=5000, uint32_t max_message=65536):
        self.packets = []
        self.sctp = sctp_new(port, port, max_message, on_packet, <void*>self)

    def __dealloc__(self):
        if self.sctp != NULL:
            sctp_free(self.sctp)

    def close(self):
        sctp_free(self.sctp)
        self.sctp = NULL

    def connect(self):
        return sctp_connect(self.sctp)

    def receive(self, bytes packet):
        cdef uint8_t* copy = exact(packet)
        sctp_receive(self.sctp, copy, len(packet))
        free(copy)

    def take(self):
        """Every packet that waits to be sent."""
        taken, self.packets = self.packets, []
        return taken

    def read(self, int limit=1 << 30):
        """("message", stream, ppid, data), ("reset", streams), or one word."""
        cdef SctpMessage message
        cdef SctpRead found
        events = []
        while self.sctp.ready and len(events) < limit:
            found = sctp_read(self.sctp, &message)
            if found == SCTP_NOTHING:
                break
            if found == SCTP_MESSAGE:
                events.append(
                    ("message", message.stream, message.ppid, message.data[:message.size]))
            elif found == SCTP_PEER_RESET:
                streams = <const uint16_t*>message.data
                events.append(("reset", [streams[i] for i in range(message.size)]))
            else:
                events.append((NAMES[found],))
        return events

    def send(
            self, uint16_t stream, bytes data, uint32_t ppid=53, bint unordered=False,
            int max_retransmits=-1, int lifetime_ms=-1):
        cdef SctpMessage message
        cdef SctpSend result
        message.stream = stream
        message.ppid = ppid
        message.data = data
        message.size = <uint32_t>len(data)
        message.unordered = unordered
        message.max_retransmits = max_retransmits
        message.lifetime_ms = lifetime_ms
        result = sctp_send(self.sctp, &message)
        return "sent" if result == SCTP_SENT else "no room" if result == SCTP_NO_ROOM else "refused"

    @property
    def writable(self):
        return bool(sctp_writable(self.sctp))

    def reset(self, uint16_t stream):
        return bool(sctp_reset(self.sctp, stream))


def checksummed(bytes packet):
    """The packet with the right checksum, so that more than that is looked at."""
    cdef uint32_t crc
    cdef bytes zeroed
    if len(packet) < 12:
        return packet
    zeroed = packet[:8] + bytes(4) + packet[12:]
    crc = usrsctp_crc32c(<char*>zeroed, len(zeroed))
    return packet[:8] + (<bytes>(<char*>&crc)[:4]) + packet[12:]


def handle_timers(uint32_t elapsed_ms):
    sctp_handle_timers(elapsed_ms)
