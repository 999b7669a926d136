"""bwe/allocate against exhaustive search."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.bwe import allocate

LADDER = [(150_000, 180), (500_000, 360), (1_500_000, 720)]


def want(ladder=LADDER, most=0, priority=0, now=-1):
    return ladder, most, priority, now


def steps(bps, *wants):
    return allocate(bps, list(wants))[0]


def test_nothing_for_nothing():
    assert allocate(1_000_000, []) == ([], 1_000_000, 0)
    assert steps(1_000_000, want([])) == [-1]


def test_the_lowest_of_all_before_the_next_of_one():
    assert steps(750_000, want(now=1), want(now=0)) == [1, 0]
    assert steps(300_000, want(now=1), want(now=0)) == [0, 0]


def test_what_does_not_fit_is_suspended_by_priority():
    assert steps(200_000, want(), want(priority=1), want()) == [-1, 0, -1]


def test_the_highest_priority_gets_all_it_can_first():
    assert steps(2_100_000, want(), want(priority=1)) == [0, 2]


def test_a_small_tile_wants_no_more_than_its_height():
    assert steps(9_000_000, want(most=360), want(most=200), want(most=10)) == [1, 1, 0]


def test_up_needs_15_percent_more():
    assert steps(574_999, want(now=0)) == [0]
    assert steps(575_000, want(now=0)) == [1]


def test_or_75_kbit_more_where_that_is_less():
    assert steps(1_574_999, want(now=1)) == [1]
    assert steps(1_575_000, want(now=1)) == [2]


def test_to_stay_needs_only_its_bits():
    assert steps(500_000, want(now=1)) == [1]
    assert steps(499_999, want(now=1)) == [0]


def test_what_does_not_fit_leaves_room_for_a_smaller_one():
    big = [(2_000_000, 0)]
    assert steps(1_000_000, want(big, priority=1), want()) == [-1, 1]


def test_the_bits_that_all_together_want():
    assert allocate(0, [want(), want(most=360)])[2] == 2_000_000


def cost(want, step):
    ladder, _, _, now = want
    if step < 0:
        return 0
    bps = ladder[step][0]
    return bps + min(bps * 15 // 100, 75_000) if step > now else bps


def top(want):
    ladder, most, _, _ = want
    useful = [i for i, (_, height) in enumerate(ladder) if most and height >= most]
    return useful[0] if useful else len(ladder) - 1


def exhaustive(bps, wants):
    """Of all that fit: most lowest steps, by priority; then the highest priority's, in turns."""
    order = sorted({w[2] for w in wants}, reverse=True)

    def worth(chosen):
        lowest = [chosen[i] >= 0 for p in order for i, w in enumerate(wants) if w[2] == p]
        rounds = [
            chosen[i] >= level
            for p in order
            for level in range(1, 5)
            for i, w in enumerate(wants)
            if w[2] == p
        ]
        return lowest + rounds

    choices = product(*(range(-1, top(w) + 1) for w in wants))
    fitting = [c for c in choices if sum(map(cost, wants, c)) <= bps]
    return list(max(fitting, key=worth))


ladders = st.lists(st.integers(10, 2000), min_size=0, max_size=4, unique=True).map(
    lambda rates: [(rate * 1000, 90 << i) for i, rate in enumerate(sorted(rates))]
)
wants = st.tuples(
    ladders, st.sampled_from([0, 100, 180, 400, 5000]), st.integers(0, 2), st.integers(-1, 4)
)


@given(st.integers(0, 6_000_000), st.lists(wants, max_size=4))
def test_like_exhaustive_search(bps, wants):
    wants = [(*w[:3], min(w[3], len(w[0]) - 1)) for w in wants]
    found, left, wanted = allocate(bps, wants)
    assert found == exhaustive(bps, wants)
    assert left == bps - sum(map(cost, wants, found))
    assert wanted == sum(w[0][top(w)][0] for w in wants if w[0])


@given(st.integers(0, 6_000_000), st.lists(wants, max_size=5))
def test_nothing_swings(bps, wants):
    """Repeated with the same estimate, it comes to rest."""
    wants, seen = [(*w[:3], -1) for w in wants], []
    for _ in range(30):
        seen.append(allocate(bps, wants)[0])
        wants = [(*w[:3], step) for w, step in zip(wants, seen[-1], strict=True)]
    assert seen[-1] == seen[-2]
