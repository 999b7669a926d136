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
from tests.scenarios.flows import RTX_PT, VIDEO_PT
from tests.scenarios.ladder import film_ladder

RECEIVERS, SENDERS = 1000, 3
# Of the estimates that follow one another one in ten changes what flows.
ESTIMATES = [900_000, 880_000, 910_000, 870_000, 890_000] * 2 + [500_000] * 10


def receive(call: Call, place: int, sources: list[int]) -> int:
    """A transport to which all of them go, by transport-wide numbers; without a client there."""
    transport: int = call.world.transport(
        local_ufrag=f"{place:08d}",
        local_password="p" * 24,
        remote_ufrag="client",
        remote_password="r" * 22,
        extensions={3: 3},
    )
    for number, source in enumerate(sources):
        call.world.outbound(
            transport, source, ssrc=1 + number, rtx_ssrc=101 + number, numbered=True,
            payload_types=[(VIDEO_PT, VIDEO_PT, RTX_PT)],
        )  # fmt: skip
    return transport


@pytest.mark.benchmark(timer=time.thread_time)
def test_room(benchmark: BenchmarkFixture) -> None:
    # Its transports and streams are numbered together.
    call = Call(1, transports=(RECEIVERS + 100) * (1 + SENDERS))
    lowest = []
    for place in range(SENDERS):
        _, handles = film_ladder(call, call.join(f"sender {place}"))
        lowest.append(handles[0])
    call.watch(call.join("audience"), lowest[0])
    call.run(2)  # what each encoding costs is known then
    receivers = [receive(call, place, lowest) for place in range(RECEIVERS)]
    estimates = cycle(ESTIMATES)
    call.world.allocate(receivers, next(estimates))

    def next_estimate() -> tuple[tuple[list[int], int], dict[str, None]]:
        call.world.stall(100_000)
        call.world.events()
        return (receivers, next(estimates)), {}

    allocate = call.world.allocate
    benchmark.pedantic(allocate, setup=next_estimate, rounds=100)  # type: ignore[no-untyped-call]
    rows = call.world.snapshot()
    told = dict(zip(rows["handle"].tolist(), rows["estimate_bps"].tolist(), strict=True))
    assert {told[one] for one in receivers} == {ESTIMATES[100 % len(ESTIMATES)]}
