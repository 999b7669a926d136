"""What a receiver costs in memory, and whether joining and leaving leaks.

RSS of the server process while a 720p sender plays: first with few receivers, then with many (KiB
for each further one), then after each round of receivers that join, receive and leave again.
"""

from dataclasses import replace
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.forward import Load, Scenario, connect, room_name, serving

FEW = 10
PLAY_SECONDS = 1.0
ROUND = 20  # joins between two looks


def play(load: Load) -> float:
    """Let media flow; the server's RSS in KiB then."""
    load.player.run(PLAY_SECONDS)
    return load.server.rss_bytes() / 1024


def churn(load: Load) -> float:
    """Join a round of receivers, let them leave; RSS in KiB after that."""
    passing = [load.watch(room_name(0)) for _ in range(ROUND)]
    load.player.run(PLAY_SECONDS / 2)
    for receiver in passing:
        load.server.leave(receiver)
    return play(load)


def run(receivers: int, joins: int) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    scenario = Scenario(receivers, audio=True)
    with serving(replace(scenario, receivers=receivers + ROUND)) as server:
        empty = server.rss_bytes() / 1024
        load = connect(replace(scenario, receivers=FEW), server, capacity=receivers)
        few = play(load)
        for _ in range(receivers - FEW):
            load.add_receiver(room_name(0), 0)
        many = play(load)
        rounds = [churn(load) for _ in range(joins // ROUND)]
    return {
        "scenario": "churn",
        "params": {"receivers": receivers, "joins": joins},
        "empty_mib": round(empty / 1024, 1),
        "kib_per_receiver": round((many - few) / (receivers - FEW), 1),
        "rounds_mib": [round(rss / 1024, 1) for rss in rounds],
        "growth_kib_per_join": round((rounds[-1] - rounds[len(rounds) // 2]) / (joins / 2), 2),
    }


def main(
    receivers: Annotated[int, typer.Option(help="Receivers that stay.")] = 100,
    joins: Annotated[int, typer.Option(help="Receivers that come and go.")] = 200,
) -> None:
    """Measure memory; prints one JSON object."""
    report.print_json(report.complete(run(receivers, joins)))


if __name__ == "__main__":
    typer.run(main)
