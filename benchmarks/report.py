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
