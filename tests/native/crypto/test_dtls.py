"""The handshake: who agrees on what, which keys come out, and how it ends."""

import hashlib
import random

import pytest

from tests.native.crypto.dtls_peers import (
    CERTIFICATE_DER,
    CERTIFICATE_PEM,
    CM,
    GCM_128,
    GCM_256,
    IDENTITY,
    KEY_PEM,
    PyOpenSSL,
    associations,
    shake,
)
from tests.native.faces.dtls import MAX_DATAGRAM, Association, Identity

PROFILE_NUMBERS = {CM: 1, GCM_128: 7, GCM_256: 8}


def connected() -> tuple[Association, Association]:
    client, server = associations()
    shake(client, server)
    assert client.state == server.state == "connected"
    return client, server


def test_both_ends_have_the_same_keys() -> None:
    client, server = connected()
    profile, receive_key, receive_salt, send_key, send_salt = client.keys()
    assert profile == 7
    assert server.keys() == (7, send_key, send_salt, receive_key, receive_salt)
    assert len({receive_key, send_key, bytes(16)}) == 3
    assert client.timeout_us == server.timeout_us == -1


def test_no_keys_before_the_handshake_is_done() -> None:
    client, server = associations()
    client.start()
    for datagram in client.take():
        server.receive(datagram)
    assert client.keys() is None
    assert server.keys() is None


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (CM, CM),
        (CM + b":" + GCM_128, GCM_128),
        (CM + b":" + GCM_256, GCM_256),
        (CM + b":" + GCM_256 + b":" + GCM_128, GCM_128),
        (GCM_256 + b":" + GCM_128, GCM_128),
        (GCM_256, GCM_256),
    ],
)
def test_the_server_prefers(offered: bytes, chosen: bytes) -> None:
    """AEAD_AES_128_GCM, AEAD_AES_256_GCM, AES128_CM_SHA1_80, whatever the client puts first."""
    client, server = PyOpenSSL(True, offered), Association(IDENTITY)
    shake(client, server)
    assert client.ssl.get_selected_srtp_profile() == chosen
    profile, receive_key, receive_salt, send_key, send_salt = server.keys()
    assert profile == PROFILE_NUMBERS[chosen]
    assert client.keys() == (receive_key + receive_salt, send_key + send_salt)


@pytest.mark.parametrize("profile", PROFILE_NUMBERS)
def test_as_client(profile: bytes) -> None:
    client, server = Association(IDENTITY, True), PyOpenSSL(False, profile)
    shake(client, server)
    number, receive_key, receive_salt, send_key, send_salt = client.keys()
    assert number == PROFILE_NUMBERS[profile]
    assert server.keys() == (send_key + send_salt, receive_key + receive_salt)


def test_without_srtp_there_are_no_keys() -> None:
    client, server = PyOpenSSL(True, None), Association(IDENTITY)
    shake(client, server)
    assert server.state == "connected"
    assert server.keys() is None


def test_a_client_must_have_a_certificate() -> None:
    client, server = PyOpenSSL(True, with_certificate=False), Association(IDENTITY)
    shake(client, server)
    assert server.state == "failed"
    assert server.error == "peer did not return a certificate"
    assert server.keys() is None


def test_fingerprint() -> None:
    client, server = connected()
    for name in ("sha256", "sha384", "sha512"):
        digest, algorithm = hashlib.new(name, CERTIFICATE_DER).digest(), f"sha-{name[3:]}"
        for end in (client, server):
            assert end.peer_matches(algorithm, digest)
            assert end.peer_matches(algorithm.upper(), digest)
            assert not end.peer_matches(algorithm, digest[:-1])
            assert not end.peer_matches(algorithm, digest[:-1] + bytes([digest[-1] ^ 1]))
            assert not end.peer_matches(algorithm, digest + b"\0")
    assert not client.peer_matches("sha-1", hashlib.sha1(CERTIFICATE_DER).digest())
    assert not client.peer_matches("md5", hashlib.md5(CERTIFICATE_DER).digest())
    assert not client.peer_matches("", b"")


def test_fingerprint_before_there_is_a_certificate() -> None:
    client, _ = associations()
    assert not client.peer_matches("sha-256", hashlib.sha256(CERTIFICATE_DER).digest())


def test_close() -> None:
    client, server = connected()
    client.close()
    assert client.state == "closed"
    (goodbye,) = client.take()
    assert server.receive(goodbye) == "closed"
    assert server.keys() is None
    assert server.receive(goodbye) == "closed"
    assert server.timeout_us == -1


def test_what_is_released_gives_nothing_away_again() -> None:
    """What a call still needs of it needs none of that: the goodbye goes out."""
    client, server = connected()
    server.release()
    assert server.keys() is None
    assert not server.peer_matches("sha-256", hashlib.sha256(CERTIFICATE_DER).digest())
    server.release()
    assert (server.state, server.error, server.timeout_us) == ("connected", "", -1)
    assert server.handle_timeout() == "connected"
    server.close()
    assert client.receive(server.take()[0]) == "closed"


def test_a_handshake_is_not_released() -> None:
    client, server = associations()
    client.start()
    client.release()
    server.release()
    shake(client, server)
    assert client.keys() is not None
    assert server.keys() is not None


def test_a_released_client_that_is_started_again_goes_on() -> None:
    """A transport's path may be found anew."""
    client, server = connected()
    client.release()
    client.start()
    assert (client.state, client.take()) == ("connected", [])
    server.close()
    assert client.receive(server.take()[0]) == "closed"
    client.start()
    assert (client.state, client.take()) == ("closed", [])


def test_close_before_connected() -> None:
    client, server = associations()
    client.start()
    server.receive(client.take()[0])
    server.close()
    assert server.state == "closed"
    assert server.receive(b"\x16" * 100) == "closed"
    assert server.handle_timeout() == "closed"


def test_application_data_is_nobodys() -> None:
    client, server = PyOpenSSL(True), Association(IDENTITY)
    shake(client, server)
    for size in (1, 1000, 1200):
        client.ssl.send(b"x" * size)
        for datagram in client.take():
            assert server.receive(datagram) == "connected"
    assert server.take() == []


def test_no_renegotiation() -> None:
    client, server = PyOpenSSL(True), Association(IDENTITY)
    shake(client, server)
    before = server.keys()
    if client.ssl.get_protocol_version_name() == "DTLSv1.2" and client.ssl.renegotiate():
        client._advance()
        for datagram in client.take():
            server.receive(datagram)
    assert server.state == "connected"
    assert server.keys() == before


def test_datagrams_are_small() -> None:
    sizes: list[int] = []

    def network(flight: list[bytes]) -> list[bytes]:
        sizes.extend(map(len, flight))
        return flight

    shake(*associations(), network)
    assert len(sizes) <= 6  # flights, not records
    assert max(sizes) <= MAX_DATAGRAM


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_garbage(when: str) -> None:
    """Datagrams of the DTLS kind (RFC 7983) with nothing sensible in them."""
    chance = random.Random(7)
    client, server = associations()

    def disturb() -> None:
        for _ in range(500):
            garbage = bytes([chance.randrange(20, 64)]) + chance.randbytes(chance.randrange(200))
            server.receive(garbage)
            client.receive(garbage)

    def network(flight: list[bytes]) -> list[bytes]:
        if when == "during":
            disturb()
        return flight

    if when == "before":
        disturb()
    shake(client, server, network)
    if when == "after":
        disturb()
    assert client.state == server.state == "connected"
    assert server.keys()[1:3] == client.keys()[3:5]


def test_nothing_to_take_where_there_is_no_room() -> None:
    client, _ = associations()
    client.start()
    assert client.take_into(20) == b""
    assert len(client.take()) == 1


@pytest.mark.parametrize(
    ("certificate", "key", "why"),
    [
        (b"", b"", "no start line"),
        (CERTIFICATE_PEM, b"", "no start line|unsupported"),
        (CERTIFICATE_PEM, CERTIFICATE_PEM, "."),
        (KEY_PEM, KEY_PEM, "no start line"),
        (CERTIFICATE_PEM[:200], KEY_PEM, "."),
    ],
)
def test_unreadable_identity(certificate: bytes, key: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why) as failure:
        Identity(certificate, key)
    assert "PRIVATE" not in str(failure.value)


def test_key_of_another_certificate() -> None:
    from aiortc.rtcdtlstransport import RTCCertificate
    from cryptography.hazmat.primitives.serialization import Encoding

    other = RTCCertificate.generateCertificate()._cert.public_bytes(Encoding.PEM)
    with pytest.raises(ValueError, match="key values mismatch"):
        Identity(other, KEY_PEM)
