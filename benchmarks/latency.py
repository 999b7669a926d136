"""Latency under load: how long a packet takes through a core that is busy to 25, 50, 75 and 90 %.

Rooms of one sender are connected once, then so many of them play as make that load. Latency runs
from the sender's send call to the kernel's receive timestamp at the receivers that read. A frame
goes to one receiver after the other, so even the kernel alone makes the average one wait for half
of them (`ceiling_us`).
"""

from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks import floor, report
from benchmarks.forward import (
    FLOOR_MOST,
    SERVER_CORE,
    Load,
    Scenario,
    connect,
    disconnect,
    measure,
    serving,
)

SHARES = [0.25, 0.5, 0.75, 0.9]
FULL = 0.95  # of a core; beyond, queues only grow
NEAR, TOLERANCE = 0.02, 0.05  # of a core, from the share that is wanted
BRIEF = 1.0  # seconds of a look at the load
FIRST_ROOMS = 5


def run(scenario: Scenario, shares: list[float]) -> list[dict[str, Any]]:
    """One object of docs/benchmarks.md for each share of the core that the rooms suffice for."""
    results, brief = [], replace(scenario, seconds=BRIEF)
    with serving(scenario) as server:
        load = connect(scenario, server)
        load.player.drop_except(scenario.live)
        share, rooms = 0.0, 0
        for wanted in shares:
            while share < wanted - NEAR and rooms < scenario.rooms:
                rooms = min(scenario.rooms, rooms + _more(rooms, share, wanted))
                share = play(load, brief, rooms)["core_share"]
            one = play(load, scenario, rooms)
            if one["core_share"] < wanted - TOLERANCE or one["core_share"] > FULL:
                break
            results.append(one | {"ceiling_us": {"serial_fan_out": serial_us(load, rooms)}})
        disconnect(load)
    return results


def _more(rooms: int, share: float, wanted: float) -> int:
    """As many as if each cost the same; not too many, as a packet's cost falls with the load."""
    return max(1, int(rooms * (wanted - share) / share)) if rooms else FIRST_ROOMS


def play(load: Load, scenario: Scenario, rooms: int) -> dict[str, Any]:
    """Measure with so many rooms playing."""
    load.player.play(rooms)
    one = measure(scenario, load)
    one["errors"]["starved_receivers"] -= (scenario.rooms - rooms) * scenario.receivers
    share = one["cpu_ns_per_packet"] * one["packets_per_second"] / 1e9
    return {
        "scenario": "latency",
        "params": report.params(scenario) | {"rooms": rooms},
        "core_share": round(share, 3),
        **one,
    }


def serial_us(load: Load, rooms: int) -> int:
    """How long the average packet waits for the receivers before it, at the floor's cost."""
    call = floor.Call(load.scenario.receivers, rooms)
    seconds = min(load.scenario.seconds, FLOOR_MOST)
    ns_per_packet = floor.measure(load.trace, call, seconds, SERVER_CORE)
    packets_a_frame = len(load.trace.rows) / np.count_nonzero(load.trace.rows["marker"])
    return round(call.receivers * packets_a_frame * ns_per_packet / 2000)


def main(
    receivers: Annotated[int, typer.Option(help="How many receive in each room.")] = 100,
    rooms: Annotated[int, typer.Option(help="Rooms to connect; so many can play.")] = 40,
    share: Annotated[list[float], typer.Option(help="Of the core, rising; repeatable.")] = SHARES,
    seconds: Annotated[float, typer.Option(help="How long to count, for each run.")] = 5.0,
    live: Annotated[int, typer.Option(help="Receivers that read.")] = 20,
) -> None:
    """Measure latency under load; prints one JSON object for each share of the core."""
    scenario = Scenario(receivers, rooms, seconds=seconds, live=live)
    for one in run(scenario, share):
        report.print_json(report.complete(one))


if __name__ == "__main__":
    typer.run(main)
