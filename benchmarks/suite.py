"""All benchmarks of calls from one list: a table, one JSON file, and charts.

`make bench` runs the short list in under two minutes, `make bench-long` all of it. Each case names
what it is held against: what the kernel alone takes for the same call, or what is said in `Shape`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import charts, churn, forward, latency, report, results, soak, workers
from benchmarks.forward import Scenario

OUTPUT = Path("build/bench")
SHORT_SECONDS, LONG_SECONDS = 2.0, 5.0
LIVE = 5
NO_SHAPES: list[str] = []


@dataclass(frozen=True)
class Options:
    """How each case is measured."""

    repetitions: int
    seconds: float
    ceiling: Path | None = None


@dataclass(frozen=True)
class Case:
    """One row, or a few, of a shape."""

    name: str
    run: Callable[[Options], Sequence[dict[str, Any]]]
    short: bool = False  # make bench runs it too


def call(name: str, scenario: Scenario, *, short: bool = False) -> Case:
    """Forwarding, beside the kernel's own share of the same call."""

    def run(options: Options) -> list[dict[str, Any]]:
        timed = replace(scenario, seconds=options.seconds, live=LIVE)
        yardstick = options.ceiling if scenario.senders == 1 and scenario.video else None
        return [forward.run(timed, options.repetitions, yardstick, with_floor=True)]

    return Case(name, run, short)


def one_to(receivers: int, *, short: bool = False) -> Case:
    return call(f"1 to {receivers:,}", Scenario(receivers), short=short)


def grid(people: int, *, short: bool = False) -> Case:
    scenario = Scenario(people, senders=people, audio=True)
    return call(f"{people} people, audio and video", scenario, short=short)


def voices(senders: int, receivers: int, *, short: bool = False) -> Case:
    scenario = Scenario(receivers, senders=senders, audio=True, video=False)
    return call(f"{senders} to {receivers}", scenario, short=short)


def calls(rooms: int, *, short: bool = False) -> Case:
    scenario = Scenario(4, rooms, senders=4, audio=True)
    return call(f"{rooms} calls of 4, audio and video", scenario, short=short)


def two_workers(options: Options) -> list[dict[str, Any]]:
    scenario = Scenario(150, 2, seconds=options.seconds, live=20)
    return [workers.run(scenario, options.repetitions)]


def busy_core(options: Options) -> list[dict[str, Any]]:
    scenario = Scenario(100, 50, seconds=options.seconds, live=20)
    return latency.run(scenario, latency.SHARES)


SHAPES: Mapping[str, Sequence[Case]] = {
    "forward": [
        *(one_to(receivers, short=True) for receivers in (1, 10, 100)),
        *(one_to(receivers) for receivers in (300, 1000)),
        call("25 rooms of 1 to 100", Scenario(100, 25)),
    ],
    "grid": [grid(8, short=True), grid(16)],
    "audio": [voices(1, 500, short=True), voices(10, 10), voices(50, 50)],
    "rooms": [calls(10, short=True), calls(100)],
    "latency": [Case("1 to 100, as many as it takes", busy_core)],
    "workers": [Case("2 rooms of 1 to 150, spread over both", two_workers)],
    "churn": [Case("1 to 100, 10 visits a second", lambda _: [churn.run(100, 200, 10.0)])],
    "soak": [Case("10 calls of 4", lambda _: [soak.run(10.0, 10.0, 1.0)])],
}


def chosen(only: Sequence[str], *, long: bool) -> list[tuple[str, Case]]:
    """The cases to run, by shape; ValueError when `only` leaves none of them."""
    names = {*SHAPES, *(case.name for cases in SHAPES.values() for case in cases)}
    for name in only:
        if name not in names:
            raise ValueError(f"there is no shape or case {name!r}, only {', '.join(SHAPES)}")
    cases = [(shape, case) for shape, cases in SHAPES.items() for case in cases]
    wanted = [one for one in cases if not only or {one[0], one[1].name} & set(only)]
    found = [one for one in wanted if long or one[1].short]
    if not found:
        raise ValueError(f"{', '.join(only)}: only with --long")
    return found


def main(
    long: Annotated[bool, typer.Option("--long", help="All cases: 40 minutes.")] = False,
    only: Annotated[
        list[str], typer.Option(help="Just this shape or case; repeatable.")
    ] = NO_SHAPES,
    repetitions: Annotated[int, typer.Option(help="Of each; 0: 5 with --long, else 1.")] = 0,
    seconds: Annotated[float, typer.Option(help="Of each; 0: 5 with --long, else 2.")] = 0.0,
    ceiling: Annotated[Path | None, typer.Option(help="External yardstick to interleave.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for results.json and charts.")] = OUTPUT,
    add: Annotated[bool, typer.Option("--add", help="Keep what the file has besides.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Run the benchmarks of calls: the server on core 0, the load on core 1."""
    options = Options(
        repetitions or (5 if long else 1),
        seconds or (LONG_SECONDS if long else SHORT_SECONDS),
        ceiling,
    )
    measured: list[dict[str, Any]] = []
    for shape, case in chosen(only, long=long):
        typer.echo(f"{shape}: {case.name}", err=True)
        rows = [results.described(shape, case.name, row) for row in case.run(options)]
        for row in rows if json else ():
            report.print_json(row)
        measured += rows
        path = output / "results.json"
        everything = results.add(path, rows) if add else results.save(path, measured)
    if not json:
        report.print_suite(measured)
    for chart in charts.draw(everything, output):
        typer.echo(chart)


if __name__ == "__main__":
    typer.run(main)
