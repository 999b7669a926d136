"""Charts of results as SVG: readable on a light and on a dark page, text that stays text, and the
same file from the same results.
"""

from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.profile import OTHER, RULES
from benchmarks.report import CEILINGS

Result = dict[str, Any]
INK = "#010203"  # what becomes the page's own text colour
COLOURS = (
    *("#2f81f7", "#e3873c", "#3fa45b", "#a371f7", "#d9534f"),
    *("#29a3a3", "#b08d2f", "#8b949e", "#d16ba5"),
)
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fastsfu",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
    "font.size": 10,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "grid.color": "#8b949e55",
}
ADAPT = (
    "<style>svg { color: #1f2328; }"
    " @media (prefers-color-scheme: dark) { svg { color: #e6edf3; } }</style>"
)
SIZE = (7.2, 3.6)  # inches
LEGEND_WIDTH = 105  # characters and a little for each entry's mark


def draw(results: Sequence[Result], folder: Path) -> list[Path]:
    """A file for each chart that there are results for."""
    written = []
    for name, chart in CHARTS.items():
        shape, paint = chart
        rows = [one for one in results if one["shape"] == shape]
        if rows:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{name}.svg"
            path.write_text(svg(paint, rows))
            written.append(path)
    return written


def svg(paint: Callable[[Axes, Sequence[Result]], None], rows: Sequence[Result]) -> str:
    """One chart."""
    with mpl.rc_context(STYLE):
        figure = Figure(SIZE, layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="y")
        paint(axes, rows)
        handles, labels = _legend(figure)
        columns = min(len(labels), LEGEND_WIDTH // (max(map(len, labels)) + 5))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=8)
        text = StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    head, rest = text.getvalue().replace(INK, "currentColor").split("<defs>", 1)
    return f"{head}{ADAPT}\n <defs>{rest}"


def _legend(figure: Figure) -> tuple[list[Any], list[str]]:
    """What is drawn in all its axes."""
    found = [axes.get_legend_handles_labels() for axes in figure.axes]
    return [one for handles, _ in found for one in handles], [
        label for _, labels in found for label in labels
    ]


def _one_to_many(axes: Axes, rows: Sequence[Result]) -> None:
    rows = [one for one in rows if one["params"]["rooms"] == 1]
    receivers = [one["params"]["receivers"] for one in rows]
    cost = [one["cpu_ns_per_packet"] for one in rows]
    axes.plot(receivers, cost, "o-", color=COLOURS[0], label="fastsfu")
    for colour, (way, name) in zip(COLOURS[1:], CEILINGS.items(), strict=False):
        marks = [one.get("ceiling_ns_per_packet", {}).get(way) for one in rows]
        if all(marks):
            axes.plot(receivers, marks, "s--", color=colour, label=name)
    axes.set(xscale="log", xlabel="receivers")
    axes.set_xticks(receivers, [f"{count:,}" for count in receivers])
    axes.minorticks_off()
    _logarithmic(axes)
    axes.set_title("One sender of 720p to many: CPU ns for each packet")


def _logarithmic(axes: Axes) -> None:
    """1, 2, 5, 10, ... around what is drawn."""
    numbers = np.concatenate([line.get_ydata() for line in axes.lines])
    low, high = numbers.min() / 1.5, numbers.max() * 1.5
    steps = [step * 10.0**power for power in range(-3, 6) for step in (1, 2, 5)]
    ticks = [step for step in steps if low <= step <= high]
    axes.set(yscale="log", ylim=(low, high))
    axes.set_yticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.yaxis.minorticks_off()


def _shapes(axes: Axes, rows: Sequence[Result]) -> None:
    bars = {"fastsfu": [one["cpu_ns_per_packet"] for one in rows]}
    for way, name in reversed(CEILINGS.items()):
        marks = [one["ceiling_ns_per_packet"].get(way) for one in rows]
        if all(marks):
            bars[name] = marks
    _grouped(axes, [one["case"] for one in rows], bars)
    axes.set_ylabel("CPU ns a packet")


def _titled(title: str, paint: Callable[[Axes, Sequence[Result]], None]) -> Any:
    def painted(axes: Axes, rows: Sequence[Result]) -> None:
        paint(axes, rows)
        axes.set_title(title)

    return painted


def _grouped(axes: Axes, places: Sequence[str], bars: dict[str, list[float]]) -> None:
    """Bars beside each other at each place, with their numbers on them."""
    width = 0.8 / len(bars)
    for number, (name, values) in enumerate(bars.items()):
        at = [place - 0.4 + width * (number + 0.5) for place in range(len(places))]
        drawn = axes.bar(at, values, width * 0.92, color=COLOURS[number], label=name)
        axes.bar_label(drawn, [_label(value) for value in values], fontsize=8, padding=2)
    axes.set_xticks(range(len(places)), [place.replace(", ", ",\n") for place in places])
    axes.tick_params(axis="x", length=0)
    axes.margins(y=0.12)
    axes.set_xlim(-0.5, max(len(places), 3) - 0.5)


def _label(value: float) -> str:
    """Of a bar; none where nothing was measured."""
    return f"{value:,.{0 if value >= 100 else 1}f}" if value else ""


def _latency(axes: Axes, rows: Sequence[Result]) -> None:
    shares = [100 * one["core_share"] for one in rows]
    for colour, share in zip(COLOURS, ("p50", "p95", "p99"), strict=False):
        values = [one["latency_us"][share] / 1000 for one in rows]
        axes.plot(shares, values, "o-", color=colour, label=share)
    serial = [one["ceiling_us"]["serial_fan_out"] / 1000 for one in rows]
    axes.plot(shares, serial, "s--", color=COLOURS[7], label="the kernel's fan-out alone, mean")
    axes.set(xlabel="how busy the core is, %", ylabel="ms")
    _logarithmic(axes)
    axes.set_title("Latency under load")


def _soak(axes: Axes, rows: Sequence[Result]) -> None:
    windows = rows[-1]["windows"]
    minutes = [one["minute"] for one in windows]
    for colour, share in zip(COLOURS, ("p50", "p99"), strict=False):
        values = [one["latency_us"][share] / 1000 for one in windows]
        axes.plot(minutes, values, color=colour, label=f"latency {share}, ms")
    axes.set(xlabel="minutes", ylabel="ms", ylim=(0, None))
    memory = axes.twinx()
    sizes = [one["rss_mib"] for one in windows]
    memory.plot(minutes, sizes, color=COLOURS[2], label="memory, MiB (right)")
    memory.set(ylabel="MiB", ylim=(0, 1.3 * max(sizes)))
    memory.spines["right"].set_visible(True)
    axes.set_title("A long run")


def _compare(axes: Axes, rows: Sequence[Result]) -> None:
    servers = list(dict.fromkeys(one["server"] for one in rows))
    places = list(dict.fromkeys(one["case"] for one in rows))
    found = {(one["server"], one["case"]): one["cpu_ns_per_packet"] for one in rows}
    bars = {
        server: [found.get((server, place), 0) / 1000 for place in places] for server in servers
    }
    _grouped(axes, places, bars)
    axes.set(ylabel="CPU us a packet")


def _profile(axes: Axes, rows: Sequence[Result]) -> None:
    known = [*(rule.name for rule in RULES), OTHER]
    parts = [part for part in known if any(one["ns_per_packet"].get(part) for one in rows)]
    names = [one["case"] for one in rows]
    left = [0.0] * len(rows)
    for number, part in enumerate(parts):
        values = [one["ns_per_packet"].get(part, 0) for one in rows]
        axes.barh(names, values, 0.62, left, color=COLOURS[number % len(COLOURS)], label=part)
        left = [before + value for before, value in zip(left, values, strict=True)]
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.set(xlabel="CPU ns a packet")
    axes.set_title("Where the time of a packet goes")


CHARTS: dict[str, tuple[str, Callable[[Axes, Sequence[Result]], None]]] = {
    "forward": ("forward", _one_to_many),
    "grid": ("grid", _titled("Everybody sees and hears everybody", _shapes)),
    "audio": ("audio", _titled("Voices", _shapes)),
    "rooms": ("rooms", _titled("Many small calls", _shapes)),
    "latency": ("latency", _latency),
    "soak": ("soak", _soak),
    "choices": ("choices", _titled("What each choice brings", _compare)),
    "compare": ("compare", _titled("The same load on other servers", _compare)),
    "profile": ("profile", _profile),
}
