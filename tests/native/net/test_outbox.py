"""net/outbox: what is worth while to be held for the rest of its burst."""

from tests.native.faces.outbox import Pace

FRAME_US = 33_333
LARGE = 1200


def burst(pace: Pace, start_us: int, packets: int, size: int = LARGE) -> list[bool]:
    return [pace.more(size, start_us + 60 * i) for i in range(packets)]


def test_single_datagrams_are_never_held() -> None:
    pace = Pace()
    assert not any(any(burst(pace, i * FRAME_US, 1)) for i in range(1, 50))


def test_the_second_datagram_of_the_first_burst_tells_that_it_is_one() -> None:
    assert burst(Pace(), FRAME_US, 4) == [False, True, True, True]


def test_after_a_burst_the_first_datagram_is_held_for_the_rest() -> None:
    pace = Pace()
    burst(pace, FRAME_US, 4)
    assert burst(pace, 2 * FRAME_US, 4) == [True] * 4


def test_a_single_one_after_a_burst_is_held_once() -> None:
    pace = Pace()
    burst(pace, FRAME_US, 4)
    held = [burst(pace, i * FRAME_US, 1) for i in range(2, 5)]
    assert held == [[True], [False], [False]]


def test_a_voice_is_not_held_and_says_nothing_of_the_pictures() -> None:
    pace = Pace()
    assert not any(burst(pace, FRAME_US, 4, size=160))
    assert burst(pace, 2 * FRAME_US, 1) == [False]
