"""RFC 2198 by hand."""

from collections.abc import Sequence

Block = tuple[int, int, bytes]  # payload type, how much older, payload


def red(blocks: Sequence[Block]) -> bytes:
    """A payload of these blocks, the newest last."""
    heads = [
        bytes([0x80 | pt]) + (offset << 10 | len(payload)).to_bytes(3, "big")
        for pt, offset, payload in blocks[:-1]
    ]
    return b"".join([*heads, bytes([blocks[-1][0]]), *(payload for _, _, payload in blocks)])


def slow_red(payload: bytes) -> list[Block] | None:
    """Its blocks; None when it is malformed or the newest one is empty."""
    heads = []
    rest = payload
    while rest and rest[0] & 0x80:
        if len(rest) < 4:
            return None
        word = int.from_bytes(rest[1:4], "big")
        heads.append((rest[0] & 0x7F, word >> 10, word & 0x3FF))
        rest = rest[4:]
    if not rest:
        return None
    newest, rest = rest[0], rest[1:]
    blocks = []
    for pt, offset, size in heads:
        blocks.append((pt, offset, rest[:size]))
        rest = rest[size:]
    return [*blocks, (newest, 0, rest)] if rest else None
