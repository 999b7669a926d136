"""The gate of a voice: numbers without a gap, beginnings that are not cut, no buffer kept."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.gate import Gate

FRAME_US = 20_000


@given(st.lists(st.booleans(), max_size=200))
def test_what_passes_in_order_is_numbered_without_a_gap(passing: list[bool]) -> None:
    gate = Gate()
    left = []
    for number, passes in enumerate(passing, 1000):
        left += gate.packet(number, number * FRAME_US, passes)
        assert gate.used <= 4
    came = [number for number, _ in left]
    assert came == sorted(set(came)), "in order, and none twice"
    assert {n for n, passes in enumerate(passing, 1000) if passes} <= set(came)
    out = [number for _, number in left]
    assert out == list(range(out[0], out[0] + len(out))) if out else True
    gate.forget()
    assert gate.used == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=100))
def test_whatever_the_order_no_number_is_given_twice(packets: list[tuple[int, bool]]) -> None:
    gate, came, out = Gate(), set(), set()
    for number, passes in packets:
        if number in came:
            continue  # a duplicate ends before the gate
        came.add(number)
        for _, given_out in gate.packet(number, 10_000_000, passes):
            assert given_out not in out
            out.add(given_out)
    gate.forget()
    assert gate.used == 0


def test_the_four_packets_before_come_out_first() -> None:
    gate = Gate()
    gate.packet(1, 0, True)
    for number in range(2, 9):
        assert gate.packet(number, number * FRAME_US, False) == []
    assert gate.packet(9, 9 * FRAME_US, True) == [(5, 2), (6, 3), (7, 4), (8, 5), (9, 6)]
    assert gate.packet(4, 9 * FRAME_US, True) == [], "late, from while it was shut"


def test_what_is_older_is_another_word_s_end() -> None:
    gate = Gate()
    for number in (1, 2, 3):
        gate.packet(number, 0, False)
    assert gate.packet(4, 400_000, True) == [(4, 4)]
    assert gate.used == 0


def test_what_is_lost_meanwhile_stays_a_loss_only_among_what_passes() -> None:
    gate = Gate()
    gate.packet(1, 0, True)
    gate.packet(2, FRAME_US, False)
    gate.packet(40, 4 * FRAME_US, False)
    assert gate.packet(43, 5 * FRAME_US, True) == [(2, 2), (40, 40), (43, 43)]
