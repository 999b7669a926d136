"""Which voices are passed on: against a slow reference, and the promises by name."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.voices import Room, Voice

FRAME_US = 20_000
NO_LEVEL, SILENCE = 255, 127


@dataclass
class SlowRoom:
    """Seats are (voice, when in ms, eighths of a dB)."""

    limit: int
    seats: dict[tuple[str, int], tuple[str, int, int]] = field(default_factory=dict)
    claims: dict[str, tuple[int, int]] = field(default_factory=dict)  # the last, and how often

    def weight(self, seat: tuple[str, int, int], ms: int) -> int:
        return max(0, seat[2] - (ms - seat[1]) * 160 // 1000)

    def passes(self, voice: str, claim: int, loudness: int, ms: int) -> bool:
        if self.limit == 0:
            return True
        last, unchanged = self.claims.get(voice, (NO_LEVEL, 0))
        if claim != NO_LEVEL:
            unchanged = min(unchanged + 1, 150) if claim == last else 0
            self.claims[voice] = (claim, unchanged)
        own = next((place for place, seat in self.seats.items() if seat[0] == voice), None)
        if claim & 127 == SILENCE and unchanged == 150 and claim != NO_LEVEL:
            self.seats.pop(own, None)  # type: ignore[arg-type]
            return False
        kind = "without" if claim == NO_LEVEL or unchanged == 150 else "with"
        said = 8 * loudness if kind == "with" else 0
        if own is not None and own[0] == kind and own[1] < self.limit:
            self.seats[own] = (voice, ms, max(said, self.weight(self.seats[own], ms)))
            return True
        if own is not None:
            del self.seats[own]
        return self.take(voice, kind, said, ms)

    def take(self, voice: str, kind: str, said: int, ms: int) -> bool:
        places = [(kind, number) for number in range(self.limit)]
        free = [
            place for place in places if place not in self.seats or ms - self.seats[place][1] > 1000
        ]
        if not free:
            quietest = min(places, key=lambda place: self.weight(self.seats[place], ms))
            if said < self.weight(self.seats[quietest], ms) + 48:
                return False
            free = [quietest]
        self.seats[free[0]] = (voice, ms, said)
        return True


CLAIMS = st.one_of(st.integers(0, 255), st.just(NO_LEVEL), st.just(SILENCE), st.just(30))
PACKETS = st.lists(
    st.tuples(st.integers(0, 5), CLAIMS, st.integers(0, 127), st.integers(0, 1500)), max_size=200
)


@given(st.integers(0, 3), PACKETS)
def test_it_chooses_as_the_slow_reference_does(limit: int, packets: list[tuple[int, ...]]) -> None:
    room, slow = Room(limit), SlowRoom(limit)
    voices = [Voice(room) for _ in range(6)]
    ms = 5000
    for who, claim, loudness, gap in packets:
        ms += gap
        expected = slow.passes(str(who), claim, loudness, ms)
        assert voices[who].passes(claim, float(loudness), ms * 1000) == expected


class Run:
    """Voices that all speak every 20 ms; who is passed on."""

    def __init__(self, limit: int, count: int) -> None:
        self.room = Room(limit)
        self.voices = [Voice(self.room) for _ in range(count)]
        self.us = 10_000_000
        self.turn = 0

    def frame(self, loudness: dict[int, int]) -> set[int]:
        """Loudness by voice; claims waver as people's do."""
        self.us += FRAME_US
        self.turn += 1
        return {
            who
            for who, loud in loudness.items()
            if self.voices[who].passes(127 - loud - self.turn % 2, float(loud), self.us)
        }


def test_while_there_are_seats_everybody_is_heard_at_once() -> None:
    run = Run(6, 6)
    assert run.frame(dict.fromkeys(range(6), 20)) == set(range(6))


def test_of_many_the_loudest_are_passed_on() -> None:
    run = Run(3, 40)
    levels = dict.fromkeys(range(40), 40) | {7: 100, 19: 95, 33: 90}
    chosen = [run.frame(levels) for _ in range(100)]
    assert chosen[-1] == {7, 19, 33}
    assert all(len(each) <= 3 + 3 for each in chosen), "while one takes another's seat"


def test_who_has_spoken_keeps_the_seat_between_two_words() -> None:
    run = Run(1, 2)
    run.frame({0: 100})
    for _ in range(25):  # half a second
        assert run.frame({0: 30, 1: 60}) == {0}
    assert run.frame({0: 30, 1: 100}) == {0, 1}, "somebody who speaks now"
    assert run.frame({0: 30, 1: 100}) == {1}


def test_as_loud_is_not_louder() -> None:
    run = Run(1, 2)
    run.frame({0: 90})
    assert all(run.frame({0: 90, 1: 95}) == {0} for _ in range(200))


def test_a_claim_that_never_changes_wins_no_place() -> None:
    room = Room(1)
    liar, ada = Voice(room), Voice(room)
    us = 10_000_000
    for n in range(200):
        us += FRAME_US
        liar.passes(0, 127.0, us)
        heard = ada.passes(40 - n % 2, 87.0, us)
    assert heard, "for three seconds at most"
    assert liar.passes(0, 127.0, us), "one seat of those who claim nothing"
    assert not Voice(room).passes(NO_LEVEL, 0.0, us), "which are as few"


def test_digital_silence_ends_after_three_seconds_and_leaves_its_seat() -> None:
    room = Room(1)
    muted, ada = Voice(room), Voice(room)
    passed = [muted.passes(SILENCE, 0.0, 10_000_000 + n * FRAME_US) for n in range(200)]
    assert passed == [True] * 150 + [False] * 50
    assert ada.passes(100, 5.0, 14_000_000)
    assert not muted.passes(60, 5.0, 14_000_000)
    assert muted.passes(60, 60.0, 14_000_000), "the first word, whoever is quiet"


def test_a_seat_is_free_when_its_voice_rests_leaves_or_stops() -> None:
    room = Room(1)
    ada, bob = Voice(room), Voice(room)
    assert ada.passes(20, 100.0, 10_000_000)
    assert not bob.passes(100, 20.0, 10_000_000)
    ada.rest()
    assert bob.passes(100, 20.0, 10_000_000)
    del bob
    assert ada.passes(100, 20.0, 10_000_000)
    assert Voice(room).passes(101, 20.0, 11_001_000)


def test_a_pinned_voice_is_passed_on_and_takes_no_seat() -> None:
    room = Room(1)
    owner, ada = Voice(room), Voice(room)
    owner.pin(True)
    assert ada.passes(20, 100.0, 10_000_000)
    assert owner.passes(110, 10.0, 10_000_000)
    assert ada.passes(20, 100.0, 10_000_000)


def test_the_limit_changes_while_they_speak() -> None:
    run = Run(3, 3)
    everybody = {0: 90, 1: 90, 2: 90}
    assert run.frame(everybody) == {0, 1, 2}
    run.room.limit(1)
    assert len(run.frame(everybody)) == 1
    run.room.limit(0)
    assert run.frame(everybody) == {0, 1, 2}


def test_a_worker_whose_clock_is_behind_takes_nobody_s_seat() -> None:
    room = Room(1)
    ada, bob = Voice(room), Voice(room)
    assert ada.passes(20, 100.0, 10_000_000)
    assert not bob.passes(90, 30.0, 9_990_000)
