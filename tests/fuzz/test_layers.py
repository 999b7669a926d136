"""Layers of any payload with any dependency descriptors before it, against slow readings."""

from collections.abc import Hashable

from fastsfu._native.packet.codec import Codec
from tests.fuzz.harness import fuzz
from tests.native.faces.layers import Templates, picture_height, vp8
from tests.support.dependency import L1T3, L2T1_KEY, descriptor
from tests.support.layers import SlowTemplates, slow_vp8, slow_vp8_layers, slow_vp9_layers

# Descriptors, each behind its size; the last one is the payload.
CORPUS = [
    b"".join(bytes([len(one)]) + one for one in sent)
    for sent in (
        [descriptor(0, structure=L1T3), descriptor(2), descriptor(4, own="--S"), b"\x65\x88"],
        [descriptor(1, structure=L2T1_KEY), descriptor(1), descriptor(1, active="01"), b""],
        [descriptor(1, structure=L2T1_KEY), descriptor(0, active="01"), descriptor(3), b""],
        [bytes.fromhex("90e0d2a35a6051")],
        [bytes.fromhex("af923432055555")],
        [bytes.fromhex("109d0030009d012ae0010e01")],
    )
]


def test_layers() -> None:
    fuzz("layers", read, CORPUS, largest=400)


def read(data: bytes) -> Hashable:
    fast, slow, said = Templates(), SlowTemplates(), []
    while data:
        one, data = data[1 : 1 + data[0]], data[1 + data[0] :]
        frame = fast.read(one)
        assert frame == slow.read(one)
        if frame and frame["anew"] and (whole := fast.attach(one)):
            assert Templates().read(whole) == frame | {"structure": True, "anew": False}
        said.append(frame and tuple(frame[name] for name in ("until", "temporal", "up_temporal")))
        if not data:
            assert fast.layers(Codec.CODEC_VP8, one, b"") == slow_vp8_layers(one)
            assert fast.layers(Codec.CODEC_VP9, one, b"") == slow_vp9_layers(one)
            assert (vp8(one) is None) == (slow_vp8(one) is None)
            assert 0 <= picture_height(one) <= 0x3FFF
    return tuple(said[-3:]), slow.structure.targets, len(slow.structure.layers)
