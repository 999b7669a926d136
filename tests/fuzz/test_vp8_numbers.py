"""Any life of a receiver of VP8: the same packet always gets the same numbers."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.layers import vp8
from tests.native.faces.vp8_numbers import Vp8Numbers

# A step is a byte (0..199 map, ..249 skip, else start) and a descriptor of 6 bytes.
CORPUS = [
    bytes.fromhex("0090e0d2a35a000090e0d2a45b20c890e0d2a55b400090e0d2a65c00"),
    bytes.fromhex("0090e0800001e1fa90e0ffff09000090e0ffff09000090e080000a00"),
    bytes.fromhex("00908005515151c890800651515100908007515151"),
]


def test_vp8_numbers() -> None:
    fuzz("vp8_numbers", live, CORPUS, largest=700)


def live(data: bytes) -> Hashable:
    numbers, outcomes, sources = Vp8Numbers(b"\x90\xe0\x80\x05\x07\x00\x50"), set(), 0
    for at in range(0, len(data) - 6, 7):
        what, payload = data[at], data[at + 1 : at + 7]
        said = vp8(payload)
        if said is None:
            continue
        if what >= 250:
            numbers.start(payload)
            sources += 1
        elif what >= 200:
            numbers.skip(payload)
        else:
            mapped = numbers.map(payload)
            outcomes.add((min(sources, 3), mapped is None, said["long_id"]))
            assert mapped == numbers.map(payload)
            assert mapped is None or mapped[0] <= (0x7FFF if said["long_id"] else 0x7F)
    return frozenset(outcomes)
