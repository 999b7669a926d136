"""Writes dependency descriptors (AV1 payload format, appendix A.8), bit by bit."""

from collections.abc import Sequence

INDICATIONS = {"-": 0, "D": 1, "S": 2, "R": 3}


def structure(
    layers: Sequence[tuple[int, int]],
    indications: Sequence[str],
    *,
    offset: int = 0,
    chains: int = 0,
    heights: Sequence[int] = (),
    back: Sequence[Sequence[int]] = (),
) -> str:
    """The template structure's bits: of each template (spatial, temporal), ascending, a letter
    for each decode target, and how far back lie the frames that it is predicted from."""
    targets = len(indications[0])
    bits = f"{offset:06b}{targets - 1:05b}"
    for now, behind in zip(layers, [*layers[1:], None], strict=True):
        same, temporal = behind == now, behind == (now[0], now[1] + 1)
        bits += "11" if behind is None else "00" if same else "01" if temporal else "10"
    bits += "".join(f"{INDICATIONS[letter]:02b}" for row in indications for letter in row)
    for fdiffs in back or [()] * len(layers):
        bits += "".join(f"1{fdiff - 1:04b}" for fdiff in fdiffs) + "0"
    bits += ns(chains, targets + 1)
    if chains:
        bits += "".join(ns(0, chains) for _ in range(targets))
        bits += "0000" * (chains * len(layers))
    bits += "1" if heights else "0"
    return bits + "".join(f"{639:016b}{height - 1:016b}" for height in heights)


def descriptor(
    template: int,
    number: int = 0,
    *,
    begins: bool = True,
    ends: bool = True,
    structure: str = "",
    active: str = "",
    own: str = "",
    back: Sequence[int] | None = None,
) -> bytes:
    """`active`: a bit a target, the last one first; `own` and `back`: indications, and how far
    back lie the frames that it is predicted from, instead of the template's."""
    bits = f"{begins:b}{ends:b}{template:06b}{number:016b}"
    if structure or active or own or back is not None:
        bits += f"{bool(structure):b}{bool(active):b}{bool(own):b}{back is not None:b}0"
        bits += structure + active
        bits += "".join(f"{INDICATIONS[letter]:02b}" for letter in own)
        bits += "" if back is None else "".join(f"01{far - 1:04b}" for far in back) + "00"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def ns(value: int, limit: int) -> str:
    """ns(n) of section A.8.1."""
    width = limit.bit_length()
    shorter = (1 << width) - limit
    if value < shorter:
        return f"{value:0{width - 1}b}" if width > 1 else ""
    return f"{(value + shorter) >> 1:0{width - 1}b}{(value + shorter) & 1:b}"


# As libwebrtc writes them (scalability_structure_*.cc).
L1T3 = structure(
    [(0, 0), (0, 0), (0, 1), (0, 2), (0, 2)],
    ["SSS", "SSS", "-DS", "--D", "--D"],
    chains=1,
    heights=[360],
    back=[[], [4], [2], [1], [1]],
)
L2T1_KEY = structure(
    [(0, 0), (0, 0), (1, 0), (1, 0)],
    ["S-", "SS", "-S", "-S"],
    chains=2,
    heights=[180, 360],
    back=[[2], [], [2], [1]],
)
L2T1 = structure(
    [(0, 0), (0, 0), (1, 0), (1, 0)],
    ["SR", "SS", "-S", "-R"],
    chains=2,
    heights=[180, 360],
    back=[[2], [], [2, 1], [1]],
)
