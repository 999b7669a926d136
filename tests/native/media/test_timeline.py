"""media/timeline: a voice's clock goes on with time, whatever its sender's does in a pause."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.native.faces.timeline import Timeline

RATE = 48_000
SECOND = 1_000_000
PACKET_US = 20_000
EARLIER = -SECOND  # nobody was heard since
NTP = 3_900_000_000 << 32


class Sender:
    """Packets 20 ms apart and a report now and then; `pause` as libwebrtc does without a track."""

    def __init__(self, rate: int = RATE) -> None:
        self.timeline = Timeline(rate)
        self.rate = rate
        self.now_us = 10 * SECOND
        self.seq = 1 << 16
        self.ts = 0xFFFF_F000
        self.witness_us = EARLIER

    def packet(self) -> int:
        """How far its new timestamp is from the one that it came with."""
        self.now_us += PACKET_US
        self.seq += 1
        self.ts = (self.ts + self.rate // 50) % (1 << 32)
        mapped = self.timeline.packet(self.seq, self.ts, self.now_us, self.witness_us)
        return (mapped - self.ts) % (1 << 32)

    def talk(self, packets: int = 50) -> list[int]:
        return [self.packet() for _ in range(packets)]

    def burst(self) -> int:
        """Three packets at once, as browsers send what an AudioContext makes."""
        self.now_us += 3 * PACKET_US
        shifts = []
        for _ in range(3):
            self.now_us -= PACKET_US
            shifts.append(self.packet())
        return shifts[-1]

    def pause(self, seconds: float, *, counts: bool = False) -> None:
        self.now_us += round(seconds * SECOND)
        if counts:
            self.ts = (self.ts + round(seconds * self.rate)) % (1 << 32)

    def heard(self) -> None:
        self.witness_us = self.now_us

    def report(self) -> int:
        """How far its timestamp is from the one that it came with."""
        ntp = NTP + (self.now_us << 32) // SECOND
        return (self.timeline.report(ntp, self.ts, self.now_us) - self.ts) % (1 << 32)


def test_reports_of_what_has_no_timeline_pass_as_they_are() -> None:
    """PCMU, whose clock rate need not be that of the section's first codec."""
    sender = Sender()
    for _ in range(5):
        sender.now_us += SECOND
        sender.ts = (sender.ts + 8_000) % (1 << 32)
        assert sender.report() == 0


def test_who_keeps_step_is_left_alone() -> None:
    sender = Sender()
    for _ in range(20):
        assert set(sender.talk()) == {0}
        sender.heard()
        assert sender.report() == 0


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_a_pause_is_made_up_for_at_the_first_packet_after_it(rate: int) -> None:
    sender = Sender(rate)
    sender.talk()
    sender.pause(2)
    sender.heard()
    sender.pause(0.5)
    assert set(sender.talk()) == {rate * 5 // 2}
    assert sender.report() == rate * 5 // 2


def test_pauses_add_up() -> None:
    sender = Sender()
    for number in range(1, 4):
        sender.talk()
        sender.pause(3)
        sender.heard()
        assert set(sender.talk()) == {number * 3 * RATE}


def test_who_sends_in_bursts_does_not_run_ahead_pause_by_pause() -> None:
    sender = Sender()
    for number in range(1, 21):
        for _ in range(20):
            sender.burst()
        sender.report()
        sender.pause(2)
        sender.heard()
        sender.pause(0.5)
        assert abs(sender.burst() - number * 5 * RATE // 2) < RATE // 20


def test_what_comes_late_from_before_the_pause_keeps_its_time() -> None:
    sender = Sender()
    sender.talk()
    lost, ts = sender.seq + 1, (sender.ts + 960) % (1 << 32)
    sender.seq, sender.ts = lost, ts
    sender.pause(1)
    sender.heard()
    sender.talk(3)
    assert sender.timeline.packet(lost, ts, sender.now_us, sender.now_us) == ts


def test_discontinuous_transmission_is_no_pause() -> None:
    sender = Sender()
    for _ in range(20):
        sender.pause(0.38, counts=True)
        sender.heard()
        assert sender.packet() == 0


def test_a_late_packet_of_discontinuous_transmission_is_no_pause() -> None:
    sender = Sender()
    sender.talk()
    sender.pause(0.21)
    sender.heard()
    sender.pause(0.44)
    sender.ts = (sender.ts + 380 * RATE // 1000) % (1 << 32)
    assert set(sender.talk()) == {0}


def test_a_loss_is_no_pause() -> None:
    sender = Sender()
    sender.talk()
    sender.pause(0.3, counts=True)
    sender.seq += 15
    sender.heard()
    sender.pause(0.3, counts=True)
    sender.seq += 15
    assert set(sender.talk()) == {0}


def test_reports_that_are_a_little_off_now_and_then_change_nothing() -> None:
    sender = Sender()
    for _ in range(10):
        sender.talk()
        sender.report()
        sender.talk()
        sender.now_us += 150_000
        assert sender.report() == 0
        sender.now_us -= 150_000
        assert set(sender.talk()) == {0}


def test_what_was_held_up_on_the_way_is_no_pause() -> None:
    sender = Sender()
    sender.talk()
    sender.heard()
    sender.pause(3)
    assert set(sender.talk()) == {0}


def test_a_pause_that_nobody_witnessed_is_made_up_for_after_the_next_report() -> None:
    sender = Sender()
    sender.talk()
    assert sender.report() == 0
    sender.pause(2)
    assert set(sender.talk()) == {0}
    assert abs(sender.report() - 2 * RATE) <= 1
    assert {abs(shift - 2 * RATE) for shift in sender.talk()} <= {0, 1}
    assert abs(sender.report() - 2 * RATE) <= 1


def test_a_sender_that_reports_its_last_timestamp_in_a_pause_has_not_lagged() -> None:
    sender = Sender()
    sender.talk()
    sender.report()
    sender.pause(3)
    assert abs(sender.report() - 3 * RATE) <= 1, "the clock has gone on"
    sender.ts = (sender.ts + 3 * RATE) % (1 << 32)
    assert set(sender.talk()) == {0}
    assert sender.report() == 0


def test_what_is_ahead_of_its_reports_is_not_turned_back() -> None:
    sender = Sender()
    sender.talk()
    sender.report()
    sender.ts += 5 * RATE
    assert set(sender.talk()) == {0}
    assert sender.report() == 0


def test_the_first_packet_and_report_have_nothing_to_be_compared_with() -> None:
    sender = Sender()
    sender.heard()
    assert sender.report() == 0
    assert sender.packet() == 0


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("talk"), st.integers(1, 60)),
        st.tuples(st.just("pause"), st.floats(0, 40)),
        st.tuples(st.just("silence"), st.floats(0, 40)),
        st.tuples(st.just("heard"), st.none()),
        st.tuples(st.just("report"), st.none()),
    ),
    max_size=60,
)


REPORTED = [("report", None)]
PAUSED = [("talk", 8), ("pause", 1), ("heard", None), ("talk", 8)]


@given(EVENTS)
@example([*REPORTED, *PAUSED, ("silence", 1.1094583530885243), *REPORTED])  # a fraction of a tick
@example([("talk", 2), ("pause", 1 / 3), *REPORTED, *PAUSED, ("silence", 1), *REPORTED])
def test_what_is_added_never_shrinks_nor_exceeds_the_pauses(events) -> None:
    sender = Sender()
    paused = last = 0.0
    for what, amount in events:
        if what == "talk":
            for shift in sender.talk(amount):
                assert shift >= last
                last = shift
        elif what == "pause":
            sender.pause(amount)
            paused += amount
        elif what == "silence":
            sender.pause(amount, counts=True)
        elif what == "heard":
            sender.heard()
        else:
            assert sender.report() >= last
    assert last <= paused * RATE + len(events)
