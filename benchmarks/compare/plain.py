"""The forwarder that a Python team would write today: asyncio on uvloop, pyOpenSSL, pylibsrtp.

WHIP and WHEP, ICE-lite, DTLS, SRTP; each packet is unprotected, protected for each receiver and
sent in Python. It leaves out what a real server needs (integrity of checks, RTCP, numbering,
rights): less work than ours. `python -m benchmarks.compare.plain PORT` serves HTTP on TCP PORT and
media on UDP PORT, on loopback.
"""

import asyncio
import secrets
import sys
from dataclasses import dataclass, field
from typing import Any

from aioice import stun
from OpenSSL import SSL
from pylibsrtp import Policy, Session

from benchmarks.compare import whip
from benchmarks.load.certificate import Identity
from benchmarks.load.peer import PROFILES

Address = tuple[str, int]


@dataclass
class Client:
    """One sender or receiver."""

    room: list["Client"]
    sends: bool
    association: SSL.Connection
    ufrag: str = field(default_factory=lambda: secrets.token_hex(4))
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    address: Address | None = None
    inbound: Session | None = None
    outbound: Session | None = None


class Forwarder(asyncio.DatagramProtocol):
    """All clients on one UDP socket."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.rooms: dict[str, list[Client]] = {}
        self.by_ufrag: dict[str, Client] = {}
        self.by_address: dict[Address, Client] = {}
        context = SSL.Context(SSL.DTLS_METHOD)
        context.use_certificate(identity.certificate)
        context.use_privatekey(identity.key)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.set_tlsext_use_srtp(b":".join(name for name, *_ in PROFILES.values()))
        self.context = context

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def add(self, room: str, *, sends: bool) -> Client:
        """A client that is to connect."""
        association = SSL.Connection(self.context)
        association.set_ciphertext_mtu(1200)
        association.set_accept_state()
        client = Client(self.rooms.setdefault(room, []), sends, association)
        self.by_ufrag[client.ufrag] = client
        if not sends:
            client.room.append(client)
        return client

    def remove(self, ufrag: str) -> None:
        """Somebody leaves."""
        client = self.by_ufrag.pop(ufrag)
        if client in client.room:
            client.room.remove(client)

    def datagram_received(self, data: bytes, address: Address) -> None:
        first = data[0]
        if first < 4:
            self._on_stun(data, address)
            return
        client = self.by_address.get(address)
        if client is None:
            return
        if first < 64:
            self._on_dtls(client, data)
        elif client.inbound and client.sends and not 64 <= data[1] & 0x7F < 96:
            self._forward(client, client.inbound.unprotect(data))

    def _forward(self, sender: Client, packet: bytes) -> None:
        for receiver in sender.room:
            if receiver.outbound:
                self.transport.sendto(receiver.outbound.protect(packet), receiver.address)

    def _on_stun(self, data: bytes, address: Address) -> None:
        request = stun.parse_message(data)
        client = self.by_ufrag.get(request.attributes["USERNAME"].split(":")[0])
        if client is None:
            return
        client.address = address
        self.by_address[address] = client
        reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        reply.attributes["XOR-MAPPED-ADDRESS"] = address
        reply.add_message_integrity(client.password.encode())
        reply.add_fingerprint()
        self.transport.sendto(bytes(reply), address)

    def _on_dtls(self, client: Client, data: bytes) -> None:
        client.association.bio_write(data)
        try:
            client.association.do_handshake()
            self._set_keys(client)
        except SSL.WantReadError:
            pass
        try:
            while True:
                self.transport.sendto(client.association.bio_read(1500), client.address)
        except SSL.WantReadError:
            pass

    def _set_keys(self, client: Client) -> None:
        """RFC 5764 section 4.2."""
        chosen = client.association.get_selected_srtp_profile()
        _, profile, key, salt = next(each for each in PROFILES.values() if each[0] == chosen)
        keys = client.association.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        theirs = keys[:key] + keys[2 * key : 2 * key + salt]
        ours = keys[key : 2 * key] + keys[2 * key + salt :]
        client.inbound = Session(Policy(theirs, Policy.SSRC_ANY_INBOUND, srtp_profile=profile))
        client.outbound = Session(Policy(ours, Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))


async def serve(port: int) -> None:
    """Until told to stop."""
    forwarder = Forwarder(Identity.generate())
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: forwarder, local_addr=(whip.HOST, port))

    async def join(room: str, _: str, sends: bool) -> tuple[str, str]:
        client = forwarder.add(room, sends=sends)
        fingerprint = forwarder.identity.fingerprint
        described = whip.describe(client.ufrag, client.password, fingerprint, whip.HOST, port)
        return client.ufrag, described

    async def leave(ufrag: str) -> None:
        forwarder.remove(ufrag)

    await whip.serve(join, leave, port)


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1])))
