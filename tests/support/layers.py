"""Layers of a packet, read slowly: bit strings instead of masks, to compare with."""

from dataclasses import dataclass, field

TOP = 255
SWITCH = 2

Layers = dict[str, int]


class Bits:
    """Of appendix A.8 of the AV1 payload format, from a string of zeroes and ones."""

    def __init__(self, data: bytes) -> None:
        self.left = "".join(f"{byte:08b}" for byte in data)

    def f(self, count: int) -> int:
        if count > len(self.left):
            raise ValueError("truncated")
        taken, self.left = self.left[:count], self.left[count:]
        return int(taken or "0", 2)

    def ns(self, limit: int) -> int:
        width = limit.bit_length()
        shorter = (1 << width) - limit
        value = self.f(width - 1)
        return value if value < shorter else (value << 1) - shorter + self.f(1)


@dataclass
class Structure:
    offset: int = 0
    targets: int = 0
    layers: list[tuple[int, int]] = field(default_factory=list)
    indications: list[list[int]] = field(default_factory=list)
    chains: int = 0
    heights: list[int] = field(default_factory=list)
    alone: list[bool] = field(default_factory=list)  # of each template: predicted from nothing
    active: int = 0

    def target_layers(self) -> list[tuple[int, int]]:
        needed = [
            [layer for layer, row in zip(self.layers, self.indications, strict=True) if row[k]]
            for k in range(self.targets)
        ]
        return [
            (max((s for s, _ in layers), default=0), max((t for _, t in layers), default=0))
            for layers in needed
        ]


def read_structure(bits: Bits) -> Structure:
    made = Structure(offset=bits.f(6), targets=bits.f(5) + 1)
    made.active = (1 << made.targets) - 1
    spatial = temporal = 0
    step = 0
    while step != 3:
        if len(made.layers) == 64 or spatial > 3 or temporal > 7:
            raise ValueError("more layers than there may be")
        made.layers.append((spatial, temporal))
        step = bits.f(2)
        if step == 1:
            temporal += 1
        elif step == 2:
            spatial, temporal = spatial + 1, 0
    made.indications = [[bits.f(2) for _ in range(made.targets)] for _ in made.layers]
    for _ in made.layers:
        made.alone.append(True)
        while bits.f(1):
            made.alone[-1] = False
            bits.f(4)
    made.chains = bits.ns(made.targets + 1)
    if made.chains:
        for _ in range(made.targets):
            bits.ns(made.chains)
        bits.f(4 * made.chains * len(made.layers))
    if bits.f(1):
        made.heights = [bits.f(32) % 65536 + 1 for _ in range(spatial + 1)]
    return made


class SlowTemplates:
    """packet/dependency, by the letter."""

    def __init__(self) -> None:
        self.structure = Structure()

    def read(self, descriptor: bytes) -> dict[str, int] | None:
        try:
            return self._read(Bits(descriptor), len(descriptor))
        except ValueError:
            return None

    def _read(self, bits: Bits, size: int) -> dict[str, int]:
        begins, ends, template, number = bits.f(1), bits.f(1), bits.f(6), bits.f(16)
        brings = active = dtis = fdiffs = 0
        if size > 3:
            brings, active, dtis, fdiffs, _ = (bits.f(1) for _ in range(5))
        known = read_structure(bits) if brings else self.structure
        index = (template - known.offset) % 64
        if index >= len(known.layers):
            raise ValueError("no such template")
        mask = bits.f(known.targets) if active else known.active
        row = [bits.f(2) for _ in range(known.targets)] if dtis else known.indications[index]
        alone = bits.f(2) == 0 if fdiffs else known.alone[index]
        known.active = mask
        self.structure = known
        spatial, temporal = known.layers[index]
        targets = known.target_layers()
        top = max((s for k, (s, _) in enumerate(targets) if mask >> k & 1), default=0)
        until = max([spatial, *(s for (s, _), d in zip(targets, row, strict=True) if d)])
        up = [layer for layer, d in zip(targets, row, strict=True) if d == SWITCH]
        return {
            "begins": begins,
            "ends": ends,
            "structure": brings,
            "anew": int(begins and alone and not brings and set(row) == {SWITCH}),
            "number": number,
            "spatial": spatial,
            "temporal": temporal,
            "until": TOP if until >= top else until,
            "up_spatial": max((s for s, _ in up), default=0),
            "up_temporal": max((t for _, t in up), default=0),
        }


def layers_of(**said: int) -> Layers:
    """What codec_read_layers says of one layer, but for what is given."""
    one = {"spatial": 0, "until": TOP, "temporal": 0}
    return one | {"up_spatial": TOP, "up_temporal": TOP, "ends": 0, "key": 0} | said


def slow_vp8(payload: bytes) -> dict[str, int] | None:
    """RFC 7741 section 4.2, field by field; None: truncated or nothing behind it."""
    bits = Bits(payload)
    try:
        extended, _, _, start, _, partition = (bits.f(n) for n in (1, 1, 1, 1, 1, 3))
        has_id, has_tl0, has_tid, has_key, _ = (
            (bits.f(n) for n in (1, 1, 1, 1, 4)) if (extended) else (0, 0, 0, 0, 0)
        )
        long_id = bits.f(1) if has_id else 0
        picture = bits.f(15 if long_id else 7) if has_id else 0
        tl0 = bits.f(8) if has_tl0 else 0
        tid, sync, key = (bits.f(2), bits.f(1), bits.f(5)) if has_tid or has_key else (0, 0, 0)
    except ValueError:
        return None
    if not bits.left:
        return None
    return {
        "begins": int(bool(start) and partition == 0),
        "size": len(payload) - len(bits.left) // 8,
        "long_id": long_id,
        "has_tid": has_tid,
        "has_keyidx": has_key,
        "picture_id": picture,
        "tl0picidx": tl0,
        "tid": tid if has_tid else 0,
        "sync": sync if has_tid else 0,
        "keyidx": key if has_key else 0,
        "key": int(bool(start) and partition == 0 and bits.left[7] == "0"),
    }


def slow_vp8_layers(payload: bytes) -> tuple[bool, Layers]:
    said = slow_vp8(payload)
    if said is None or not said["has_tid"]:
        return False, layers_of()
    up = TOP if said["key"] else said["tid"] if said["sync"] else 0
    return True, layers_of(temporal=said["tid"], up_temporal=up)


def slow_vp9_layers(payload: bytes) -> tuple[bool, Layers]:
    """RFC 9628 section 4.2."""
    bits = Bits(payload)
    try:
        has_id, predicted, layered, _, _, ends, _, alone = (bits.f(1) for _ in range(8))
        if has_id:
            bits.f(15 if bits.f(1) else 7)
        temporal, up, spatial, _ = (bits.f(n) for n in (3, 1, 3, 1))
    except ValueError:
        return False, layers_of()
    if not layered:
        return False, layers_of(ends=ends)
    until = spatial if alone else TOP
    place = {"spatial": spatial, "until": until, "temporal": temporal, "ends": ends}
    if not predicted:
        return True, layers_of(**place, up_spatial=0 if spatial else TOP)
    return True, layers_of(**place, up_spatial=0, up_temporal=TOP if up else 0)
