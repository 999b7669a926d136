"""Other servers under the same load: what each takes for a forwarded packet, in turns on one core.

`python -m benchmarks.compare` runs each server with its own senders and receivers, connected all
the time, and plays to one after the other; only the one that is played to has work. Another server
takes part by a subclass of `load.server.Process` that says how to publish and how to watch.
"""

import contextlib
import statistics
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import report, results
from benchmarks.compare import network
from benchmarks.compare.servers import CHOICES, NOT_ON_LOOPBACK, OURS, RIVALS, SERVERS
from benchmarks.forward import (
    SERVER_CORE,
    Load,
    Scenario,
    connect,
    disconnect,
    keep_apart,
    measure,
    middle,
)

CASES = {
    **{f"1 to {receivers}": Scenario(receivers) for receivers in (10, 100, 400)},
    "voice, 1 to 200": Scenario(200, audio=True, video=False),
    "8 people, audio and video": Scenario(8, senders=8, audio=True),
}
ALL = list(CASES)


@contextlib.contextmanager
def loads(names: list[str], scenario: Scenario) -> Iterator[dict[str, Load]]:
    """Each server with its clients, connected."""
    keep_apart()
    with contextlib.ExitStack() as stack:
        connected = {}
        for name in names:
            contender = SERVERS[name]
            server = stack.enter_context(contender.start(SERVER_CORE))
            empty = server.rss_bytes()
            connected[name] = connect(replace(scenario, **contender.changes), server)
            stack.callback(disconnect, connected[name])
            if scenario.live:
                connected[name].player.drop_except(scenario.live)
            connected[name].kib_per_peer = (server.rss_bytes() - empty) / 1024 / scenario.peers
        yield connected


def run(names: list[str], scenario: Scenario, repetitions: int) -> list[dict[str, Any]]:
    """The median run of each server, with the ratio of its CPU to ours: median over the turns."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with loads(names, scenario) as connected:
        for _ in range(repetitions):
            for name, load in connected.items():
                runs[name].append(measure(scenario, load))
        memory = {name: round(load.kib_per_peer) for name, load in connected.items()}
    rows = []
    for name in names:
        pairs = zip(runs[name], runs[OURS], strict=True)
        ratios = [one["cpu_ns_per_packet"] / ours["cpu_ns_per_packet"] for one, ours in pairs]
        rows.append(
            {
                "scenario": "compare",
                "server": name,
                "params": report.params(scenario),
                "ratio_to_fastsfu": round(statistics.median(ratios), 2),
                "kib_per_peer": memory[name],
                **middle(runs[name]),
            }
        )
    return rows


def main(
    case: Annotated[list[str], typer.Option(help=f"One of {', '.join(CASES)}; repeatable.")] = ALL,
    server: Annotated[list[str], typer.Option(help="Which to compare; repeatable.")] = RIVALS,
    seconds: Annotated[float, typer.Option(help="How long to count, for each run.")] = 3.0,
    live: Annotated[int, typer.Option(help="Receivers that read, 0: all.")] = 5,
    choices: Annotated[
        bool, typer.Option("--choices", help="Instead of others: ours, each choice undone.")
    ] = False,
    repetitions: Annotated[int, typer.Option(help="Turns.")] = 5,
    output: Annotated[
        Path | None, typer.Option(help="Folder whose results.json to add to.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Compare this server with others on this machine: servers on core 0, the load on core 1."""
    if unknown := set(case) - set(CASES) or set(server) - set(SERVERS):
        raise SystemExit(
            f"there is no {', '.join(unknown)}; cases: {ALL}, servers: {list(SERVERS)}"
        )
    names = [OURS, *(CHOICES if choices else server)]
    if NOT_ON_LOOPBACK & set(names):
        network.enter()
    for name in case:
        scenario = replace(CASES[name], seconds=seconds, live=live)
        rows = [
            results.described("choices" if choices else "compare", name, row)
            for row in run(names, scenario, repetitions)
        ]
        if output:
            results.add(output / "results.json", rows)
        for row in rows if json else ():
            report.print_json(row)
        if not json:
            print_table(rows)


def print_table(rows: list[dict[str, Any]]) -> None:
    """One row a server."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(f"{rows[0]['case']}: {rows[0]['params']}")
    table = Table(
        "server", "CPU ns/packet", "x fastsfu", "loss", "latency p50/p95/p99 us", "KiB/client"
    )
    for one in rows:
        latency = "/".join(str(value) for value in one["latency_us"].values())
        table.add_row(
            one["server"],
            f"{one['cpu_ns_per_packet']:,}",
            f"{one['ratio_to_fastsfu']:g}",
            f"{one['loss']:.3%}",
            latency,
            str(one["kib_per_peer"]),
        )
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
