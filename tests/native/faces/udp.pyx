"""Face of net/udp for the tests: bytes and addresses in and out."""

from libc.stdint cimport uint16_t
from libc.string cimport memset

from fastsfu._native.base.address cimport Address
from fastsfu._native.net.socket_address cimport (
    Destination, LocalAddress, SocketAddress, destination_settle, socket_address,
)
from fastsfu._native.net.udp cimport (
    Datagram, Message, UdpSocket, udp_close, udp_next, udp_open, udp_receive, udp_send,
    udp_send_one,
)


cdef class Udp:
    cdef UdpSocket udp
    cdef LocalAddress local
    cdef Destination destination

    def __cinit__(self, str host="127.0.0.1", uint16_t port=0, bint gso=True, bint gro=True):
        cdef int error = udp_open(&self.udp, host.encode(), port, gso, gro)
        if error:
            raise OSError(-error, "udp_open")

    def __dealloc__(self):
        udp_close(&self.udp)

    @property
    def port(self):
        return self.udp.port

    @property
    def gso(self):
        return self.udp.gso

    @property
    def counters(self):
        return {
            "messages_sent": self.udp.messages_sent, "datagrams_sent": self.udp.datagrams_sent,
            "gso_refused": self.udp.gso_refused, "send_errors": self.udp.send_errors,
        }

    def receive(self):
        """[(data, (family, ip, port))] of one batch. What is sent later leaves from where the last
        one came to.
        """
        cdef Datagram datagram
        found = []
        udp_receive(&self.udp)
        while udp_next(&self.udp, &datagram):
            ip = bytes(datagram.source.ip[:4 if datagram.source.family == 4 else 16])
            self.local = datagram.local
            source = (datagram.source.family, ip, datagram.source.port)
            found.append((datagram.data[:datagram.size], source))
        return found

    def send(self, messages):
        """messages: [(ip bytes, port, data, segment)], all in one udp_send."""
        cdef Message out[32]
        cdef SocketAddress to[32]
        cdef bytes data
        for i, (ip, port, data, segment) in enumerate(messages):
            self.resolve(ip, port, &to[i])
            out[i].destination = &to[i]
            out[i].data = data
            out[i].size = <unsigned int>len(data)
            out[i].segment = segment
        udp_send(&self.udp, out, <int>len(messages))

    def settles(self, ip, port, now_us=0):
        """Is the source of what goes there left to the kernel? And when was it asked?"""
        cdef SocketAddress to
        self.resolve(ip, port, &to)
        destination_settle(&self.destination, &to, now_us)
        return self.destination.address.local.family == 0, self.destination.settled_us

    def send_settled(self, bytes data, uint16_t segment):
        """One message to where `settles` was asked about last."""
        cdef Message message
        message.destination = &self.destination.address
        message.data = data
        message.size = <unsigned int>len(data)
        message.segment = segment
        udp_send(&self.udp, &message, 1)

    def send_one(self, ip, port, bytes data):
        cdef SocketAddress to
        self.resolve(ip, port, &to)
        udp_send_one(&self.udp, &to, data, <unsigned int>len(data))

    cdef resolve(self, bytes ip, uint16_t port, SocketAddress* out):
        cdef Address address
        memset(&address, 0, sizeof(address))
        address.family = 4 if len(ip) == 4 else 6
        for i, byte in enumerate(ip):
            address.ip[i] = byte
        address.port = port
        socket_address(self.udp.dual_stack, &address, &self.local, out)
