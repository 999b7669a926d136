"""Benchmark results as JSON lines (docs/benchmarks.md) or a table."""

import dataclasses
import json
import os
import platform
import subprocess
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

COLUMNS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "receivers": lambda r: r["params"]["receivers"],
    "packets/s": lambda r: f"{r['packets_per_second']:,}",
    "loss": lambda r: f"{r['loss']:.4%}",
    "CPU ns/packet": lambda r: f"{r['cpu_ns_per_packet']:,}",
    "of it worker": lambda r: f"{r['worker_ns_per_packet']:,}",
    "event loop": lambda r: f"{r['event_loop_core_share']:.2%}",
    "packets/message": lambda r: r["packets_per_message"],
    "latency p50/p95/p99 us": lambda r: "/".join(str(v) for v in r["latency_us"].values()),
    "RSS MiB": lambda r: r["rss_mib"],
    "x ceiling": lambda r: " ".join(
        f"{way} {ratio:g}" for way, ratio in r.get("ratio_to_ceiling", {}).items()
    ),
}


@dataclasses.dataclass(frozen=True)
class Headline:
    """The number that a result is about, and what it is held against."""

    figure: str
    value: float | None
    ceiling: str = ""
    ceiling_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """How far from the ceiling; 1 is there."""
        return self.value / self.ceiling_value if self.value and self.ceiling_value else None


CEILINGS = {  # the nearest first
    "single_send": "the cheapest single send",
    "floor": "the kernel alone",
    "gather": "the external yardstick",
}


def headline(result: dict[str, Any]) -> Headline:
    """Of any result of the suite."""
    return HEADLINES[result["scenario"]](result)


def _cpu_headline(result: dict[str, Any]) -> Headline:
    marks = result.get("ceiling_ns_per_packet", {})
    way = next((way for way in CEILINGS if way in marks), "")
    value = result["cpu_ns_per_packet"]
    return Headline("CPU ns a packet", value, CEILINGS.get(way, ""), marks.get(way))


def _workers_headline(result: dict[str, Any]) -> Headline:
    return Headline("times one worker", result["speedup"], "a core each", 2)


def _latency_headline(result: dict[str, Any]) -> Headline:
    serial = result["ceiling_us"]["serial_fan_out"]
    figure = f"p50 us at {result['core_share']:.0%}"
    return Headline(figure, result["latency_us"]["p50"], "the kernel's fan-out", serial)


def _churn_headline(result: dict[str, Any]) -> Headline:
    alone = result["latency_us_alone"]["p99"]
    return Headline("p99 us of who stays", result["latency_us"]["p99"], "nobody joins", alone)


def _soak_headline(result: dict[str, Any]) -> Headline:
    before, after = (half["p99"] for half in result["latency_us_halves"])
    return Headline("p99 us, second half", after, "first half", before)


HEADLINES: dict[str, Callable[[dict[str, Any]], Headline]] = {
    "forward": _cpu_headline,
    "workers": _workers_headline,
    "latency": _latency_headline,
    "churn": _churn_headline,
    "soak": _soak_headline,
}


def params(scenario: Any) -> dict[str, Any]:
    """A scenario dataclass as a dict."""
    return dataclasses.asdict(scenario)


def complete(result: dict[str, Any]) -> dict[str, Any]:
    """Add where and what was measured."""
    return {
        **result,
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "kernel": platform.release()},
        "version": _version(),
        "commit": _commit(),
    }


def read_ways(output: str) -> dict[str, float]:
    """`{"way": ..., "cpu_ns_per_packet": ...}` a line, as way -> ns."""
    rows = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {row["way"]: float(row["cpu_ns_per_packet"]) for row in rows}


def print_json(result: dict[str, Any]) -> None:
    """One object, one line."""
    print(json.dumps(result), flush=True)  # noqa: T201


def print_table(results: list[dict[str, Any]]) -> None:
    """For people; the machine and the commit stand above it."""
    first = results[0]
    machine, setting = (
        first["machine"],
        {k: v for k, v in first["params"].items() if k != "receivers"},
    )
    console = Console(width=None if os.isatty(1) else 140)
    console.print(f"{first['scenario']} {setting}")
    console.print(f"fastsfu {first['version']} ({first['commit']}), {machine}")
    used = {
        name: read
        for name, read in COLUMNS.items()
        if name != "x ceiling" or "ratio_to_ceiling" in first
    }
    table = Table(*used)
    for result in results:
        table.add_row(*(str(read(result)) for read in used.values()))
    console.print(table)
    for result in results:
        wrong = {name: count for name, count in result["errors"].items() if count}
        if wrong:
            console.print(f"{result['params']['receivers']} receivers: {wrong}")


def print_suite(results: list[dict[str, Any]]) -> None:
    """Every case with its ceiling; below it, what went wrong."""
    console = Console(width=None if os.isatty(1) else 140)
    first = results[0]
    console.print(f"fastsfu {first['version']} ({first['commit']}), {first['machine']}")
    table = Table("shape", "case", "figure", "value", "held against", "value", "ratio", "loss")
    for result in results:
        table.add_row(*suite_row(result))
    console.print(table)
    for result in results:
        wrong = problems(result)
        if wrong:
            console.print(f"{result['shape']}, {result['case']}: {wrong}")


def suite_row(result: dict[str, Any]) -> list[str]:
    """shape, case, figure, value, ceiling, its value, ratio, loss."""
    one = headline(result)
    numbers = [one.value, one.ceiling_value]
    value, ceiling = ("" if n is None else f"{n:,.0f}" if n >= 10 else f"{n:g}" for n in numbers)
    ratio = f"{one.ratio:.2f}" if one.ratio else ""
    loss = result["loss"]
    worst = max(loss) if isinstance(loss, list) else loss
    labels = [result["shape"], result["case"], one.figure]
    return [*labels, value, one.ceiling, ceiling, ratio, f"{worst:.4%}"]


def problems(result: dict[str, Any]) -> dict[str, int]:
    """Errors that were counted, by name."""
    errors = result["errors"] if isinstance(result["errors"], list) else [result["errors"]]
    totals: dict[str, int] = {}
    for name, count in (item for each in errors for item in each.items()):
        totals[name] = totals.get(name, 0) + count
    return {name: count for name, count in totals.items() if count}


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "?")


def _version() -> str:
    try:
        return version("fastsfu")
    except PackageNotFoundError:
        return "unknown"


def _commit() -> str:
    root = Path(__file__).resolve().parent
    command = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def percentiles(histogram: npt.NDArray[np.uint64]) -> dict[str, int]:
    """Of what a player has counted, in us."""
    total = np.cumsum(histogram)
    if not total[-1]:
        return {}
    return {
        f"p{share:g}": int(np.searchsorted(total, total[-1] * share / 100))
        for share in (50, 95, 99)
    }
