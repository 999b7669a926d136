"""RFC 6184: which H.264 reaches which receiver, by packetization mode, profile and level."""

import pytest

from fastsfu.sdp import h264
from fastsfu.sdp.codecs import KNOWN_CODECS, match_payload_types
from fastsfu.sdp.model import NegotiatedCodec
from fastsfu.sdp.parse import parse
from tests.sdp.offers import answer, offer, read, recorded, section


def codec(pt: int, profile: str, mode: str = "1") -> NegotiatedCodec:
    known = KNOWN_CODECS["H264"]
    fmtp = {"profile-level-id": profile, "packetization-mode": mode}
    return NegotiatedCodec("H264", known.number, pt, None, known.clock_rate, 1, fmtp)


def matched(source: NegotiatedCodec, *sink: NegotiatedCodec) -> int | None:
    """The payload type under which the sink gets it."""
    found = match_payload_types([source], sink)
    return found[0][1] if found else None


def test_single_nal_units_reach_who_knows_mode_1() -> None:
    """Sections 6.2 and 6.3: mode 1 allows them too."""
    assert matched(codec(1, "42e01f", "0"), codec(11, "42e01f", "1")) == 11
    publisher = read(recorded("h264_mode0_publisher")).sections[0].codecs
    player = read(recorded("h264_mode1_player")).sections[0].codecs
    assert match_payload_types(publisher, player) == [(96, 96, -1)]
    assert not match_payload_types(player, publisher)


def test_mode_1_does_not_reach_who_knows_single_nal_units_alone() -> None:
    assert matched(codec(1, "42e01f", "1"), codec(11, "42e01f", "0")) is None


def test_same_profile_wins_over_order_and_over_mode() -> None:
    sink = (codec(10, "640c1f"), codec(11, "42e01f", "0"), codec(12, "42e01f"))
    assert matched(codec(1, "42e034"), *sink) == 12
    assert matched(codec(1, "42e01f", "0"), codec(10, "4d001f", "0"), codec(11, "42e01f")) == 11


def test_same_mode_wins_where_profiles_are_equal() -> None:
    assert matched(codec(1, "42e01f", "0"), codec(10, "42e01f"), codec(11, "42e01f", "0")) == 11


@pytest.mark.parametrize(
    ("source", "includes", "other"),
    [
        ("42e01f", "64001f", "nonsense"),
        ("42e01f", "4d001f", "nonsense"),
        ("4d001f", "64001f", "42e01f"),
        ("640c1f", "64001f", "4d001f"),
        ("42001f", "58001f", "64001f"),
    ],
)
def test_profile_that_includes_the_other_wins(source: str, includes: str, other: str) -> None:
    assert matched(codec(1, source), codec(10, other), codec(11, includes)) == 11


def test_any_profile_is_better_than_none() -> None:
    sink = (codec(11, "42e01f", "0"), codec(12, "42001f"), codec(13, "4d001f"))
    assert matched(codec(1, "640032"), *sink) == 12
    assert matched(codec(1, "640032"), codec(11, "640032", "0")) is None


def test_level_that_is_enough_wins() -> None:
    assert matched(codec(1, "42e028"), codec(10, "42e01f"), codec(11, "42e034")) == 11
    assert matched(codec(1, "42e028"), codec(10, "42e01f")) == 10


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("42e01f", "42e034", True),  # the level does not matter
        ("42E01F", "42e01f", True),
        ("42c01f", "42e01f", True),  # constraint_set2 adds nothing to constrained baseline
        ("4d801f", "42e01f", True),  # table 5: all three are constrained baseline
        ("58c01f", "42e01f", True),
        ("42001f", "42e01f", False),
        ("58801f", "42001f", True),
        ("4d001f", "42001f", False),
        ("64001f", "640c1f", False),
        ("nonsense", "42001f", False),
    ],
)
def test_profiles(one: str, other: str, same: bool) -> None:
    first, second = (h264.profile({"profile-level-id": text}) for text in (one, other))
    assert (first == second) is same


def test_defaults() -> None:
    assert (h264.mode({}), h264.profile({})) == ("0", "baseline")


@pytest.mark.parametrize("asymmetry", ["level-asymmetry-allowed=1;", ""])
def test_answer_repeats_level_and_asymmetry(asymmetry: str) -> None:
    """Section 8.2.2: without it both sides keep to one level, so ours must not be another."""
    fmtp = f"97 {asymmetry}packetization-mode=1;profile-level-id=42e01f"
    lines = f"a=rtpmap:97 H264/90000\r\na=fmtp:{fmtp}\r\n"
    text = offer(section("0"), section("1", "video", lines, "97"))
    assert parse(answer(read(text))).media[1].attributes.first("fmtp") == fmtp
