"""peer/ice beside a slow reference, through any life."""

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.ice import ANSWER, IGNORE, MAX_PATHS, SELECTED
from tests.support.ice import HOLDS_US, NEW, OLD, TIMEOUT_US, agent, check


class SlowIce:
    """Paths and selection by plain lists."""

    def __init__(self):
        self.paths, self.selected, self.consent = [], None, 0
        self.priority, self.nominated, self.generations = 0, 0, [OLD]
        self.lapsed = False

    def request(self, credentials, source, now, nominate, priority):
        if credentials not in self.generations:
            return IGNORE
        if self.lapsed and credentials == self.generations[0]:
            return IGNORE
        self.consent = now
        if source not in self.paths:
            others = [path for path in self.paths if path != self.selected]
            if len(self.paths) == MAX_PATHS:
                self.paths.remove(others[0])
            self.paths.append(source)
        if not nominate:
            return ANSWER
        lapsed = self.lapsed
        if credentials != self.generations[0]:
            self.generations, self.lapsed = [credentials], False
        elif self.selected not in (None, source) and (
            priority <= self.priority and now - self.nominated < HOLDS_US
        ):
            return ANSWER
        changes = source != self.selected or lapsed
        self.selected, self.priority, self.nominated = source, priority, now
        return SELECTED if changes else ANSWER

    def expired(self, now):
        self.lapsed = self.lapsed or now - self.consent > TIMEOUT_US
        return self.lapsed


generations = [OLD, NEW, (b"qrstuvwx", b"z" * 24, b"third")]
steps = st.tuples(
    st.sampled_from(["request"] * 8 + ["forged", "restart"]),
    st.integers(0, 2),
    st.integers(0, 6),
    st.integers(0, 400_000),
    st.booleans(),
    st.integers(0, 3),
)


@given(st.lists(steps, max_size=60))
def test_agrees_with_the_slow_reference(life):
    ice, slow, now = agent(), SlowIce(), 0
    for step, generation, host, wait_us, nominate, priority in life:
        now += wait_us
        assert ice.expired(now, TIMEOUT_US) == slow.expired(now)
        source, credentials = (f"192.0.2.{host}", 1000 + host), generations[generation]
        if step == "restart":
            if credentials != slow.generations[0]:
                slow.generations = [slow.generations[0], credentials]
                ice.restart(*credentials)
            continue
        request = check(
            credentials,
            nominate=nominate,
            priority=priority,
            password=b"f" * 24 if step == "forged" else None,
        )
        expected = IGNORE
        if step == "request":
            expected = slow.request(credentials, source, now, nominate, priority)
        action, answer, _, _ = ice.request(request, source, now)
        assert (action, ice.paths, ice.selected) == (expected, slow.paths, slow.selected)
        assert (len(answer) > 0) == (action != IGNORE)
        assert len(answer) <= len(request)
        assert ice.restarting == (len(slow.generations) == 2)
