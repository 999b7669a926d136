"""A long run: do memory, loss and latency stay what they are?

Rooms of four play for ten minutes while visitors come and go. Each window is one row of `windows`;
the first ones, in which caches and pools fill, are not held against the last.
"""

import time
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks import report
from benchmarks.churn import coming_and_going
from benchmarks.forward import Scenario, connect, disconnect, measure, serving

CALLS = Scenario(receivers=4, rooms=10, senders=4, audio=True, live=8)
KEPT = ("loss", "cpu_ns_per_packet", "packets_per_second", "latency_us", "rss_mib", "errors")
LEAST_WINDOWS = 4


def run(minutes: float, window: float, visits_per_second: float) -> dict[str, Any]:
    """One object of docs/benchmarks.md; ValueError when there is no time for four windows."""
    if minutes * 60 < LEAST_WINDOWS * window:
        raise ValueError(f"{minutes} minutes are too short for windows of {window} s")
    scenario = replace(CALLS, seconds=window)
    windows: list[dict[str, Any]] = []
    with serving(scenario) as server:
        load = connect(scenario, server)
        load.player.drop_except(scenario.live)
        started = time.monotonic()
        with coming_and_going(load, visits_per_second) as visits:
            while time.monotonic() < started + minutes * 60:
                one = measure(scenario, load)
                kept = {name: one[name] for name in KEPT}
                windows.append({"minute": round((time.monotonic() - started) / 60, 2), **kept})
        disconnect(load)
    return {
        "scenario": "soak",
        "params": report.params(scenario) | {"minutes": minutes},
        "visits": visits.count,
        **summary(windows),
        "windows": windows,
    }


def summary(windows: list[dict[str, Any]]) -> dict[str, Any]:
    """First half against second: memory by its slope, loss in all, latency by medians."""
    half = len(windows) // 2
    minutes = [one["minute"] for one in windows]
    slope, _ = np.polyfit(minutes[half:], [one["rss_mib"] for one in windows[half:]], 1)

    def middle(share: str, part: slice) -> int:
        return int(np.median([one["latency_us"][share] for one in windows[part]]))

    halves = slice(0, half), slice(half, None)
    errors = [sum(one["errors"].values()) for one in windows]
    return {
        "loss": max(one["loss"] for one in windows),
        "errors": {"windows_with_errors": sum(map(bool, errors))},
        "cpu_ns_per_packet": round(np.median([one["cpu_ns_per_packet"] for one in windows])),
        "rss_mib": windows[-1]["rss_mib"],
        "growth_kib_per_minute": round(slope * 1024, 1),
        "latency_us_halves": [
            {share: middle(share, part) for share in ("p50", "p95", "p99")} for part in halves
        ],
    }


def main(
    minutes: Annotated[float, typer.Option(help="How long; it ends by itself.")] = 10.0,
    window: Annotated[float, typer.Option(help="Seconds that one row covers.")] = 10.0,
    visits: Annotated[float, typer.Option(help="Visitors a second that come and go.")] = 1.0,
) -> None:
    """Play for minutes and look whether anything grows; prints one JSON object."""
    report.print_json(report.complete(run(minutes, window, visits)))


if __name__ == "__main__":
    typer.run(main)
