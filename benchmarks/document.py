"""docs/performance.md: its tables and charts are made from docs/performance/results.json.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`. `python -m benchmarks.document`
writes all of them anew and draws the charts beside the results.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import benchmarks.compare.__main__ as compare
from benchmarks import charts, messages, profile, results, suite
from benchmarks.compare.servers import OURS, SERVERS

Result = dict[str, Any]
Columns = Mapping[str, Callable[[Result], str]]
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
FOLDER = DOCUMENT.with_suffix("")
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)


def filled(text: str, rows: Sequence[Result]) -> str:
    """The document with its tables made from these results; KeyError for a table without columns.

    A table whose shape was not measured says so.
    """
    return TABLE.sub(lambda found: f"{found[1]}{table(found[2], rows)}{found[3]}", text)


def table(name: str, rows: Sequence[Result]) -> str:
    """One Markdown table, each line ended."""
    columns, measured = TABLES[name], [one for one in rows if one["shape"] == name]
    if not measured:
        return "Not measured yet.\n"
    lines = [list(columns), ["---"] * len(columns)]
    lines += [[read(one) for read in columns.values()] for one in measured]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _case(one: Result) -> str:
    return str(one["case"])


def _server(one: Result) -> str:
    return str(one["server"])


def _cost(one: Result) -> str:
    """The median turn, and the least and the most."""
    runs = one.get("cpu_ns_per_packet_runs", [])
    spread = f" ({min(runs):,} to {max(runs):,})" if len(runs) > 1 else ""
    return f"{one['cpu_ns_per_packet']:,}{spread}"


def _per_message(one: Result) -> str:
    value = one["packets_per_message"]
    return "" if value is None else f"{value:.1f}"


def _milliseconds(latency: Mapping[str, int]) -> str:
    return " / ".join(f"{latency[share] / 1000:.2f}" for share in ("p50", "p99"))


def _latency(one: Result) -> str:
    return _milliseconds(one["latency_us"])


def _loss(one: Result) -> str:
    loss = one["loss"]
    worst = max(loss) if isinstance(loss, list) else loss
    return f"{worst:.3%}" if worst else "0"


def _ratio(way: str) -> Callable[[Result], str]:
    def read(one: Result) -> str:
        ratio = one.get("ratio_to_ceiling", {}).get(way)
        return f"{ratio:.2f}" if ratio else ""

    return read


def _mark(way: str) -> Callable[[Result], str]:
    def read(one: Result) -> str:
        value = one.get("ceiling_ns_per_packet", {}).get(way)
        return f"{value:,}" if value else ""

    return read


def _rate(one: Result) -> str:
    return f"{one['packets_per_second']:,}"


CALLS: Columns = {
    "": _case,
    "CPU ns a packet": _cost,
    "packets a message": _per_message,
    "the kernel alone": _mark("floor"),
    "ratio": _ratio("floor"),
    "latency p50 / p99 ms": _latency,
    "lost": _loss,
}
COMPARED: Columns = {
    "": _case,
    "server": _server,
    "CPU ns a packet": _cost,
    "times ours": lambda one: f"{one['ratio_to_fastsfu']:.2f}",
    "packets a message": _per_message,
    "latency p50 / p99 ms": _latency,
    "lost": _loss,
}
TABLES: dict[str, Columns] = {
    "forward": {
        **CALLS,
        "yardstick": _mark("gather"),
        "ratio to it": _ratio("gather"),
    },
    "grid": CALLS,
    "rooms": {**CALLS, "packets/s": _rate},
    "audio": {
        **CALLS,
        "cheapest single send": _mark("single_send"),
        "ratio to it": _ratio("single_send"),
    },
    "choices": COMPARED,
    "compare": {**COMPARED, "KiB a client": lambda one: str(one["kib_per_peer"])},
    "latency": {
        "core busy": lambda one: f"{one['core_share']:.0%}",
        "packets/s": _rate,
        "CPU ns a packet": _cost,
        "latency p50 / p99 ms": _latency,
        "the kernel's fan-out alone, mean ms": lambda one: (
            f"{one['ceiling_us']['serial_fan_out'] / 1000:.2f}"
        ),
        "lost": _loss,
    },
    "workers": {
        "": _case,
        "times one worker": lambda one: f"{one['speedup']:.2f}",
        "in each turn": lambda one: ", ".join(f"{each:.2f}" for each in one["speedups"]),
        "one: p50 / p99 ms": lambda one: _milliseconds(one["latency_us"][0]),
        "two: p50 / p99 ms": lambda one: _milliseconds(one["latency_us"][1]),
        "lost": _loss,
    },
    "churn": {
        "": _case,
        "joins": lambda one: f"{one['joins']}, {one['joins_per_second']} a second",
        "latency p50 / p99 ms": _latency,
        "nobody joins": lambda one: _milliseconds(one["latency_us_alone"]),
        "lost": _loss,
        "KiB a receiver": lambda one: str(one["kib_per_receiver"]),
        "MiB after each round": lambda one: ", ".join(map(str, one["rounds_mib"])),
    },
    "soak": {
        "minutes": lambda one: f"{one['params']['minutes']:g}",
        "visits": lambda one: str(one["visits"]),
        "first half: p50 / p99 ms": lambda one: _milliseconds(one["latency_us_halves"][0]),
        "second half": lambda one: _milliseconds(one["latency_us_halves"][1]),
        "lost in the worst window": _loss,
        "MiB at the end": lambda one: str(one["rss_mib"]),
        "KiB a minute": lambda one: str(one["growth_kib_per_minute"]),
    },
    "messages": {
        "": _case,
        "deliveries": lambda one: f"{one['deliveries']:,} in {one['seconds']:.0f} s",
        "a second": lambda one: f"{one['deliveries_per_second']:,}",
        "latency p50 / p99 ms": lambda one: " / ".join(
            f"{one['latency_ms'][share]:.1f}" for share in ("p50", "p99")
        ),
        "lost": lambda one: "" if one["lost"] is None else str(one["lost"]),
        "doubled or out of order": lambda one: str(one["doubled_or_out_of_order"]),
        "CPU ns a delivery": lambda one: f"{one['cpu_ns_per_delivery']:,}",
        "of a core": lambda one: f"{one['server_core_share']:.0%}",
    },
    "profile": {
        "": _case,
        "CPU ns a packet": _cost,
        "of which": lambda one: ", ".join(
            f"{name} {ns:,}" for name, ns in one["ns_per_packet"].items()
        ),
    },
}


def ordered(rows: Sequence[Result]) -> list[Result]:
    """By the lists of cases, whatever the order in which they were measured; ValueError for one
    that is no longer there.
    """
    cases = {shape: [case.name for case in cases] for shape, cases in suite.SHAPES.items()}
    cases |= {"compare": compare.ALL, "choices": compare.ALL, "profile": profile.ALL}
    cases["messages"] = messages.ALL

    def place(one: Result) -> tuple[int, int]:
        server = one.get("server", OURS)
        return cases[one["shape"]].index(one["case"]), list(SERVERS).index(server)

    return sorted(rows, key=place)


def main() -> None:
    """Make the tables and the charts anew."""
    rows = ordered(results.load(FOLDER / "results.json"))
    DOCUMENT.write_text(filled(DOCUMENT.read_text(), rows))
    charts.draw(rows, FOLDER)


if __name__ == "__main__":
    main()
