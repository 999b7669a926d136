"""Joining and leaving while media flows: what it does to those who stay, and to memory.

A 720p sender plays to many receivers. First they are alone; then, in rounds, visitors join the same
room, receive and leave again, so many a second, and those who stay must lose nothing. RSS of the
server process: with few receivers, with many (KiB for each further one), and after each round.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.forward import Load, Scenario, connect, measure, room_name, serving

FEW = 10
PRESENT = 5  # visitors that are there at a time
PLAY_SECONDS = 1.0
ROUNDS = 5
LATER = (ROUNDS - 1) / ROUNDS  # of the joins come after the first round, which fills pools


@dataclass
class Visits:
    """How many have come so far."""

    count: int = 0


@contextlib.contextmanager
def coming_and_going(load: Load, per_second: float) -> Iterator[Visits]:
    """Visitors of the first room, in a thread of their own; what fails there is raised at the end.

    They join by WHEP, complete ICE and DTLS, and receive what the kernel keeps for them.
    """
    done, visits = threading.Event(), Visits()
    failures: list[Exception] = []

    def visit() -> None:
        present: deque[Any] = deque()
        try:
            while not done.wait(1 / per_second):
                present.append(load.watch(room_name(0)))
                visits.count += 1
                if len(present) > PRESENT:
                    load.server.leave(present.popleft())
            for last in present:
                load.server.leave(last)
        except Exception as error:
            failures.append(error)

    visiting = threading.Thread(target=visit)
    visiting.start()
    try:
        yield visits
    finally:
        done.set()
        visiting.join()
    if failures:
        raise failures[0]


def play(load: Load) -> float:
    """Let media flow; the server's RSS in KiB then."""
    load.player.run(PLAY_SECONDS)
    return load.server.rss_bytes() / 1024


def run(receivers: int, joins: int, per_second: float) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    seconds = joins / per_second / ROUNDS
    scenario = Scenario(receivers, audio=True, seconds=seconds)
    with serving(replace(scenario, receivers=receivers + 10 * PRESENT)) as server:
        empty = server.rss_bytes() / 1024
        load = connect(replace(scenario, receivers=FEW), server, capacity=receivers)
        few = play(load)
        load.add_receivers([room_name(0)] * (receivers - FEW))
        many = play(load)
        alone = measure(scenario, load)
        rounds, sizes, started = [], [], time.monotonic()
        with coming_and_going(load, per_second) as visits:
            for _ in range(ROUNDS):
                rounds.append(measure(scenario, load))
                sizes.append(load.server.rss_bytes() / 1024)
        elapsed = time.monotonic() - started
    middle = sorted(rounds, key=lambda one: int(one["latency_us"]["p99"]))[ROUNDS // 2]
    return {
        "scenario": "churn",
        "params": {"receivers": receivers, "joins": joins, "per_second": per_second},
        **middle,
        "loss": max(one["loss"] for one in rounds),
        "errors": {name: sum(one["errors"][name] for one in rounds) for name in middle["errors"]},
        "latency_us_alone": alone["latency_us"],
        "joins": visits.count,
        "joins_per_second": round(visits.count / elapsed, 1),
        "empty_mib": round(empty / 1024, 1),
        "kib_per_receiver": round((many - few) / (receivers - FEW), 1),
        "rounds_mib": [round(rss / 1024, 1) for rss in sizes],
        "growth_kib_per_join": round((sizes[-1] - sizes[0]) / (visits.count * LATER), 2),
    }


def main(
    receivers: Annotated[int, typer.Option(help="Receivers that stay.")] = 100,
    joins: Annotated[int, typer.Option(help="Receivers that come and go.")] = 200,
    per_second: Annotated[float, typer.Option(help="How many of them a second.")] = 10.0,
) -> None:
    """Measure joining and leaving beside media; prints one JSON object."""
    report.print_json(report.complete(run(receivers, joins, per_second)))


if __name__ == "__main__":
    typer.run(main)
