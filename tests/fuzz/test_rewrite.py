"""Any life of a forwarded stream: no out index for two source packets, none below the start."""

from collections.abc import Hashable

from tests.fuzz.harness import fuzz
from tests.native.faces.rewrite import Rewrite

# A step is 3 bytes: what (0..251 map, then stop, start same, start other), distance (16 bits)
CORPUS = [
    bytes([0, 0, 1] * 20),
    bytes([253, 0, 9, 0, 0, 1, 0, 255, 255, 252, 0, 0, 253, 0, 60, 0, 0, 1, 0, 255, 250]),
    bytes([253, 0, 9, 0, 0, 3, 254, 200, 0, 0, 0, 2, 254, 0, 1, 0, 127, 255, 0, 127, 255]),
]


def test_rewrite() -> None:
    fuzz("rewrite", live, CORPUS, largest=600)


def live(data: bytes) -> Hashable:
    rewrite, given, sources, outcomes = Rewrite(9, 7), {}, [1 << 20], set()
    for at in range(0, len(data) - 2, 3):
        what = data[at]
        number = sources[-1] + int.from_bytes(data[at + 1 : at + 3], "big", signed=True)
        if what == 252:
            rewrite.stop()
        elif what == 253:
            rewrite.start(number, number, now_us=at)
        elif what >= 254:
            sources.append(number)
            rewrite.start(number, number & 0xFFFF, same_source=False, now_us=at)
        else:
            mapped = rewrite.map(number, number, at)
            outcomes.add((len(sources) > 1, mapped is None))
            if mapped is None:
                continue
            sources[-1] = max(sources[-1], number)
            packet = (len(sources), number, mapped[1])
            assert given.setdefault(mapped[0], packet) == packet
            assert mapped[0] >= 9
            assert rewrite.find(mapped[0] & 0xFFFF) in (None, (number, mapped[0]))
    return frozenset(outcomes), min(len(given), 8)
