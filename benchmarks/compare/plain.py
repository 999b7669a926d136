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

import uvicorn
from aioice import stun
from OpenSSL import SSL
from pylibsrtp import Policy, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from benchmarks.load.certificate import Identity
from benchmarks.load.peer import PROFILES

HOST = "127.0.0.1"
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

    def __init__(self, identity: Identity, port: int) -> None:
        self.identity = identity
        self.port = port
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


def app(forwarder: Forwarder) -> Starlette:
    """WHIP and WHEP, without what a browser would ask for besides."""

    async def join(request: Request) -> Response:
        client = forwarder.add(request.path_params["room"], sends="/whip/" in request.url.path)
        sdp = (
            f"a=ice-ufrag:{client.ufrag}\r\na=ice-pwd:{client.password}\r\n"
            f"a=fingerprint:sha-256 {forwarder.identity.fingerprint}\r\n"
            f"a=candidate:1 1 udp 1 {HOST} {forwarder.port} typ host\r\n"
        )
        return PlainTextResponse(sdp, 201, {"location": f"/{client.ufrag}"})

    async def leave(request: Request) -> Response:
        client = forwarder.by_ufrag.pop(request.path_params["ufrag"])
        if client in client.room:
            client.room.remove(client)
        return Response()

    async def ready(_: Request) -> Response:
        return Response()

    return Starlette(
        routes=[
            Route("/", ready),
            Route("/v1/whip/{room}", join, methods=["POST"]),
            Route("/v1/whep/{room}", join, methods=["POST"]),
            Route("/{ufrag}", leave, methods=["DELETE"]),
        ]
    )


async def serve(port: int) -> None:
    """Until told to stop."""
    forwarder = Forwarder(Identity.generate(), port)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: forwarder, local_addr=(HOST, port))
    config = uvicorn.Config(app(forwarder), host=HOST, port=port, log_level="warning")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1])))
