"""media/lateness: what a picture's packets say of how long it is to be held."""

import random

import pytest

from tests.native.faces.lateness import Lateness

MS, SECOND_US = 1000, 1_000_000
APART_US = 5 * MS


def twentieth(i):
    return i % 20 == 0


class Stream:
    """200 packets a second."""

    def __init__(self):
        self.lateness, self.now_us, self.count = Lateness(), 0, 0

    def flow(self, seconds, late=lambda i: False, late_ms=70):
        for _ in range(int(seconds * SECOND_US / APART_US)):
            self.now_us += APART_US
            self.count += 1
            self.lateness.packet(self.now_us, late_ms * MS if late(self.count) else 0)

    def held_ms(self):
        """None: nothing is said."""
        said = self.lateness.said(self.now_us)
        if said is None:
            return None
        bounds = int.from_bytes(said, "big")
        assert bounds & 0xFFF == 0xFFF
        return (bounds >> 12) * 10


def test_nothing_is_said_of_a_way_that_loses_nothing():
    stream = Stream()
    stream.flow(60)
    assert stream.held_ms() is None


@pytest.mark.parametrize("seed", range(5))
def test_nor_of_one_that_loses_something_now_and_then(seed):
    stream, chance = Stream(), random.Random(seed)
    stream.flow(120, late=lambda i: chance.random() < 0.008)
    assert stream.held_ms() is None


def test_nor_of_a_single_burst():
    stream = Stream()
    stream.flow(60, late=lambda i: i % 12_000 < 6)
    assert stream.held_ms() is None


@pytest.mark.parametrize("seed", range(5))
def test_one_in_twenty_is_no_exception(seed):
    stream, chance = Stream(), random.Random(seed)
    stream.flow(5, late=lambda i: chance.random() < 0.05)
    for _ in range(60):
        assert stream.held_ms() == 90
        stream.flow(1, late=lambda i: chance.random() < 0.05)


def test_its_sender_has_the_word():
    stream = Stream()
    stream.flow(5, late=twentieth)
    assert stream.held_ms() == 90
    stream.lateness.sender_says()
    assert stream.held_ms() is None


@pytest.mark.parametrize("late_ms", [25, 70, 150])
def test_as_long_as_repairs_take_and_a_little(late_ms):
    stream = Stream()
    stream.flow(3, late=twentieth, late_ms=late_ms)
    assert late_ms + 10 < stream.held_ms() <= late_ms + 20


def test_by_the_later_ones():
    stream = Stream()
    stream.flow(3, late=twentieth)
    for _ in range(20):
        stream.flow(0.2, late=twentieth, late_ms=150)
        stream.flow(0.8, late=twentieth)
    assert 100 <= stream.held_ms() <= 150


def test_no_longer_than_a_conversation_bears():
    stream = Stream()
    stream.flow(3, late=twentieth, late_ms=900)
    assert stream.held_ms() == 200


def test_not_at_all_ten_seconds_after_the_last():
    """Which has to be said: a receiver remembers."""
    stream = Stream()
    stream.flow(3, late=twentieth)
    stream.flow(9)
    assert stream.held_ms() == 90
    stream.flow(2)
    assert stream.held_ms() == 0
    stream.flow(2, late=twentieth)
    assert stream.held_ms() == 90
