"""H.264's payload format (RFC 6184): which configurations a receiver of another one can take."""

import re
from collections.abc import Mapping

_DEFAULT = "42000a"  # section 8.1: Baseline at level 1

# Table 5: profile_idc, mask and value of the profile-iop byte. First match wins.
_PROFILES = (
    ("constrained-baseline", 0x42, 0b0100_1111, 0b0100_0000),
    ("constrained-baseline", 0x4D, 0b1000_1111, 0b1000_0000),
    ("constrained-baseline", 0x58, 0b1100_1111, 0b1100_0000),
    ("baseline", 0x42, 0b0100_1111, 0b0000_0000),
    ("baseline", 0x58, 0b1100_1111, 0b1000_0000),
    ("main", 0x4D, 0b1010_1111, 0b0000_0000),
    ("extended", 0x58, 0b1100_1111, 0b0000_0000),
    ("constrained-high", 0x64, 0b1111_1111, 0b0000_1100),
    ("high", 0x64, 0b1111_1111, 0b0000_0000),
)

# What a decoder of a profile decodes besides its own (H.264 annex A.2).
_INCLUDES = {
    "baseline": ("constrained-baseline",),
    "main": ("constrained-baseline",),
    "extended": ("constrained-baseline", "baseline", "main"),
    "constrained-high": ("constrained-baseline",),
    "high": ("constrained-baseline", "main", "constrained-high"),
}


def mode(fmtp: Mapping[str, str]) -> str:
    """The packetization mode: "0" (single NAL units), "1" (non-interleaved), or "2"."""
    return fmtp.get("packetization-mode", "0")


def profile(fmtp: Mapping[str, str]) -> str:
    """The profile's name; what has none is itself in lower case."""
    text = _profile_level_id(fmtp)
    if not re.fullmatch(r"[0-9a-f]{6}", text):
        return text
    profile_idc, profile_iop = int(text[:2], 16), int(text[2:4], 16)
    for name, idc, mask, value in _PROFILES:
        if profile_idc == idc and profile_iop & mask == value:
            return name
    return text[:4]


def takes(sink: Mapping[str, str], source: Mapping[str, str]) -> bool:
    """Whether a receiver of `sink` understands the packets of `source` at all.

    Mode 1 has the packets of mode 0 and more, so it takes both, but not the other way round
    (sections 6.2 and 6.3).
    """
    return mode(sink) == mode(source) or (mode(sink), mode(source)) == ("1", "0")


def distance(sink: Mapping[str, str], source: Mapping[str, str]) -> tuple[int, bool, bool]:
    """How far the two are apart: by profile, packetization mode, level; the least decodes best.

    A profile that the receiver does not name, or a lower level, is the last choice and yet one:
    decoders take more than they say, and a stream that may not play is better than none. The level
    in use is the offered one in both directions: the answer repeats it, and level-asymmetry-allowed
    with it (section 8.2.2), so neither side is held to less than it said.
    """
    own, wanted = profile(sink), profile(source)
    apart = 0 if own == wanted else 1 if wanted in _INCLUDES.get(own, ()) else 2
    return apart, mode(sink) != mode(source), _level(sink) < _level(source)


def _profile_level_id(fmtp: Mapping[str, str]) -> str:
    return fmtp.get("profile-level-id", _DEFAULT).lower()


def _level(fmtp: Mapping[str, str]) -> int:
    """level_idc: ten times the level."""
    text = _profile_level_id(fmtp)
    return int(text[4:], 16) if re.fullmatch(r"[0-9a-f]{6}", text) else 0
