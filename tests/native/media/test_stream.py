"""A source and its receivers: who waits, flows or is paused, against a dictionary of states."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native.faces.stream import MOST, Source

WAITING, FLOWING, PAUSED = range(3)
RECEIVERS = st.integers(0, MOST - 1)
STEPS = st.lists(
    st.tuples(st.sampled_from(["attach", "leave", "start", "pause", "resume", "cut"]), RECEIVERS),
    max_size=80,
)


class Model:
    """What the states are said to be."""

    def __init__(self) -> None:
        self.states: dict[int, int] = {}

    def step(self, source: Source, name: str, who: int, now: int) -> None:
        if name == "attach" and who not in self.states:
            source.attach(who)
            self.states[who] = WAITING
        elif name == "cut":
            source.cut()
            self.states = {k: WAITING if v == FLOWING else v for k, v in self.states.items()}
        elif who in self.states:
            self._change(source, name, who, now)

    def _change(self, source: Source, name: str, who: int, now: int) -> None:
        if name == "leave":
            source.leave(who)
            del self.states[who]
        elif name == "start" and self.states[who] == WAITING:
            source.start(who, now, now)
            self.states[who] = FLOWING
        elif name == "pause":
            source.pause(who, True)
            self.states[who] = PAUSED
        elif name == "resume" and self.states[who] == PAUSED:
            source.pause(who, False)
            self.states[who] = WAITING


@given(STEPS)
@settings(max_examples=300, deadline=None)
def test_states_rows_and_the_count_of_those_who_wait_agree(steps: list[tuple[str, int]]) -> None:
    source, model = Source(), Model()
    for now, (name, who) in enumerate(steps):
        model.step(source, name, who, now)
        assert source.states() == {k: (v, v) for k, v in model.states.items()}
        assert source.waiting == list(model.states.values()).count(WAITING)
        assert sorted(source.seats) == sorted(model.states)


def test_a_source_may_go_before_its_receivers() -> None:
    source = Source()
    for who in range(4):
        source.attach(who)
    source.start(2, 100, 0)
    source.close()
    source.pause(2, True)
    source.pause(2, False)
    assert source.states()[2] == (WAITING, WAITING)
    for who in range(4):
        source.leave(who)
