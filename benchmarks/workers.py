"""What a second worker brings: the same calls through a server with one worker and one with two.

Every room spreads over both workers, so each stream crosses a link: the case that costs most. Both
servers stand ready, and are played to in turns. CPU is that of each worker's thread, read from
outside, for each packet that it sent. A worker with a core to itself can send the inverse of that,
so what two bring is the one worker's cost over each of theirs, added up: 2 is perfect.

With two cores, worker 0 and the event loop have the first; the second is worker 1's and the load's:
the load is light enough to leave both what they want, and its CPU is not counted.
"""

import contextlib
import os
import statistics
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.forward import Load, Scenario, connect, disconnect, keep_apart, measure
from benchmarks.load.server import ServerProcess

CORES = (0, 1)  # of worker 0 and worker 1
FORWARDED = "fastsfu_worker_packets_forwarded_total"


@contextlib.contextmanager
def serving(scenario: Scenario, workers: int) -> Iterator[ServerProcess]:
    """A server whose workers have a core each; rooms spread over them from the beginning."""
    settings = {
        "FASTSFU_MAX_PARTICIPANTS": str(scenario.senders + scenario.receivers + 10),
        "FASTSFU_SPREAD_AT": "0",
    }
    options = ("--workers", str(workers))
    with ServerProcess(core=CORES[0], options=options, environment=settings) as server:
        for thread, core in zip(server.worker_threads(), CORES, strict=False):
            os.sched_setaffinity(int(thread.name), {core})
        yield server


def play(scenario: Scenario, load: Load) -> dict[str, Any]:
    """One turn; `by_worker` counts from its warm-up on."""
    server = load.server
    assert isinstance(server, ServerProcess)
    packets, spent = server.worker_metrics(FORWARDED), server.worker_usage()
    result = measure(scenario, load)
    spent = [now - then for then, now in zip(spent, server.worker_usage(), strict=True)]
    packets = [
        now - then for then, now in zip(packets, server.worker_metrics(FORWARDED), strict=True)
    ]
    by_worker = [
        {"packets": round(count), "ns_per_packet": round(ns / max(count, 1))}
        for count, ns in zip(packets, spent, strict=True)
    ]
    return {**result, "by_worker": by_worker}


def run(scenario: Scenario, repetitions: int) -> dict[str, Any]:
    """Both servers in turns; medians."""
    keep_apart()
    with serving(scenario, 1) as one, serving(scenario, 2) as two:
        loads = connect(scenario, one), connect(scenario, two)
        for load in loads:
            if scenario.live:
                load.player.drop_except(scenario.live)
        turns = [(play(scenario, loads[0]), play(scenario, loads[1])) for _ in range(repetitions)]
        for load in loads:
            disconnect(load)
    return {"scenario": "workers", "params": report.params(scenario), **summary(turns)}


def summary(turns: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    """Medians over the turns, `speedup` by pairs; what is a list is for one worker and for two."""
    costs = [
        [[worker["ns_per_packet"] for worker in each["by_worker"]] for each in pair]
        for pair in turns
    ]
    speedups = [sum(one[0] / ns for ns in two) for one, two in costs]
    return {
        "speedup": round(statistics.median(speedups), 3),
        "speedups": [round(each, 3) for each in speedups],
        "ns_per_packet_by_worker": [
            [round(statistics.median(each)) for each in zip(*side, strict=True)]
            for side in zip(*costs, strict=True)
        ],
        "packets_by_worker": [[w["packets"] for w in each["by_worker"]] for each in turns[-1]],
        "packets_per_second": [each["packets_per_second"] for each in turns[-1]],
        "loss": [max(each["loss"] for each in side) for side in zip(*turns, strict=True)],
        "latency_us": [each["latency_us"] for each in turns[-1]],
        "errors": [each["errors"] for each in turns[-1]],
    }


def main(
    receivers: Annotated[int, typer.Option(help="Receivers in each room.")] = 100,
    rooms: Annotated[int, typer.Option(help="Rooms with one sender each.")] = 2,
    seconds: Annotated[float, typer.Option(help="How long to count, for each run.")] = 5.0,
    live: Annotated[int, typer.Option(help="Receivers that read and check.")] = 20,
    repetitions: Annotated[int, typer.Option(help="Turns; medians count.")] = 5,
) -> None:
    """Measure what a second worker brings; prints one JSON object."""
    scenario = replace(Scenario(receivers, rooms), seconds=seconds, live=live)
    report.print_json(report.complete(run(scenario, repetitions)))


if __name__ == "__main__":
    typer.run(main)
