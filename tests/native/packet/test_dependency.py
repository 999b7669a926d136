"""The dependency descriptor: what libwebrtc writes, and anything as a slow reading has it."""

from hypothesis import given
from hypothesis import strategies as st

from fastsfu._native.packet.codec import Codec
from tests.native.faces.layers import Templates
from tests.support.dependency import INDICATIONS, L1T3, L2T1_KEY, descriptor, structure
from tests.support.layers import TOP, SlowTemplates, layers_of


def test_temporal_layers_of_one_picture_size() -> None:
    templates = Templates()
    first = templates.read(descriptor(0, 7, structure=L1T3))
    assert (first["structure"], first["number"], first["up_temporal"]) == (True, 7, 2)
    second = templates.read(descriptor(4, 8))
    assert (second["temporal"], second["up_temporal"], second["until"]) == (2, 0, TOP)
    third = templates.read(descriptor(2, 9))
    assert (third["temporal"], third["up_temporal"]) == (1, 2)
    assert templates.known == ([(0, 0), (0, 1), (0, 2)], 0b111, [360, 0, 0, 0], 1)


def test_a_lower_layer_is_only_for_its_own_receivers_between_keyframes() -> None:
    """k-SVC: the upper layer needs the lower one at keyframes alone."""
    templates = Templates()
    key = templates.read(descriptor(1, structure=L2T1_KEY))
    assert (key["spatial"], key["until"], key["up_spatial"]) == (0, TOP, 1)
    below = templates.read(descriptor(0))
    assert (below["spatial"], below["until"]) == (0, 0)
    above = templates.read(descriptor(2))
    assert (above["spatial"], above["until"]) == (1, TOP)


def test_a_layer_that_the_sender_rests_is_nobodys_top() -> None:
    templates = Templates()
    templates.read(descriptor(1, structure=L2T1_KEY))
    assert templates.read(descriptor(0, active="01"))["until"] == TOP
    assert templates.read(descriptor(0))["until"] == TOP  # until told otherwise
    assert templates.read(descriptor(0, active="11"))["until"] == 0


def test_a_frames_own_indications_go_before_its_templates() -> None:
    templates = Templates()
    templates.read(descriptor(0, structure=L1T3))
    assert templates.read(descriptor(2, own="-DD"))["up_temporal"] == 0
    assert templates.read(descriptor(2))["up_temporal"] == 2


def test_nothing_is_known_before_a_structure_came() -> None:
    assert Templates().read(descriptor(0)) is None


def test_a_broken_structure_leaves_the_old_one() -> None:
    templates = Templates()
    templates.read(descriptor(0, structure=L1T3))
    before = templates.known
    assert templates.read(descriptor(1, structure=L2T1_KEY)[:8]) is None
    assert templates.read(descriptor(9, structure=L2T1_KEY)) is None  # a template it has not
    assert templates.known == before


def test_templates_count_from_their_offset() -> None:
    templates = Templates()
    shifted = structure([(0, 0), (0, 1)], ["SS", "-D"], offset=63)
    assert templates.read(descriptor(63, structure=shifted))["temporal"] == 0
    assert templates.read(descriptor(0))["temporal"] == 1


def test_it_goes_before_the_payload() -> None:
    templates = Templates()
    said = templates.layers(
        Codec.CODEC_H264, b"\x65\x88", descriptor(2, ends=False, structure=L1T3)
    )
    assert said == (True, layers_of(temporal=1, up_spatial=0, up_temporal=2, key=2))
    unknown = Templates().layers(Codec.CODEC_VP8, bytes.fromhex("90e0d2a35a6051"), descriptor(2))
    assert unknown == (True, layers_of(temporal=1, up_temporal=1))


def test_a_frame_that_needs_nothing_begins_anew_without_the_structure_too() -> None:
    """Whose first packet it is, and with which all targets may be begun."""
    templates = Templates()
    assert not templates.read(descriptor(1, structure=L2T1_KEY))["anew"]
    assert templates.read(descriptor(1))["anew"]
    assert not templates.read(descriptor(1, begins=False))["anew"]
    assert not templates.read(descriptor(0))["anew"]
    assert templates.read(descriptor(0, own="SS", back=[]))["anew"]
    assert not templates.read(descriptor(1, back=[3]))["anew"]
    assert not templates.read(descriptor(1, own="SR"))["anew"]


@given(st.data())
def test_with_the_structure_attached_it_says_the_same_to_who_knew_nothing(
    data: st.DataObject,
) -> None:
    templates, joins = Templates(), Templates()
    first = data.draw(structures())
    offset, targets = int(first[:6], 2), int(first[6:11], 2) + 1
    active = data.draw(st.text("01", min_size=targets, max_size=targets))
    template = (offset + data.draw(st.integers(0, 3))) % 64
    if templates.read(descriptor(offset, structure=first, active=active)) is None:
        return
    said = descriptor(
        template,
        data.draw(st.integers(0, 65535)),
        active=data.draw(st.sampled_from(["", "0" * targets])),
        own=data.draw(st.sampled_from(["", "S" * targets])),
        back=data.draw(st.sampled_from([None, [], [1, 16]])),
    )
    frame = templates.read(said)
    if frame is None:
        return
    whole = templates.attach(said)
    if whole is None:
        assert len(first) + 8 * len(said) > 8 * 240  # bits: there is no room for it
        return
    assert joins.read(whole) == {**frame, "structure": True, "anew": False}
    assert joins.known == templates.known


def test_what_has_no_room_is_not_attached() -> None:
    templates = Templates()
    templates.read(descriptor(0, structure=L1T3))
    whole = templates.attach(descriptor(0))
    assert whole is not None
    assert templates.attach(descriptor(0), len(whole)) == whole
    assert templates.attach(descriptor(0), len(whole) - 1) is None


@st.composite
def structures(draw: st.DrawFn) -> str:
    targets = draw(st.integers(1, 32))
    layers = [(0, 0)]
    for step in draw(st.lists(st.sampled_from("stS"), max_size=20)):
        spatial, temporal = layers[-1]
        if step == "t" and temporal < 7:
            layers.append((spatial, temporal + 1))
        elif step == "S" and spatial < 3:
            layers.append((spatial + 1, 0))
        else:
            layers.append((spatial, temporal))
    rows = st.text("".join(INDICATIONS), min_size=targets, max_size=targets)
    return structure(
        layers,
        [draw(rows) for _ in layers],
        offset=draw(st.integers(0, 63)),
        chains=draw(st.integers(0, targets)),
        heights=[draw(st.integers(1, 65535)) for _ in range(layers[-1][0] + 1)]
        if draw(st.booleans())
        else [],
    )


@st.composite
def descriptors(draw: st.DrawFn) -> bytes:
    made = descriptor(
        draw(st.integers(0, 63)),
        draw(st.integers(0, 65535)),
        structure=draw(st.one_of(st.just(""), structures())),
        active=draw(st.text("01", max_size=32)),
        own=draw(st.text("".join(INDICATIONS), max_size=32)),
        back=draw(st.one_of(st.none(), st.lists(st.integers(1, 16), max_size=3))),
    )
    return draw(st.one_of(st.just(made), st.just(made[: draw(st.integers(0, len(made)))])))


@given(st.lists(st.one_of(descriptors(), st.binary(max_size=40)), min_size=1, max_size=8))
def test_any_descriptors_as_the_slow_reading(sent: list[bytes]) -> None:
    fast, slow = Templates(), SlowTemplates()
    for one in sent:
        assert fast.read(one[:255]) == slow.read(one[:255])
        if slow.structure.targets:
            targets, active, heights, chains = fast.known
            assert targets == slow.structure.target_layers()
            assert (active, chains) == (slow.structure.active, slow.structure.chains)
            assert heights == [*slow.structure.heights, 0, 0, 0, 0][:4]
