"""The vectors of RFC 7714: section 16 (SRTP) and 17 (SRTCP, encrypted and tagged only)."""

import pytest

from tests.native.faces.srtp import CryptoContext, CryptoSuite

SALT = b"Quid pro quo"
RTP = bytes.fromhex("8040f17b8041f8d35501a0b2") + b"Gallia est omnis divisa in partes tres"
SRTP = {
    7: "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b"
    "36de3adf8833899d7f27beb16a9152cf765ee4390cce",
    8: "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f"
    "1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
}
# What sections 17.1 to 17.4 work on; the text before them prints another packet.
RTCP = bytes.fromhex(
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
)
INDEX = 0x5D4
SRTCP = {
    7: "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b46"
    "86303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4",
    8: "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658"
    "c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
}
TAGGED = RTCP + bytes.fromhex("841dd9683dd78ec92ae58790125f62b3000005d4")  # 17.3


def session(suite: CryptoSuite, profile: int) -> CryptoContext:
    """The vectors name session keys, not a master key."""
    size = 16 if profile == 7 else 32
    context = CryptoContext(suite, profile, bytes(size), bytes(12))
    context.use_session_keys(bytes(range(size)), SALT)
    return context


@pytest.mark.parametrize("profile", [7, 8])
def test_section_16_srtp(suite: CryptoSuite, profile: int) -> None:
    protected = bytes.fromhex(SRTP[profile])
    context = session(suite, profile)
    assert context.protect([(0xF17B, RTP[:12], RTP[12:])]) == [protected]
    assert context.unprotect(protected) == (0xF17B, RTP)


@pytest.mark.parametrize("profile", [7, 8])
def test_section_17_srtcp(suite: CryptoSuite, profile: int) -> None:
    protected = bytes.fromhex(SRTCP[profile])
    context = session(suite, profile)
    context.set_rtcp_index(INDEX)
    assert context.protect_rtcp(RTCP) == protected
    assert context.unprotect_rtcp(protected) == RTCP


def test_section_17_3_tagged_only(suite: CryptoSuite) -> None:
    assert session(suite, 7).unprotect_rtcp(TAGGED) == RTCP
