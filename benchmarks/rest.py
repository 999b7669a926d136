"""What REST costs a call: requests at a rate, beside a call of eight whose packets are all checked.

The server has a core to itself, which its event loop and its media share; the call's people and the
requests come from the other, the requests only while the people are idle. Turns alone, with
requests and with the machine's floor take each other's place: in a floor's turn a process that has
nothing to do with the server burns on its core what the requests have cost it, as often and for as
long. `--rooms` looks at something else: how long a page of so many rooms in the database takes, and
one of them.
"""

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks import report
from benchmarks.forward import (
    SERVER_CORE,
    Scenario,
    keep_apart,
    measure,
    playing,
    room_name,
    serving,
)
from benchmarks.load.server import API_KEY, ServerProcess, on_core

PEOPLE = 8
CONNECTIONS = 8
ASKED = 2000  # times, of each kind, where there are many rooms
AT_A_TIME = 20  # rooms of a page
UNVERIFIED = ssl._create_unverified_context()


@dataclass(frozen=True)
class Request:
    """One that is made again and again."""

    method: str
    path: str  # below /v1
    body: Any = None

    def text(self, port: int) -> bytes:
        body = b"" if self.body is None else json.dumps(self.body).encode()
        return (
            f"{self.method} /v1/{self.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {API_KEY}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


# What an application asks while its calls run: it reads, signs, and writes to the database.
MIX = [
    Request("GET", f"rooms?limit={AT_A_TIME}"),
    Request("GET", f"rooms/{room_name(0)}/participants"),
    Request("GET", f"rooms/{room_name(0)}/presence"),
    Request("POST", "meeting-tokens", {"room": "beside", "name": "Ada"}),
    Request("POST", "rooms/beside", {"properties": {"max_participants": 20}}),
]


@dataclass
class Asking:
    """Requests on one connection after another, at a rate, in a thread of its own, which runs
    while nobody else wants its core.
    """

    port: int
    rate: float  # a second
    seconds: list[float] = field(default_factory=list)  # from when each was due to its answer
    statuses: Counter[int] = field(default_factory=Counter)
    _enough: bool = False

    @contextlib.contextmanager
    def meanwhile(self) -> Iterator[None]:
        thread = threading.Thread(target=self._ask)
        thread.start()
        try:
            yield
        finally:
            self._enough = True
            thread.join()

    def _ask(self) -> None:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # this thread
        asyncio.run(self._run())

    async def _run(self) -> None:
        started, numbers = time.monotonic(), iter(range(1 << 62))

        async def some() -> None:
            async with connection(self.port) as ask:
                for number in numbers:
                    due = started + number / self.rate
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    if self._enough:
                        return
                    self.statuses[await ask(MIX[number % len(MIX)].text(self.port))] += 1
                    self.seconds.append(time.monotonic() - due)

        await asyncio.gather(*(some() for _ in range(CONNECTIONS)))


@contextlib.asynccontextmanager
async def connection(port: int) -> Any:
    """`await ask(text)`: the status of the answer, once it is there whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=UNVERIFIED)

    async def ask(text: bytes) -> int:
        writer.write(text)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = head.partition(b"content-length: ")
        if length:
            await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
        return int(head.split(b" ", 2)[1])

    try:
        yield ask
    finally:
        writer.close()


def beside_a_call(
    rate: float, seconds: float, repetitions: int, people: int = PEOPLE, *, apart: bool = True
) -> dict[str, Any]:
    """Turns alone, with requests, and with the floor; latencies are medians, losses of all."""
    scenario = Scenario(people, senders=people, audio=True, seconds=seconds)
    turns: dict[str, list[dict[str, Any]]] = {"alone": [], "asked": [], "burnt": []}
    with (
        serving_rooms(scenario, 2 * rate, apart=apart) as server,
        playing(scenario, server) as load,
    ):
        server.http.post(
            "/v1/rooms", json={"name": "beside"}, headers={"Authorization": f"Bearer {API_KEY}"}
        ).raise_for_status()
        asking = Asking(server.port, rate)
        for _ in range(repetitions):
            turns["alone"].append(measure(scenario, load))
            asking = Asking(server.port, rate, asking.seconds, asking.statuses)
            with asking.meanwhile():
                turns["asked"].append(measure(scenario, load))
            with burning(turns["asked"][-1]["event_loop_core_share"], rate):
                turns["burnt"].append(measure(scenario, load))
    ratios = {name: ratios_of_p99(runs, turns["alone"]) for name, runs in turns.items()}
    return {
        "scenario": "rest",
        "params": {"people": people, "rate": rate, "seconds": seconds},
        "latency_us_alone": medians(turns["alone"]),
        "latency_us": medians(turns["asked"]),
        "latency_us_floor": medians(turns["burnt"]),
        "p99_ratio": round(statistics.median(ratios["asked"]), 3),
        "p99_ratio_floor": round(statistics.median(ratios["burnt"]), 3),
        "p99_ratios": ratios["asked"],
        "p99_ratios_floor": ratios["burnt"],
        "loss": max(each["loss"] for each in (*turns["alone"], *turns["asked"])),
        "gaps": sum(each["errors"]["gaps"] for each in turns["asked"]),
        "event_loop_core_share": [each["event_loop_core_share"] for each in turns["asked"]],
        "requests": dict(asking.statuses),
        "request_ms": percentiles(asking.seconds),
    }


@contextlib.contextmanager
def serving_rooms(
    scenario: Scenario, requests_per_second: float, *, apart: bool
) -> Iterator[ServerProcess]:
    """A server with a database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "FASTSFU_DATABASE": f"sqlite:///{folder}/calls.db",
            "FASTSFU_API_REQUESTS_PER_SECOND": str(requests_per_second),
        }
        with serving(scenario, settings, apart=apart) as server:
            yield server


BURN = """
import sys, time
share, rate = map(float, sys.argv[1:])
due = time.monotonic()
while True:
    until = time.thread_time() + share / rate
    while time.thread_time() < until:
        pass
    due += 1 / rate
    time.sleep(max(0.0, due - time.monotonic()))
"""


@contextlib.contextmanager
def burning(share: float, rate: float) -> Iterator[None]:
    """Another process on the server's core, which takes this share of it, so often a second."""
    with on_core(SERVER_CORE):
        burner = subprocess.Popen([sys.executable, "-c", BURN, str(share), str(rate)])
    try:
        yield
    finally:
        burner.kill()
        burner.wait()


def ratios_of_p99(runs: Sequence[dict[str, Any]], alone: Sequence[dict[str, Any]]) -> list[float]:
    """Of each turn to the one alone before it."""
    pairs = zip(runs, alone, strict=True)
    return [round(one["latency_us"]["p99"] / its["latency_us"]["p99"], 3) for one, its in pairs]


def medians(runs: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Of the percentiles of some runs."""
    names = runs[0]["latency_us"]
    return {name: statistics.median(each["latency_us"][name] for each in runs) for name in names}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    found = np.percentile(np.array(seconds) * 1000, (50, 99))
    return {name: round(float(each), 2) for name, each in zip(("p50", "p99"), found, strict=True)}


def of_many_rooms(rooms: int) -> dict[str, Any]:
    """One request after the other, to a server that has so many rooms in its database."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "calls.db"
        settings = {
            "FASTSFU_DATABASE": f"sqlite:///{database}",
            "FASTSFU_API_REQUESTS_PER_SECOND": "100000",
        }
        with ServerProcess(core=SERVER_CORE, environment=settings):
            pass  # it makes the tables
        fill(database, rooms)
        with ServerProcess(core=SERVER_CORE, environment=settings) as server:
            taken = asyncio.run(ask_each(server.port, rooms))
    params = {"rooms": rooms, "page": AT_A_TIME}
    return {"scenario": "rooms", "params": params, **taken}


def fill(database: Path, rooms: int) -> None:
    """Rooms as if they had been made by POST, in one transaction."""
    options = json.dumps({"max_participants": 20})
    with contextlib.closing(sqlite3.connect(database)) as connected, connected:
        rows = ((named(number), options, time.time()) for number in range(rooms))
        connected.executemany(
            "INSERT INTO rooms (name, options, created_at) VALUES (?, ?, ?)", rows
        )


def named(number: int) -> str:
    return f"room-{number:06}"


async def ask_each(port: int, rooms: int) -> dict[str, Any]:
    """In random places."""
    dice = random.Random(7)
    forms = {"list_ms": f"rooms?limit={AT_A_TIME}&starting_after={{}}", "get_ms": "rooms/{}"}
    taken: dict[str, list[float]] = {name: [] for name in forms}
    async with connection(port) as ask:
        for name, form in forms.items():
            for _ in range(ASKED):
                text = Request("GET", form.format(named(dice.randrange(rooms)))).text(port)
                started = time.monotonic()
                assert await ask(text) == 200
                taken[name].append(time.monotonic() - started)
    return {name: percentiles(seconds) for name, seconds in taken.items()}


def main(
    rate: Annotated[float, typer.Option(help="Requests a second.")] = 200.0,
    seconds: Annotated[float, typer.Option(help="How long to count, for each run.")] = 5.0,
    repetitions: Annotated[int, typer.Option(help="Turns; the medians count.")] = 5,
    rooms: Annotated[int, typer.Option(help="Only this: so many rooms, listed and got.")] = 0,
) -> None:
    """Measure on this machine: the server on core 0, the load on core 1."""
    keep_apart()
    result = of_many_rooms(rooms) if rooms else beside_a_call(rate, seconds, repetitions)
    report.print_json(report.complete(result))


if __name__ == "__main__":
    typer.run(main)
