"""Packet buffers: wiped, locked, left out of dumps, counted."""

import errno
import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.native.faces.pool import CAPACITY, PoolFace

needs_real_mlock = pytest.mark.skipif(
    "libasan" in Path("/proc/self/maps").read_text(),
    reason="AddressSanitizer's mlock does nothing and succeeds",
)


@pytest.fixture
def pool() -> Iterator[PoolFace]:
    pool = PoolFace(1000)
    yield pool
    pool.close()


def mapping_flags(address: int) -> list[str]:
    """VmFlags of the mapping that holds `address` (proc(5), smaps)."""
    inside = False
    with open("/proc/self/smaps") as smaps:
        for line in smaps:
            if bounds := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
                inside = int(bounds[1], 16) <= address < int(bounds[2], 16)
            elif inside and line.startswith("VmFlags:"):
                return line.split()[1:]
    raise AssertionError("no such mapping")


def test_takes_until_the_limit_and_counts_what_it_refuses() -> None:
    pool = PoolFace(300)
    buffers = [pool.take() for _ in range(300)]
    assert 0 not in buffers
    assert len(set(buffers)) == 300
    assert pool.take() == pool.take() == 0
    state = pool.state()
    assert (state["capacity"], state["used"], state["exhausted"]) == (300, 300, 2)
    for buffer in buffers:
        pool.release(buffer)
    assert pool.take() != 0
    assert pool.state()["high_water"] == 300
    pool.close()


def test_grows_only_when_needed(pool: PoolFace) -> None:
    first = pool.state()["capacity"]
    assert first == 256
    for _ in range(first):
        assert pool.take()
    assert pool.state()["capacity"] == first
    assert pool.take()
    assert pool.state()["capacity"] == 2 * first


def test_last_release_wipes_and_the_buffer_is_reused(pool: PoolFace) -> None:
    buffer = pool.take()
    pool.write(buffer, b"\xaa" * CAPACITY)
    pool.release(buffer)
    assert pool.take() == buffer
    assert pool.read(buffer) == bytes(CAPACITY)
    assert pool.size(buffer) == 0


def test_wipes_a_short_packet_too(pool: PoolFace) -> None:
    buffer = pool.take()
    pool.write(buffer, b"secret")
    pool.release(buffer)
    assert pool.take() == buffer
    assert pool.read(buffer) == bytes(CAPACITY)


def test_held_buffer_keeps_its_bytes_until_the_last_holder_lets_go(pool: PoolFace) -> None:
    buffer = pool.take()
    pool.write(buffer, b"shared")
    pool.hold(buffer)
    pool.release(buffer)
    assert pool.read(buffer)[:6] == b"shared"
    assert pool.state()["used"] == 1
    pool.release(buffer)
    assert pool.state()["used"] == 0


def test_buffers_are_left_out_of_core_dumps(pool: PoolFace) -> None:
    assert "dd" in mapping_flags(pool.data_address(pool.take()))


@needs_real_mlock
def test_buffers_are_locked(pool: PoolFace) -> None:
    flags = mapping_flags(pool.data_address(pool.take()))
    assert ("lo" in flags) == pool.state()["locked"]


def test_data_is_aligned(pool: PoolFace) -> None:
    assert {pool.data_address(pool.take()) % 32 for _ in range(600)} == {0}


@needs_real_mlock
def test_unlocked_memory_is_used_and_said() -> None:
    """In a child without the right to lock, whatever we run as."""
    child = os.fork()
    if child == 0:
        os._exit(_use_pool_without_locking())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _use_pool_without_locking() -> int:
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    if os.getuid() == 0:
        os.setuid(65534)  # CAP_IPC_LOCK would lift the limit
    pool = PoolFace(1)
    usable = pool.take() != 0
    return 0 if usable and not pool.state()["locked"] else 1


def test_pool_for_nothing_is_refused() -> None:
    with pytest.raises(OSError, match="pool_init") as refusal:
        PoolFace(0)
    assert refusal.value.errno == errno.EINVAL


def test_a_loan_shows_the_same_bytes_and_is_counted_by_itself(pool: PoolFace) -> None:
    buffer = pool.take()
    pool.write(buffer, b"shared")
    loans = [pool.lend(buffer) for _ in range(3)]
    assert len({buffer, *loans}) == 4
    pool.release(buffer)
    for loan in loans:
        pool.hold(loan)
        pool.release(loan)
        assert pool.read(loan)[:6] == b"shared"
        assert pool.data_address(loan) == pool.data_address(buffer)
    state = pool.state()
    assert (state["used"], state["lent"]) == (1, 3)


def test_what_was_lent_is_wiped_when_the_last_loan_is_settled(pool: PoolFace) -> None:
    buffer = pool.take()
    pool.write(buffer, b"secret")
    loans = [pool.lend(buffer) for _ in range(2)]
    pool.release(buffer)
    pool.release(loans[0])
    pool.settle()
    assert pool.read(loans[1])[:6] == b"secret"
    pool.release(loans[1])
    assert pool.state()["lent"] == 1  # handed back, not yet taken back
    pool.settle()
    assert (pool.state()["used"], pool.state()["lent"]) == (0, 0)
    assert pool.take() == buffer
    assert pool.read(buffer) == bytes(CAPACITY)


def test_more_loans_than_a_slab_holds_all_come_home(pool: PoolFace) -> None:
    buffer = pool.take()
    loans = [pool.lend(buffer) for _ in range(1000)]
    assert len(set(loans)) == 1000
    for loan in loans:
        pool.release(loan)
    pool.settle()
    assert pool.state()["lent"] == 0
    assert {pool.lend(buffer) for _ in range(1000)} == set(loans)
    assert pool.state()["used"] == 1
