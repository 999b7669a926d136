"""What a weak receiver of a call sees and hears, on links that limit, delay and lose.

Three Chromium, each in a network namespace of its own, join one call: a sender with speech and a
moving picture, a receiver on a bad link and one on a clean link. Figures are of the seconds 5 to 30
after the weak one's join. Each go has a fresh network, server and browsers; needs root.
"""

import asyncio
import json
import statistics
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.quality.call import MakeServer, go
from benchmarks.quality.figures import at
from benchmarks.quality.scenarios import SCENARIOS, Asked
from benchmarks.quality.servers import FastSFU, LiveKit

COLUMNS = {
    "fps": "weak.fps",
    "slowest": "weak.slowest_fps",
    "lines": "weak.height",
    "freezes": "weak.freezes",
    "s": "weak.frozen",
    "gap s": "weak.longest_gap",
    "concealed": "weak.concealed",
    "first ms": "weak.first_frame_ms",
    "whole ms": "weak.first_full_ms",
    "back s": "weak.back_after",
    "full s": "weak.full_after",
    "after ms": "weak.after_outage_ms",
    "buffer ms": "weak.jitter_buffer_ms",
    "other fps": "other.fps",
    "lines ": "other.height",
    "kbit/s": "other.kbps",
    "keyframes": "sender.keyframes",
    "link kbit/s": "link.kbps",
    "queue ms": "link.queue_ms.p50",
    "repeats/s": "link.repeats_a_second",
    "unfair": "unfair",
    "cores": "server_cores",
    "idle": "idle",
}
Result = Mapping[str, Any]


def medians(results: Sequence[Result]) -> dict[str, Any]:
    """Of each figure that is in the table or asked for, over the goes; what never came is None."""
    paths = {*COLUMNS.values()} | {
        asked.figure for one in SCENARIOS.values() for asked in one.asked
    }
    found = {}
    for path in sorted(paths):
        values = [at(one, path) for one in results]
        known = [value for value in values if value is not None]
        found[path] = statistics.median(known) if 2 * len(known) > len(values) else None
    return found


def misses(row: Mapping[str, Any], asked: Sequence[Asked]) -> list[Asked]:
    """What of it does not hold."""
    return [
        one
        for one in asked
        if row[one.figure] is None or not one.least <= row[one.figure] <= one.most
    ]


def print_table(results: Sequence[Result]) -> None:
    """A row for each server and scenario, and below it what falls short."""
    table = Table("scenario", "server", "goes", *COLUMNS)
    short = []
    for name, server in dict.fromkeys((one["scenario"], one["server"]) for one in results):
        goes = [one for one in results if (one["scenario"], one["server"]) == (name, server)]
        row = medians(goes)
        table.add_row(name, server, str(len(goes)), *(_cell(row[p]) for p in COLUMNS.values()))
        for one in misses(row, SCENARIOS[name].asked):
            bounds = f"{one.least:g} to {one.most:g}"
            short.append(f"{name}, {server}: {one.figure} is {row[one.figure]}, asked {bounds}")
    console = Console(width=250)
    console.print(table)
    for line in short:
        console.print(line)


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:g}"


def read(path: Path) -> list[Result]:
    """The goes of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def main(
    scenario: Annotated[
        list[str] | None, typer.Option(help=f"One or more of {', '.join(SCENARIOS)}. All.")
    ] = None,
    goes: Annotated[int, typer.Option(help="How often; the table has the medians.")] = 1,
    output: Annotated[Path | None, typer.Option(help="Append each go as a JSON line.")] = None,
    table: Annotated[Path | None, typer.Option(help="Only print the table of such a file.")] = None,
    tree: Annotated[
        Path | None, typer.Option(help="Run the server of this other tree, built in place.")
    ] = None,
    livekit: Annotated[Path | None, typer.Option(help="A livekit-server to measure.")] = None,
    livekit_client: Annotated[
        Path | None, typer.Option(help="The livekit-client.umd.js of npm's livekit-client.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Keep the links' traces and the pages' notes in this folder."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="The server's name in the results.")] = None,
) -> None:
    """Measure calls on bad networks (as root)."""
    if table is not None:
        print_table(read(table))
        return
    make: MakeServer = partial(FastSFU, tree=tree)
    if livekit is not None:
        if livekit_client is None:
            raise typer.BadParameter("--livekit needs --livekit-client")
        make = partial(LiveKit, binary=livekit, client=livekit_client)
    names = scenario or list(SCENARIOS)
    if unknown := [name for name in names if name not in SCENARIOS]:
        raise typer.BadParameter(f"there is no {unknown[0]}; there is {', '.join(SCENARIOS)}")
    results = []
    for name, number in ((name, number) for name in names for number in range(goes)):
        folder = keep / f"{name}-{number + 1}" if keep else None
        figures = asyncio.run(go(SCENARIOS[name], make, seed=number + 1, keep=folder))
        server = label or ("livekit" if livekit else "fastsfu")
        results.append(report.complete({"scenario": name, "server": server, **figures}))
        if output:
            with output.open("a") as file:
                file.write(json.dumps(results[-1]) + "\n")
    print_table(results)


if __name__ == "__main__":
    typer.run(main)
