"""Both ends of a DTLS handshake, and the network between them."""

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from aiortc.rtcdtlstransport import RTCCertificate
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from OpenSSL import SSL

from tests.native.faces.dtls import Association, Identity

GCM_128, GCM_256 = b"SRTP_AEAD_AES_128_GCM", b"SRTP_AEAD_AES_256_GCM"
CM = b"SRTP_AES128_CM_SHA1_80"
CERTIFICATE = RTCCertificate.generateCertificate()
KEY_PEM = CERTIFICATE._key.private_bytes(
    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
)
CERTIFICATE_PEM = CERTIFICATE._cert.public_bytes(Encoding.PEM)
CERTIFICATE_DER = CERTIFICATE._cert.public_bytes(Encoding.DER)
IDENTITY = Identity(CERTIFICATE_PEM, KEY_PEM)


class End(Protocol):
    state: str
    timeout_us: int

    def start(self) -> None: ...
    def receive(self, datagram: bytes) -> str: ...
    def take(self) -> list[bytes]: ...
    def handle_timeout(self) -> str: ...


class PyOpenSSL:
    """Another OpenSSL's DTLS, through pyOpenSSL, with the face of an Association."""

    def __init__(
        self,
        client: bool,
        profiles: bytes | None = CM,
        with_certificate: bool = True,
        large_hello: bool = False,
        ciphers: bytes | None = None,
    ) -> None:
        context = SSL.Context(SSL.DTLS_METHOD)
        if ciphers is not None:
            context.set_cipher_list(ciphers)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        if with_certificate:
            context.use_certificate(CERTIFICATE._cert)
            context.use_privatekey(CERTIFICATE._key)
        if profiles is not None:
            context.set_tlsext_use_srtp(profiles)
        if large_hello:
            context.set_alpn_protos([b"protocol-%06d" % i for i in range(150)])
        self.ssl = SSL.Connection(context)
        self.client = client
        self.state = "handshaking"
        self.data: list[bytes] = []
        if client:
            self.ssl.set_connect_state()
        else:
            self.ssl.set_accept_state()

    def start(self) -> None:
        self._advance()

    def receive(self, datagram: bytes) -> str:
        self.ssl.bio_write(datagram)
        self._advance()
        return self.state

    def _advance(self) -> None:
        try:
            if self.state == "handshaking":
                self.ssl.do_handshake()
                self.state = "connected"
            while True:
                self.data.append(self.ssl.recv(1500))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.state = "closed"
        except SSL.Error:
            self.state = "failed"

    def take(self) -> list[bytes]:
        """A memory BIO runs datagrams together: each record becomes one of its own."""
        return list(records(self._written()))

    def _written(self) -> bytes:
        try:
            return self.ssl.bio_read(1 << 16)
        except SSL.WantReadError:
            return b""

    @property
    def timeout_us(self) -> int:
        left = self.ssl.DTLSv1_get_timeout()
        return -1 if left is None else int(left * 1e6)

    def handle_timeout(self) -> str:
        self.ssl.DTLSv1_handle_timeout()
        return self.state

    def keys(self) -> tuple[bytes, bytes]:
        """(client's key and salt, server's), both as the exporter orders them."""
        profile = self.ssl.get_selected_srtp_profile()
        key, salt = (16, 14) if profile == CM else (32 if profile == GCM_256 else 16, 12)
        material = self.ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        salts = material[2 * key :]
        return material[:key] + salts[:salt], material[key : 2 * key] + salts[salt:]


def records(data: bytes) -> Iterator[bytes]:
    while data:
        size = 13 + int.from_bytes(data[11:13], "big")
        yield data[:size]
        data = data[size:]


def associations(impatient: bool = False) -> tuple[Association, Association]:
    """A client and a server of ours."""
    return Association(IDENTITY, True, impatient), Association(IDENTITY, False, impatient)


Network = Callable[[list[bytes]], list[bytes]]


def shake(client: End, server: End, network: Network = list, timeouts: int = 0) -> None:
    """Exchanges flights until nothing moves; when nothing does, waits for a retransmission timer,
    at most `timeouts` times. `network` gets each flight and returns what arrives of it."""
    client.start()
    ends = [(client, server), (server, client)]
    for _ in range(100 + timeouts):
        moved = False
        for sender, receiver in ends:
            for datagram in network(sender.take()):
                receiver.receive(datagram)
                moved = True
        if moved:
            continue
        if timeouts == 0 or (client.state == server.state == "connected"):
            return
        timeouts -= 1
        await_timer(client, server)


def await_timer(*ends: End) -> None:
    due = [end.timeout_us for end in ends if end.timeout_us >= 0]
    if not due:
        return
    time.sleep(min(due) / 1e6)
    for end in ends:
        if end.timeout_us == 0:
            end.handle_timeout()
