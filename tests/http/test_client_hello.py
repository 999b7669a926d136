"""What a TLS client says first, whole and in pieces, and what is none."""

import ssl
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.http.client_hello import LARGEST, missing, parse


def hello(name: str | None, protocols: list[str]) -> bytes:
    """As OpenSSL says it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if protocols:
        context.set_alpn_protocols(protocols)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_records(data: bytes, size: int) -> bytes:
    """The same handshake message in records of so many bytes."""
    said = data[5:]
    parts = [said[at : at + size] for at in range(0, len(said), size)]
    return b"".join(data[:3] + len(part).to_bytes(2, "big") + part for part in parts)


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
@pytest.mark.parametrize(
    ("name", "protocols"),
    [("calls.example.org", ["acme-tls/1"]), ("Calls.example.org", ["h2", "http/1.1"]), (None, [])],
)
def test_name_and_protocols_are_read(name: str | None, protocols: list[str], size: int) -> None:
    data = in_records(hello(name, protocols), size)
    assert missing(data) == 0
    found = parse(data)
    assert found.server_name == (name or "").lower()
    assert found.protocols == tuple(each.encode() for each in protocols)


@pytest.mark.parametrize("size", [9, 10_000])
def test_what_is_missing_is_known(size: int) -> None:
    whole = in_records(hello("a.example", ["acme-tls/1"]), size)
    for cut in range(len(whole)):
        more = missing(whole[:cut])
        assert 0 < more <= len(whole) - cut
        with pytest.raises(ValueError):
            parse(whole[:cut])


def test_nobody_waits_for_what_is_none_or_too_long() -> None:
    assert missing(b"GET / HTTP/1.1\r\n\r\n") == 0
    assert missing(b"\x16\x03\x01\x00\x04\x02\x00\x00\x00") == 0  # a ServerHello
    assert missing(b"\x16\x03\x01\xff\xff") == 0
    assert missing(b"\x16\x03\x01\x00\x04\x01\xff\xff\xff") == 0
    assert missing(b"\x16\x03\x01\x00\x00" * LARGEST) == 0  # records with nothing in them


@given(st.binary(max_size=400), st.integers(0, 600), st.binary(max_size=40))
def test_whatever_comes_is_a_hello_or_a_value_error(noise: bytes, at: int, patch: bytes) -> None:
    whole = WHOLE[:at] + patch + WHOLE[at + len(patch) :]
    for data in (noise, whole):
        assert 0 <= missing(data) <= LARGEST
        with suppress(ValueError):
            parse(data)


WHOLE = hello("calls.example.org", ["acme-tls/1"])
