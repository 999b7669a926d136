"""What a forwarded packet costs: one sender's captured trace to N receivers through a real server.

The server has a core of its own, the load another. CPU is that of the whole server process, read
from outside it; latency runs from the sender's send call to the kernel's receive timestamp at each
receiver; loss is what did not arrive whole.
"""

import contextlib
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from benchmarks import report
from benchmarks.load import trace as traces
from benchmarks.load.certificate import Identity
from benchmarks.load.peer import AUDIO_PT, VIDEO_FORMATS, Peer, srtp_addresses
from benchmarks.load.player import Player
from benchmarks.load.server import SECRET, ServerProcess
from fastsfu.auth.tokens import Tokens

ROOM = "bench"
WHIP, WHEP = f"/v1/whip/{ROOM}", f"/v1/whep/{ROOM}"
WARM_UP = 1.5  # seconds of trace before anything is counted
DRAIN = 0.2  # seconds that the last packets have
SERVER_CORE, LOAD_CORE = 0, 1
SSRCS = (1001, 1002)
ALL = [1, 10, 100, 300]


@dataclass(frozen=True)
class Scenario:
    """One run's parameters."""

    receivers: int
    trace: str = "vp9_720p"
    audio: bool = False
    seconds: float = 10.0
    gso: bool = True
    profile: str = "AEAD_AES_128_GCM"
    live: int = 0  # receivers that read; for others the kernel counts and drops; 0: all read


@dataclass
class Load:
    """A sender and receivers that are connected and ready to play."""

    trace: traces.Trace
    player: Any
    server: ServerProcess
    token: str
    peers: list[Peer] = field(default_factory=list)


@contextlib.contextmanager
def serving(scenario: Scenario) -> Iterator[ServerProcess]:
    """The server, alone on its core."""
    os.sched_setaffinity(0, {LOAD_CORE})
    settings = {
        "FASTSFU_GSO": str(scenario.gso).lower(),
        "FASTSFU_MAX_PARTICIPANTS": str(scenario.receivers + 10),
    }
    with ServerProcess(core=SERVER_CORE, environment=settings) as server:
        yield server


def connect(scenario: Scenario, server: ServerProcess, capacity: int | None = None) -> Load:
    """Join the sender by WHIP and every receiver by WHEP; `capacity` leaves room for more."""
    trace = traces.load(scenario.trace, audio=scenario.audio)
    token = Tokens(SECRET).sign(ROOM, name="load")
    load = Load(trace, Player(capacity or scenario.receivers, srtp_addresses()), server, token)
    identity = Identity.generate()
    sender = Peer(identity, scenario.profile, SSRCS)
    load.peers.append(sender)
    sender.connect(server.http, WHIP, token, trace.codec, scenario.audio)
    load.player.set_sender(*sender.native)
    for _ in range(scenario.receivers):
        receiver = Peer(identity, scenario.profile)
        load.peers.append(receiver)
        receiver.connect(server.http, WHEP, token, trace.codec, scenario.audio)
        load.player.add_receiver(*receiver.native)
    payload_types = (AUDIO_PT, VIDEO_FORMATS[trace.codec][0])
    load.player.set_trace(trace.rows, trace.period_us, SSRCS, payload_types, (48000, 90000))
    return load


def disconnect(load: Load) -> None:
    """Leave, so that the server can be asked for the next scenario."""
    for peer in load.peers:
        peer.close(load.server.http, load.token)


def measure(scenario: Scenario, load: Load) -> dict[str, Any]:
    """Play for `seconds` and return the run's numbers, named as docs/benchmarks.md names them."""
    player, server = load.player, load.server
    player.run(WARM_UP)
    time.sleep(DRAIN)
    player.drain()
    messages, before, started = _messages(server), server.usage(), time.monotonic()
    player.open_window()
    player.run(scenario.seconds)
    sent = sum(player.close_window())
    elapsed, after = time.monotonic() - started, server.usage()
    time.sleep(DRAIN)
    player.drain()
    received, sender = player.report()
    checked = int(received[:, :2].sum())
    forwarded = checked + int(received[:, 5].sum())
    cpu_ns = after.process_ns - before.process_ns
    loop_ns = after.main_thread_ns - before.main_thread_ns
    rates = _messages(server) - messages
    return {
        "packets_forwarded": forwarded,
        "packets_checked": checked,
        "seconds": round(elapsed, 3),
        "loss": round(1 - forwarded / (sent * scenario.receivers), 6) if sent else 1.0,
        "cpu_ns_per_packet": round(cpu_ns / max(forwarded, 1)),
        "worker_ns_per_packet": round((cpu_ns - loop_ns) / max(forwarded, 1)),
        "event_loop_core_share": round(loop_ns / elapsed / 1e9, 5),
        "packets_per_second": round(forwarded / elapsed),
        "packets_per_message": round(float(rates[0] / rates[1]), 2) if rates[1] else None,
        "latency_us": _percentiles(player.latency_histogram()),
        "rss_mib": round(server.rss_bytes() / 2**20, 1),
        "errors": {
            "gaps": int(received[:, 2].sum()),
            "unauthentic": int(received[:, 3].sum()),
            "wrong_content": int(received[:, 4].sum()),
            "starved_receivers": int((received[:, [0, 1, 5]].sum(axis=1) == 0).sum()),
            "send_failures": sender["send_failures"],
        },
        "sender": {
            "packets": sent,
            "keyframe_requests": sender["keyframe_requests"],
            "feedback": sender["feedback"],
            "worst_lateness_us": sender["late_us"],
        },
    }


def _messages(server: ServerProcess) -> npt.NDArray[np.float64]:
    """(media packets sent, messages they went in) so far, of the server's own counters."""
    metrics = server.metrics()
    names = ("fastsfu_worker_packets_forwarded_total", "fastsfu_worker_messages_forwarded_total")
    return np.array([metrics.get(name, 0.0) for name in names])


def _percentiles(histogram: npt.NDArray[np.uint64]) -> dict[str, int]:
    total = np.cumsum(histogram)
    if not total[-1]:
        return {}
    return {
        f"p{share:g}": int(np.searchsorted(total, total[-1] * share / 100))
        for share in (50, 95, 99)
    }


def ceiling(path: Path, scenario: Scenario) -> dict[str, float]:
    """What an external yardstick says for the same trace and N: `PATH TRACE N REPETITIONS`.

    It prints one JSON object a line with `way` and `cpu_ns_per_packet`.
    """
    trace = traces.TRACES / f"{traces.load(scenario.trace, audio=False).name}.csv"
    done = subprocess.run(
        [path, trace, str(scenario.receivers), "5"], check=True, capture_output=True, text=True
    )
    return report.read_ways(done.stdout)


def run(scenario: Scenario, repetitions: int, yardstick: Path | None) -> dict[str, Any]:
    """Repeat a scenario over one set of connections, the yardstick in between; the median run."""
    runs, marks = [], []
    with serving(scenario) as server:
        load = connect(scenario, server)
        if scenario.live:
            load.player.drop_except(scenario.live)
        for _ in range(repetitions):
            if yardstick:
                marks.append(ceiling(yardstick, scenario))
            runs.append(measure(scenario, load))
        disconnect(load)
    result: dict[str, Any] = sorted(runs, key=lambda one: int(one["cpu_ns_per_packet"]))[
        (len(runs) - 1) // 2
    ]
    if marks:
        result["ratio_to_ceiling"] = {
            way: round(statistics.median(_ratios(runs, marks, way)), 3) for way in marks[0]
        }
    return {"scenario": "forward", "params": report.params(scenario), **result}


def _ratios(runs: list[dict[str, Any]], marks: list[dict[str, float]], way: str) -> list[float]:
    pairs = zip(runs, marks, strict=True)
    return [float(one["cpu_ns_per_packet"]) / mark[way] for one, mark in pairs]


def main(
    receivers: Annotated[list[int], typer.Option(help="How many receive; may be repeated.")] = ALL,
    trace: Annotated[str, typer.Option(help="Part of a trace's name.")] = "vp9_720p",
    audio: Annotated[bool, typer.Option(help="Play the trace's audio too.")] = False,
    seconds: Annotated[float, typer.Option(help="How long to count, for each run.")] = 10.0,
    gso: Annotated[bool, typer.Option(help="Let the server gather packets.")] = True,
    profile: Annotated[str, typer.Option(help="SRTP profile.")] = "AEAD_AES_128_GCM",
    live: Annotated[
        int, typer.Option(help="Receivers that read; the kernel counts and drops for the others.")
    ] = 0,
    repetitions: Annotated[int, typer.Option(help="Runs of each; the median counts.")] = 1,
    ceiling: Annotated[Path | None, typer.Option(help="External yardstick to interleave.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Measure forwarding on this machine: the server on core 0, the load on core 1."""
    base = Scenario(0, trace, audio, seconds, gso, profile, live)
    results = []
    for count in receivers:
        results.append(report.complete(run(replace(base, receivers=count), repetitions, ceiling)))
        if json:
            report.print_json(results[-1])
    if not json:
        report.print_table(results)


if __name__ == "__main__":
    typer.run(main)
