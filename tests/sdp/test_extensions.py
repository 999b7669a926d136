"""Which header extensions are taken, and where."""

import pytest

from fastsfu.sdp import sections
from fastsfu.sdp.codecs import DEPENDENCY
from tests.sdp.offers import offer, read, section

DESCRIPTOR = (
    "a=extmap:7 https://aomediacodec.github.io/av1-rtp-spec/"
    "#dependency-descriptor-rtp-header-extension\r\n"
)


@pytest.mark.parametrize(
    ("codec", "direction", "mixed", "taken"),
    [
        ("VP9", "sendonly", True, True),
        ("H264", "sendonly", True, True),
        ("VP8", "sendonly", True, False),  # its payload says the same
        ("VP8", "recvonly", True, True),
        ("VP9", "sendonly", False, False),  # a structure is too long for the one-byte form
    ],
)
def test_the_dependency_descriptor_is_taken_where_it_is_of_use(
    codec: str, direction: str, mixed: bool, taken: bool
) -> None:
    picture = section("0", "video", f"{DESCRIPTOR}a={direction}\r\n").replace("VP8", codec)
    session = "a=group:BUNDLE 0\r\n" + ("a=extmap-allow-mixed\r\n" if mixed else "")
    got = read(offer(picture, session=session))
    assert (DEPENDENCY in got.extensions) is taken
    assert (DEPENDENCY in got.sections[0].extensions) is taken


def test_a_long_extmap_is_not_remembered() -> None:
    sections._kept_extension_map.cache_clear()
    long = f"a=extmap:3 urn:{'x' * sections.MAX_KEPT}\r\n"
    read(offer(section("0", attributes=long), session="a=group:BUNDLE 0\r\n"))
    assert sections._kept_extension_map.cache_info().currsize == 0
