"""forwarding/allocation: what 1,000 receivers in one room cost that each get one of three encodings
of three senders.

It runs ten times a second for each of them, so a round here, of all, times ten is its share of a
core.
"""

import time
from itertools import cycle

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.scenarios.call import Call
from tests.scenarios.ladder import film_ladder, watch_ladder

RECEIVERS, SENDERS = 1000, 3
# Of the estimates that follow one another one in ten changes what flows.
ESTIMATES = [900_000, 880_000, 910_000, 870_000, 890_000] * 2 + [500_000] * 10


@pytest.mark.benchmark(timer=time.thread_time)
def test_room(benchmark: BenchmarkFixture) -> None:
    call = Call(1, transports=RECEIVERS + SENDERS + 1)
    lowest = []
    for place in range(SENDERS):
        _, handles = film_ladder(call, call.join(f"sender {place}"))
        lowest.append(handles[0])
    call.watch(call.join("audience"), lowest[0])
    call.run(2)  # what each encoding costs is known then
    receivers = []
    for place in range(RECEIVERS):
        receiver = call.join(f"receiver {place}")
        for handle in lowest:
            watch_ladder(call, receiver, handle, numbered=True)
        receivers.append(receiver.transport)
    estimates = cycle(ESTIMATES)
    call.world.allocate(receivers, next(estimates))

    def next_estimate() -> tuple[tuple[list[int], int], dict[str, None]]:
        call.world.stall(100_000)
        call.world.events()
        return (receivers, next(estimates)), {}

    allocate = call.world.allocate
    benchmark.pedantic(allocate, setup=next_estimate, rounds=100)  # type: ignore[no-untyped-call]
    assert {int(call.row(one)["estimate_bps"]) for one in receivers} == {ESTIMATES[100 % 20]}
