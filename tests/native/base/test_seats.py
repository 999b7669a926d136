"""Lists without an order, against a set."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.seats import Seats

ITEMS = st.integers(1, 12)


@given(st.lists(ITEMS, max_size=60))
def test_each_knows_its_place(toggled: list[int]) -> None:
    seats = Seats()
    for item in toggled:
        if item in seats.places:
            seats.leave(item)
        else:
            seats.take(item)
        order = seats.items_in_order()
        assert {item: order.index(item) for item in order} == seats.places
        assert len(order) == len(seats.places)


@given(st.lists(st.tuples(st.booleans(), ITEMS), max_size=60))
def test_who_is_dropped_need_not_be_there(steps: list[tuple[bool, int]]) -> None:
    seats, model = Seats(), set[int]()
    for drop, item in steps:
        if drop:
            seats.drop(item)
            model.discard(item)
        elif item not in model:
            seats.take(item)
            model.add(item)
        assert sorted(seats.items_in_order()) == sorted(model)
