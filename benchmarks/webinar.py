"""What it does to a webinar that receivers come to it, so many a second.

Three speak, each with sound and a picture of 180 lines; who comes takes the sound of all and one
picture, by WHEP over a TLS connection of its own, with real ICE and DTLS, and stays: its media ends
in a filter of the kernel, its reports and consent go on. A few who are there from the beginning
read, check and time every packet. Their latency alone, before the last quarter of the joins, in it,
and when all are there: what the joins add is the difference to the mean of before and after, since
a fan-out takes as long as there are receivers. The server has core 0, the load core 1.

`floor` is what the kernel alone takes for one such packet to as many receivers, in a process that
does nothing else (benchmarks/floor.py), and the part of a core that all of them would be.
"""

import contextlib
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Annotated, Any

import httpx
import numpy as np
import typer

from benchmarks import report
from benchmarks.floor import single_sends
from benchmarks.forward import (
    DRAIN,
    SERVER_CORE,
    WARM_UP,
    Load,
    Scenario,
    connect,
    disconnect,
    room_name,
    serving,
)
from benchmarks.joins import TLS
from benchmarks.load import trace as traces
from benchmarks.load.peer import Peer
from benchmarks.load.server import ServerProcess

SPEAKERS = 3
STAGE = Scenario(0, senders=SPEAKERS, trace="vp8_360p", audio=True)
TAKEN = ["audio"] * SPEAKERS + ["video"]  # by who comes
ROOM = room_name(0)
SLICE = 0.02  # seconds between two looks at who has come
LONGEST = 600.0  # seconds that all of them may take
LAST = 4  # the last quarter of the joins
AT_ONCE = 16  # on their way in


def small(trace: traces.Trace) -> traces.Trace:
    """A picture of a packet a frame, as Chromium's encodings of 180 lines mostly are."""
    rows = trace.rows
    kept = rows[(rows["stream"] == traces.AUDIO) | (rows["first"] == 1)].copy()
    kept["marker"][kept["stream"] == traces.VIDEO] = 1
    return replace(trace, rows=kept)


def come(load: Load) -> Peer:
    """A further receiver, connected."""
    peer = Peer(load.identity)
    headers = {**load.server.authorization(ROOM), "Content-Type": "application/sdp"}
    offer = peer.describe(TAKEN, load.trace.codec, sends=False)
    with httpx.Client(base_url=load.server.url, verify=TLS, headers=headers) as http:
        peer.connect(http.post(f"/v1/whep/{ROOM}", content=offer).raise_for_status().text)
    return peer


def play(load: Load, seconds: float = LONGEST) -> None:
    """For so long, or until it is stopped, in a thread that goes before all others here where that
    is allowed: a load that is late sends several pictures at once, whose latency it makes itself.
    """
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    load.player.run(seconds)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


class Door:
    """They come one after the other, while the call is played."""

    def __init__(self, load: Load, per_second: float) -> None:
        self._load = load
        self._per_second = per_second
        self._coming: list[Future[Peer]] = []
        self._peers: list[Peer] = []

    def open(self, pool: ThreadPoolExecutor, count: int) -> float:
        """Let `count` come and play until all are there; how many that were a second."""
        started, asked, there = time.monotonic(), 0, len(self._peers)
        playing = pool.submit(play, self._load)
        try:
            while len(self._peers) - there < count and not playing.done():
                due = min(count, int((time.monotonic() - started) * self._per_second) + 1)
                self._coming += [pool.submit(come, self._load) for _ in range(asked, due)]
                asked = due
                time.sleep(SLICE)
                self._let_in()
        finally:
            self._load.player.stop()
        playing.result()
        return count / (time.monotonic() - started)

    def _let_in(self) -> None:
        for each in [each for each in self._coming if each.done()]:
            self._coming.remove(each)
            peer = each.result()
            self._peers.append(peer)
            self._load.player.add_receiver(*peer.native, 0, SPEAKERS, drop=True)

    def close(self) -> None:
        for peer in self._peers:
            peer.socket.close()


def timed(server: ServerProcess, load: Load, reading: int, play: Any) -> dict[str, Any]:
    """What `play` does to the packets of those who read."""
    forwarded, before = server.messages(), server.usage()
    worker_ns = server.worker_usage()[0]
    load.player.open_window()
    started = time.monotonic()
    result = play()
    elapsed = time.monotonic() - started
    load.player.close_window()
    after, worker_ns = server.usage(), server.worker_usage()[0] - worker_ns
    packets, messages = np.subtract(server.messages(), forwarded)
    load.player.run(DRAIN)
    rows, sender = load.player.report()
    return {
        "latency_us": report.percentiles(load.player.latency_histogram()),
        "gaps": int(rows[:reading, 2].sum()),
        "starved": int((rows[:reading, :2].sum(axis=1) == 0).sum()),
        "event_loop_core_share": share(before.main_thread_ns, after.main_thread_ns, elapsed),
        "process_core_share": share(before.process_ns, after.process_ns, elapsed),
        "packets_per_second": round(packets / elapsed),
        "packets_per_message": round(packets / messages, 2),
        "worker_ns_per_packet": round(worker_ns / packets),
        "load_lateness_us": sender["late_us"],
        **(result or {}),
    }


def floor(load: Load, there: dict[str, Any], receivers: int) -> dict[str, Any]:
    """The kernel's own share of a packet when all are there."""
    least_ns = min(single_sends(load.trace, receivers, SERVER_CORE).values())
    return {
        "ns_per_packet": round(least_ns),
        "core_share": round(least_ns * there["packets_per_second"] / 1e9, 3),
        "ratio": round(there["worker_ns_per_packet"] / least_ns, 2),
    }


def share(before_ns: int, after_ns: int, seconds: float) -> float:
    return round((after_ns - before_ns) / seconds / 1e9, 3)


def run(receivers: int, per_second: float, reading: int, seconds: float) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    with serving(replace(STAGE, receivers=receivers + reading)) as server:
        load = connect(replace(STAGE, receivers=reading), server, capacity=receivers + reading)
        load.play(small(load.trace))
        load.player.run(WARM_UP)
        door, last = Door(load, per_second), receivers // LAST
        with ThreadPoolExecutor(AT_ONCE + 1) as pool:
            alone = timed(server, load, reading, lambda: play(load, seconds))
            cpu_ns = server.usage().main_thread_ns
            door.open(pool, receivers - last)
            cpu_ns = server.usage().main_thread_ns - cpu_ns
            before = timed(server, load, reading, lambda: play(load, seconds))
            joining = timed(
                server,
                load,
                reading,
                lambda: {"joins_per_second": round(door.open(pool, last), 1)},
            )
            there = timed(server, load, reading, lambda: play(load, seconds))
        door.close()
        disconnect(load)
        least = floor(load, there, receivers)
    quiet_us = (before["latency_us"]["p99"] + there["latency_us"]["p99"]) / 2
    return {
        "scenario": "webinar",
        "params": {"receivers": receivers, "per_second": per_second, "reading": reading},
        "alone": alone,
        "before": before,
        "joining": joining,
        "there": there,
        "floor": least,
        "event_loop_ms_per_join": round(cpu_ns / (receivers - last) / 1e6, 2),
        "added_p99_ms": round((joining["latency_us"]["p99"] - quiet_us) / 1000, 2),
    }


def main(
    receivers: Annotated[int, typer.Option(help="How many come.")] = 1000,
    per_second: Annotated[float, typer.Option(help="So many a second.")] = 100.0,
    reading: Annotated[int, typer.Option(help="Who is there before, and times packets.")] = 20,
    seconds: Annotated[float, typer.Option(help="How long the call is timed without joins.")] = 5.0,
) -> None:
    """Measure a webinar that fills; prints one JSON object."""
    report.print_json(report.complete(run(receivers, per_second, reading, seconds)))


if __name__ == "__main__":
    typer.run(main)
