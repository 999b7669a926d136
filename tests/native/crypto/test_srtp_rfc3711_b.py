"""The vectors of RFC 3711 appendix B (B.2 AES-CM key stream, B.3 key derivation), and the first of
RFC 2202 for HMAC-SHA1."""

import hashlib
import hmac
import os

from tests.native.faces.srtp import CryptoSuite, derive

MASTER_KEY = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
MASTER_SALT = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")


def test_b2_key_stream(suite: CryptoSuite) -> None:
    key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    iv = bytes.fromhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000")
    stream = suite.keystream(key, iv, 1044512).hex().upper()
    assert stream[: 3 * 32] == (
        "E03EAD0935C95E80E166B16DD92B4EB4"
        "D23513162B02D0F72A43A2FE4A5F97AB"
        "41E95B3BB0A2E8DD477901E4FCA894C0"
    )
    assert stream[0xFEFF * 32 :] == (
        "EC8CDF7398607CB0F2D21675EA9EA1E4"
        "362B7C3C6773516318A077D7FC5073AE"
        "6A2CC3787889374FBEB4C81B17BA6C44"
    )


def test_b3_key_derivation() -> None:
    assert derive(MASTER_KEY, MASTER_SALT, 0, 16).hex() == "c61e7a93744f39ee10734afe3ff7a087"
    assert derive(MASTER_KEY, MASTER_SALT, 2, 14).hex() == "30cbbc08863d8c85d49db34a9ae1"
    auth = "cebe321f6ff7716b6fd4ab49af256a156d38baa4"
    assert derive(MASTER_KEY, MASTER_SALT, 1, 20).hex() == auth


def test_rfc2202_hmac_sha1(suite: CryptoSuite) -> None:
    assert suite.hmacs([(b"\x0b" * 20, b"Hi There")])[0].hex() == "b617318655057264e28b"


def test_hmac_of_any_length_in_any_lane(suite: CryptoSuite) -> None:
    """Lengths around SHA-1's block size, in batches that fill lanes in every way."""
    for count in [1, 2, 4, 5, 15, 16, 17, 64]:
        texts = [(os.urandom(20), os.urandom((13 * i + count) % 200)) for i in range(count)]
        expected = [hmac.digest(key, text, hashlib.sha1)[:10] for key, text in texts]
        assert suite.hmacs(texts) == expected
