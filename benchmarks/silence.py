"""Silence costs nothing: a room of 200 in which three speak, against their three voices alone.

In the room all of `people` have a microphone, and all but one hear everybody. Who does not speak
pauses as Opus does (DTX): a packet each 400 ms. In turns with it, the same three voices to as many
receivers, all of it forwarded. CPU is that of the whole server process.
"""

import statistics
from dataclasses import replace
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.forward import Scenario, measure, playing, serving

FORWARD = 6  # voices that a room passes on: the server's default


def run(
    people: int, speaking: int, seconds: float, repetitions: int, *, apart: bool = True
) -> dict[str, Any]:
    """The medians of both, and of their ratio from turn to turn."""
    alone = Scenario(
        people - 1, senders=speaking, trace="vp8_360p", video=False, audio=True, seconds=seconds
    )
    hall = replace(alone, senders=people)
    settings = {
        "FASTSFU_AUDIO_FORWARD": str(FORWARD),
        "FASTSFU_MAX_STREAMS": str(4 * (people + 10) ** 2),
    }
    with (
        serving(hall, settings, apart=apart) as server,
        playing(alone, server, "voices") as voices,
        playing(hall, server, "hall") as room,
    ):
        voices.player.fill_hall()
        room.player.play(speaking)
        room.player.fill_hall()
        turns = [
            (cost(measure(alone, voices)), cost(measure(hall, room))) for _ in range(repetitions)
        ]
        silenced = server.metrics()["fastsfu_worker_packets_silenced_total"]
    return {
        "scenario": "silence",
        "params": {"people": people, "speaking": speaking, "forward": FORWARD, "seconds": seconds},
        "voices": {name: statistics.median(one[name] for one, _ in turns) for name in turns[0][0]},
        "hall": {name: statistics.median(one[name] for _, one in turns) for name in turns[0][1]},
        "ratios": [round(hall["core_share"] / one["core_share"], 3) for one, hall in turns],
        "ratio": round(
            statistics.median(hall["core_share"] / one["core_share"] for one, hall in turns), 3
        ),
        "packets_silenced": int(silenced),
    }


def cost(measured: dict[str, Any]) -> dict[str, float]:
    """What the server took of its core, and what it sent."""
    share = measured["cpu_ns_per_packet"] * measured["packets_per_second"] / 1e9
    return {
        "core_share": round(share, 4),
        "packets_per_second": measured["packets_per_second"],
        "gaps": measured["errors"]["gaps"],
        "starved_receivers": measured["errors"]["starved_receivers"],
    }


def main(
    people: Annotated[int, typer.Option(help="In the room.")] = 200,
    speaking: Annotated[int, typer.Option(help="Of them.")] = 3,
    seconds: Annotated[float, typer.Option(help="How long to count, for each run.")] = 5.0,
    repetitions: Annotated[int, typer.Option(help="Turns; the medians count.")] = 5,
) -> None:
    """Measure on this machine: the server on core 0, the load on core 1."""
    report.print_json(report.complete(run(people, speaking, seconds, repetitions)))


if __name__ == "__main__":
    typer.run(main)
