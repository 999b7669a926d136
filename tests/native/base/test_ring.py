"""The ring between two threads: order, fullness, wake-ups, wiping."""

import errno
import select
from collections import deque
from collections.abc import Iterator
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.base.test_pool import mapping_flags
from tests.native.faces.ring import RingFace

CAPACITY = 256


@pytest.fixture
def ring() -> Iterator[RingFace]:
    ring = RingFace(CAPACITY)
    yield ring
    ring.close()


def readable(ring: RingFace) -> bool:
    return bool(select.select([ring.fileno()], [], [], 0)[0])


@given(
    st.lists(
        st.one_of(st.binary(max_size=150), st.none()),
        max_size=200,
    )
)
def test_behaves_as_a_queue(steps: list[bytes | None]) -> None:
    """Bytes are pushed (or refused), None pops; whatever the sizes, the order holds."""
    ring = RingFace(CAPACITY)
    expected: deque[bytes] = deque()
    refused = 0
    for step in steps:
        if step is None:
            if expected:
                assert ring.front() == expected.popleft()
                ring.pop()
            else:
                assert ring.front() is None
        elif ring.push(step):
            expected.append(step)
        else:
            refused += 1
            assert len(step) > CAPACITY // 2 - 8 or sum(map(len, expected)) > 0
    assert ring.dropped() == refused
    ring.close()


@given(st.lists(st.integers(0, CAPACITY // 2 - 8), max_size=50))
def test_empty_ring_takes_every_size_it_promises(sizes: list[int]) -> None:
    ring = RingFace(CAPACITY)
    for size in sizes:
        assert ring.push(b"x" * size)
        assert ring.front() == b"x" * size
        ring.pop()
    ring.close()


def test_refuses_what_can_never_fit(ring: RingFace) -> None:
    assert ring.reserve(CAPACITY // 2 - 7) == 0
    assert ring.reserve(2**32 - 1) == 0
    assert ring.dropped() == 2


def test_reserved_record_is_unseen_until_committed(ring: RingFace) -> None:
    assert ring.reserve(5)
    assert ring.front() is None
    ring.commit()
    assert ring.front() is not None


def test_second_reservation_replaces_the_first(ring: RingFace) -> None:
    assert ring.reserve(50) == ring.reserve(3)
    ring.commit()
    assert len(ring.front()) == 3
    ring.pop()
    assert ring.front() is None


def test_records_are_aligned_and_contiguous(ring: RingFace) -> None:
    start = ring.address()
    for size in (1, 100, 9, 60, 77, 33, 120):
        room = ring.reserve(size)
        assert room % 8 == 0
        assert start <= room <= room + size <= start + CAPACITY
        ring.commit()
        ring.front()
        ring.pop()


def test_popped_records_leave_no_trace(ring: RingFace) -> None:
    for _ in range(20):
        assert ring.push(b"\x5a" * 90)
        assert b"\x5a" in ring.memory()
        ring.front()
        ring.pop()
        assert b"\x5a" not in ring.memory()
    ring.front()
    assert ring.memory() == bytes(CAPACITY)


def test_wakes_once_until_drained(ring: RingFace) -> None:
    assert not readable(ring)
    ring.push(b"a")
    assert not readable(ring)
    ring.wake()
    ring.wake()
    assert readable(ring)
    ring.drain_wake()
    assert not readable(ring)
    ring.wake()
    assert readable(ring)


def test_draining_without_a_wake_does_not_block(ring: RingFace) -> None:
    ring.drain_wake()
    assert not readable(ring)
    ring.wake()
    assert readable(ring)


@pytest.mark.parametrize("capacity", [128, 4096])
def test_two_threads_lose_nothing(capacity: int) -> None:
    """A consumer that sleeps in poll(2) whenever it has emptied the ring; a lost wake-up or a
    record seen half-written ends the count early."""
    count, largest = 30_000, capacity // 2 - 8
    ring = RingFace(capacity)
    received: list[int] = []
    consumer = Thread(target=lambda: received.append(ring.consume(count, largest, 20_000)))
    consumer.start()
    producer = Thread(target=ring.produce, args=(count, largest))
    producer.start()
    consumer.join()
    assert received == [count]
    producer.join()
    assert ring.front() is None
    assert ring.memory() == bytes(capacity)
    ring.close()


def test_memory_is_left_out_of_core_dumps(ring: RingFace) -> None:
    assert "dd" in mapping_flags(ring.address())


@pytest.mark.parametrize("capacity", [0, 32, 65, 100])
def test_odd_capacities_are_refused(capacity: int) -> None:
    with pytest.raises(OSError, match="ring_init") as refusal:
        RingFace(capacity)
    assert refusal.value.errno == errno.EINVAL
