"""P2P or SFU, whatever comes in whatever order."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fastsfu.p2p.topology import Topology

NAMES = ("ada", "ben", "cy", "dot")


class AnyCourse(RuleBasedStateMachine):
    """Whatever comes in whatever order, the plan makes sense and something ends each wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.made = Topology(back_after=10.0)
        self.inside: dict[str, bool] = {}
        self.numbers = [0]

    @rule(name=st.sampled_from(NAMES), p2p=st.sampled_from([True, True, True, False]))
    def join(self, name: str, p2p: bool) -> None:
        if name not in self.inside:
            self.inside[name] = p2p
            self.made.join(name, p2p=p2p, now=self.now)

    @rule(name=st.sampled_from(NAMES))
    def leave(self, name: str) -> None:
        self.inside.pop(name, None)
        self.made.leave(name, self.now)

    @rule(
        name=st.sampled_from(NAMES),
        age=st.integers(0, 1),
        state=st.sampled_from(["connected", "connected", "interrupted", "failed"]),
    )
    def report(self, name: str, age: int, state: Any) -> None:
        self.made.report(name, self.numbers[-1] - age, state, self.now)

    @precondition(lambda self: self.made.plan.connection)
    @rule(state=st.sampled_from(["connected", "failed"]))
    def report_both(self, state: Any) -> None:
        connection = self.made.plan.connection
        for name in (connection.impolite, connection.polite):
            self.made.report(name, connection.number, state, self.now)

    @rule(name=st.sampled_from(NAMES), carrier=st.sampled_from(["peer", "sfu"]))
    def carried(self, name: str, carrier: Any) -> None:
        self.made.carried(name, self.numbers[-1], carrier, self.now)

    @rule(name=st.sampled_from(NAMES))
    def resume(self, name: str) -> None:
        self.made.resumed(name, self.now)

    @rule(wish=st.sampled_from(["auto", "peer", "sfu"]))
    def wish(self, wish: Any) -> None:
        self.made.wish(wish, self.now)

    @rule(
        wanted=st.sampled_from(["auto", "auto", "sfu"]),
        policy=st.sampled_from(["direct", "relay", "off"]),
        back_after=st.sampled_from([None, 5.0]),
    )
    def update(self, wanted: Any, policy: Any, back_after: float | None) -> None:
        self.made.update(wanted, policy, back_after, self.now)

    @rule(seconds=st.floats(0.0, 20.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.made.tick(self.now)

    @invariant()
    def holds(self) -> None:
        plan, inside = self.made.plan, self.inside
        able = len(inside) == 2 and all(inside.values())
        if plan.connection is not None:
            assert {plan.connection.impolite, plan.connection.polite} <= inside.keys()
            if plan.connection.number != self.numbers[-1]:
                assert plan.connection.number > self.numbers[-1], "a number is never used again"
                self.numbers.append(plan.connection.number)
        assert (plan.carrier == "none") == (not plan.sending)
        assert plan.carrier == "none" or plan.carrier in plan.sending, "what is shown is sent"
        assert ("peer" not in plan.sending) or plan.connection is not None
        if plan.carrier == "peer":
            assert able
            assert self.made.wanted != "sfu"
            assert self.made.policy != "off"
            assert plan.connection.relayed == (self.made.policy == "relay")
        if plan.carrier == "none":
            assert len(inside) < 2
        if len(inside) > 2 or not all(inside.values()):
            assert plan.carrier == "sfu"
        if len(plan.sending) == 2:
            assert self.made.deadline is not None, "nothing is sent twice for ever"


AnyCourse.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
test_any_course = AnyCourse.TestCase
