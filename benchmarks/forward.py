"""What a forwarded packet costs: a captured trace from each sender of a room to its receivers,
through a real server.

The server has a core of its own, the load another. CPU is that of the whole server process, read
from outside it; latency runs from the sender's send call to the kernel's receive timestamp at each
receiver; loss is what did not arrive whole.
"""

import contextlib
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks import floor as floors
from benchmarks import report
from benchmarks.load import trace as traces
from benchmarks.load.certificate import Identity
from benchmarks.load.peer import AUDIO_PT, VIDEO_FORMATS, Peer, srtp_addresses
from benchmarks.load.player import Player
from benchmarks.load.server import Process, ServerProcess

WARM_UP = 1.5  # seconds of trace before anything is counted
DRAIN = 0.2  # seconds that the last packets have
SERVER_CORE, LOAD_CORE = 0, 1
AT_ONCE = 16  # receivers on their way into a room
FLOOR_MOST = 5.0  # seconds that a floor is measured for
CLOCK_RATES = (48000, 90000)
ALL = [1, 10, 100, 300]


@dataclass(frozen=True)
class Scenario:
    """One run's parameters."""

    receivers: int  # in each room; each gets all that the room's senders send
    rooms: int = 1
    senders: int = 1  # in each room
    trace: str = "vp9_720p"
    video: bool = True
    audio: bool = False
    seconds: float = 10.0
    gso: bool = True
    profile: str = "AEAD_AES_128_GCM"
    live: int = 0  # receivers that read; for others the kernel counts and drops; 0: all read

    @property
    def peers(self) -> int:
        """Senders and receivers of all rooms."""
        return self.rooms * (self.senders + self.receivers)

    @property
    def kinds(self) -> list[str]:
        """The media sections of a sender."""
        return ["audio"] * self.audio + ["video"] * self.video


@dataclass
class Load:
    """Senders and receivers that are connected and ready to play."""

    scenario: Scenario
    trace: traces.Trace
    player: Any
    server: Process
    identity: Identity = field(default_factory=Identity.generate)
    peers: list[Peer] = field(default_factory=list)
    kib_per_peer: float = 0.0  # of the server's memory, once all are connected

    def add_sender(self, room: str, number: int) -> None:
        """Join one more; `number` counts the senders of all rooms."""
        peer = self._peer((2 * number + 1, 2 * number + 2))
        self.server.publish(peer, room, self.trace.codec, self.scenario.kinds)
        self.peers.append(peer)
        self.player.add_sender(*peer.native, peer.ssrcs)

    def add_receivers(self, rooms: Sequence[str]) -> None:
        """Join one more for each name in `rooms`, all senders of which have joined, in their order.

        Several join at a time: some servers lose a client's first DTLS flight and let it wait for
        its timer.
        """
        with ThreadPoolExecutor(AT_ONCE) as pool:
            joined = list(pool.map(self.watch, rooms))
        for room, peer in zip(rooms, joined, strict=True):
            first_sender = int(room.rsplit("-", 1)[1]) * self.scenario.senders
            self.peers.append(peer)
            self.player.add_receiver(*peer.native, first_sender, self.scenario.senders)

    def play(self, trace: traces.Trace) -> None:
        """What all senders play from now on."""
        self.trace = trace
        payload_types = (AUDIO_PT, VIDEO_FORMATS[trace.codec][0])
        self.player.set_trace(trace.rows, trace.period_us, payload_types, CLOCK_RATES)

    def watch(self, room: str) -> Peer:
        """A connected receiver that nothing is played to yet."""
        peer = self._peer()
        kinds = self.scenario.kinds * self.scenario.senders
        self.server.watch(peer, room, self.trace.codec, kinds)
        return peer

    def _peer(self, ssrcs: tuple[int, int] = (0, 0)) -> Peer:
        return Peer(self.identity, self.scenario.profile, ssrcs, host=self.server.media_host)


@contextlib.contextmanager
def serving(
    scenario: Scenario, environment: Mapping[str, str] = {}, *, apart: bool = True
) -> Iterator[ServerProcess]:
    """A server with room for it, which `environment` says more of; `apart`: alone on its core."""
    if apart:
        keep_apart()
    settings = {
        "FASTSFU_GSO": str(scenario.gso).lower(),
        "FASTSFU_MAX_PARTICIPANTS": str(scenario.senders + scenario.receivers + 10),
        "FASTSFU_MAX_TRANSPORTS": str(max(4096, scenario.peers + 100)),
        **environment,
    }
    with ServerProcess(core=SERVER_CORE if apart else None, environment=settings) as server:
        yield server


@contextlib.contextmanager
def playing(scenario: Scenario, server: Process, name: str = "bench") -> Iterator[Load]:
    """All have joined; in the end they leave, so that the server can be asked for the next."""
    load = connect(scenario, server, name=name)
    yield load
    disconnect(load)


def keep_apart() -> None:
    """The load off the server's core, with as many sockets as it may have."""
    os.sched_setaffinity(0, {LOAD_CORE})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def connect(
    scenario: Scenario, server: Process, capacity: int | None = None, name: str = "bench"
) -> Load:
    """Join the senders and every receiver; `capacity` leaves room for more.

    `name` stands before the rooms' numbers.
    """
    trace = traces.load(scenario.trace, audio=scenario.audio, video=scenario.video)
    senders = scenario.rooms * scenario.senders
    receivers = capacity or scenario.rooms * scenario.receivers
    load = Load(scenario, trace, Player(receivers, srtp_addresses(), senders), server)
    for room in range(scenario.rooms):
        first = room * scenario.senders
        for number in range(first, first + scenario.senders):
            load.add_sender(room_name(room, name), number)
    names = [room_name(room, name) for room in range(scenario.rooms)]
    load.add_receivers([room for room in names for _ in range(scenario.receivers)])
    load.play(trace)
    return load


def room_name(number: int, name: str = "bench") -> str:
    """Of the benchmark's rooms, from 0."""
    return f"{name}-{number}"


def disconnect(load: Load) -> None:
    """All leave."""
    for peer in load.peers:
        load.server.leave(peer)


def measure(scenario: Scenario, load: Load) -> dict[str, Any]:
    """Play for `seconds` and return the run's numbers, named as docs/benchmarks.md names them."""
    player, server = load.player, load.server
    player.renew()
    player.run(WARM_UP)
    time.sleep(DRAIN)
    player.drain()
    messages, before, started = server.messages(), server.usage(), time.monotonic()
    player.open_window()
    player.run(scenario.seconds)
    sent = sum(map(sum, player.close_window()))
    elapsed, after = time.monotonic() - started, server.usage()
    time.sleep(DRAIN)
    player.drain()
    received, sender = player.report()
    checked = int(received[:, :2].sum())
    forwarded = checked + int(received[:, 5].sum())
    cpu_ns = after.process_ns - before.process_ns
    loop_ns = after.main_thread_ns - before.main_thread_ns
    rates = np.subtract(server.messages(), messages)
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
        "latency_us": report.percentiles(player.latency_histogram()),
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


def ceiling(path: Path, scenario: Scenario) -> dict[str, float]:
    """What an external yardstick says for the same trace and N: `PATH TRACE N REPETITIONS`.

    It prints one JSON object a line with `way` and `cpu_ns_per_packet`.
    """
    trace = traces.TRACES / f"{traces.load(scenario.trace, audio=False).name}.csv"
    done = subprocess.run(
        [path, trace, str(scenario.receivers), "5"], check=True, capture_output=True, text=True
    )
    return report.read_ways(done.stdout)


def run(
    scenario: Scenario,
    repetitions: int,
    yardstick: Path | None = None,
    with_floor: bool = False,
) -> dict[str, Any]:
    """Repeat a scenario over one set of connections, the ceilings in between; the median run."""
    runs, marks = [], []
    with serving(scenario) as server, playing(scenario, server) as load:
        if scenario.live:
            load.player.drop_except(scenario.live)
        for _ in range(repetitions):
            marks.append(ceiling(yardstick, scenario) if yardstick else {})
            if with_floor:
                marks[-1] |= floor(scenario, load.trace)
            runs.append(measure(scenario, load))
    result = middle(runs)
    if marks[0]:
        result["ceiling_ns_per_packet"] = {
            way: round(statistics.median(mark[way] for mark in marks)) for way in marks[0]
        }
        result["ratio_to_ceiling"] = {
            way: round(statistics.median(_ratios(runs, marks, way)), 3) for way in marks[0]
        }
    return {"scenario": "forward", "params": report.params(scenario), **result}


def middle(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The run whose cost is the median, with the worst loss and the errors of all."""
    result = sorted(runs, key=lambda one: int(one["cpu_ns_per_packet"]))[(len(runs) - 1) // 2]
    errors = {name: sum(one["errors"][name] for one in runs) for name in result["errors"]}
    return {
        **result,
        "loss": max(one["loss"] for one in runs),
        "errors": errors,
        "cpu_ns_per_packet_runs": [one["cpu_ns_per_packet"] for one in runs],
    }


def floor(scenario: Scenario, trace: traces.Trace) -> dict[str, float]:
    """The kernel's own share of such a call; where nothing can be gathered, that of one send too.

    See benchmarks/floor.py.
    """
    call = floors.Call(scenario.receivers, scenario.rooms, scenario.senders, scenario.gso)
    marks = {"floor": floors.measure(trace, call, min(scenario.seconds, FLOOR_MOST), SERVER_CORE)}
    if not scenario.video:
        sends = floors.single_sends(trace, scenario.receivers, SERVER_CORE)
        marks["single_send"] = min(sends.values())
    return marks


def _ratios(runs: list[dict[str, Any]], marks: list[dict[str, float]], way: str) -> list[float]:
    pairs = zip(runs, marks, strict=True)
    return [float(one["cpu_ns_per_packet"]) / mark[way] for one, mark in pairs]


def main(
    receivers: Annotated[list[int], typer.Option(help="How many receive; may be repeated.")] = ALL,
    rooms: Annotated[int, typer.Option(help="Rooms with so many receivers each.")] = 1,
    senders: Annotated[int, typer.Option(help="Senders in each room.")] = 1,
    trace: Annotated[str, typer.Option(help="Part of a trace's name.")] = "vp9_720p",
    video: Annotated[bool, typer.Option(help="Play the trace's video.")] = True,
    audio: Annotated[bool, typer.Option(help="Play the trace's audio too.")] = False,
    seconds: Annotated[float, typer.Option(help="How long to count, for each run.")] = 10.0,
    gso: Annotated[bool, typer.Option(help="Let the server gather packets.")] = True,
    profile: Annotated[str, typer.Option(help="SRTP profile.")] = "AEAD_AES_128_GCM",
    live: Annotated[
        int, typer.Option(help="Receivers that read; the kernel counts and drops for the others.")
    ] = 0,
    floor: Annotated[
        bool, typer.Option(help="Interleave the kernel's own share (benchmarks/floor.py).")
    ] = False,
    repetitions: Annotated[int, typer.Option(help="Runs of each; the median counts.")] = 1,
    ceiling: Annotated[Path | None, typer.Option(help="External yardstick to interleave.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Measure forwarding on this machine: the server on core 0, the load on core 1."""
    base = Scenario(0, rooms, senders, trace, video, audio, seconds, gso, profile, live)
    results = []
    for count in receivers:
        scenario = replace(base, receivers=count)
        results.append(report.complete(run(scenario, repetitions, ceiling, floor)))
        if json:
            report.print_json(results[-1])
    if not json:
        report.print_table(results)


if __name__ == "__main__":
    typer.run(main)
