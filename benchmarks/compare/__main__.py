"""Other servers under the same load: what each takes for a forwarded packet, in turns on one core.

`python -m benchmarks.compare` runs each server with its own senders and receivers, connected all
the time, and plays to one after the other; only the one that is played to has work. Another server
takes part by a subclass of `load.server.Process` that says how to publish and how to watch.
"""

import contextlib
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.compare import network
from benchmarks.compare.janus import Janus
from benchmarks.forward import SERVER_CORE, Load, Scenario, connect, disconnect, keep_apart, measure
from benchmarks.load.server import Process, ServerProcess, free_port

OURS = "fastsfu"
ROOT = Path(__file__).resolve().parents[2]


class Plain(Process):
    """compare/plain.py."""

    name = "plain Python"

    def __init__(self, *, core: int | None = None) -> None:
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.compare.plain", str(port)]
        super().__init__(f"http://127.0.0.1:{port}", command, core=core)


SERVERS: dict[str, Callable[..., Process]] = {
    OURS: lambda core: ServerProcess(core=core, environment={"FASTSFU_MAX_PARTICIPANTS": "2000"}),
    "plain": lambda core: Plain(core=core),
    "janus": lambda core: Janus(core=core),
}

COUNTS = [10, 100]
RIVALS = [name for name in SERVERS if name != OURS]


@contextlib.contextmanager
def loads(names: list[str], scenario: Scenario) -> Iterator[dict[str, Load]]:
    """Each server with its clients, connected."""
    keep_apart()
    with contextlib.ExitStack() as stack:
        connected = {}
        for name in names:
            server = stack.enter_context(SERVERS[name](SERVER_CORE))
            empty = server.rss_bytes()
            connected[name] = connect(scenario, server)
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
    results = []
    for name in names:
        pairs = zip(runs[name], runs[OURS], strict=True)
        ratios = [one["cpu_ns_per_packet"] / ours["cpu_ns_per_packet"] for one, ours in pairs]
        middle = sorted(runs[name], key=lambda one: int(one["cpu_ns_per_packet"]))
        results.append(
            {
                "scenario": "compare",
                "server": name,
                "params": report.params(scenario),
                "ratio_to_fastsfu": round(statistics.median(ratios), 2),
                "kib_per_peer": memory[name],
                **middle[(len(middle) - 1) // 2],
            }
        )
    return results


def main(
    receivers: Annotated[list[int], typer.Option(help="How many receive; repeatable.")] = COUNTS,
    server: Annotated[list[str], typer.Option(help="Which to compare; repeatable.")] = RIVALS,
    rooms: Annotated[int, typer.Option(help="Rooms with so many receivers each.")] = 1,
    senders: Annotated[int, typer.Option(help="Senders in each room.")] = 1,
    video: Annotated[bool, typer.Option(help="Play the trace's video.")] = True,
    audio: Annotated[bool, typer.Option(help="Play the trace's audio too.")] = False,
    seconds: Annotated[float, typer.Option(help="How long to count, for each run.")] = 5.0,
    live: Annotated[int, typer.Option(help="Receivers that read, 0: all.")] = 5,
    repetitions: Annotated[int, typer.Option(help="Turns.")] = 3,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Compare this server with others on this machine: servers on core 0, the load on core 1."""
    names = [OURS, *server]
    if "janus" in names:
        network.enter()
    for count in receivers:
        scenario = Scenario(
            count, rooms, senders, video=video, audio=audio, seconds=seconds, live=live
        )
        results = [report.complete(one) for one in run(names, scenario, repetitions)]
        if json:
            for one in results:
                report.print_json(one)
        else:
            print_table(results)


def print_table(results: list[dict[str, Any]]) -> None:
    """One row a server."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(f"{results[0]['params']}")
    table = Table(
        "server", "CPU ns/packet", "x fastsfu", "loss", "latency p50/p95/p99 us", "KiB/client"
    )
    for one in results:
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
