"""App messages through a real server: one room in which everybody speaks and everybody hears.

Two measurements. `steady`: so many messages a second of each sender, of which each has to come to
each receiver once and in order; latency runs from the sender's call to the receiver's. `saturated`:
everybody speaks as fast as all of them hear; deliveries are counted. The server has a
core of its own, the clients another; CPU is that of the whole server process, from outside it.
"""

import os
import selectors
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks import report, results
from benchmarks.load.server import SECRET, ServerProcess
from benchmarks.load.talker import Talker
from fastsfu.auth.tokens import Tokens
from fastsfu.transport.dtls import Certificate
from tests.native.faces.sctp import handle_timers

SERVER_CORE, LOAD_CORE = 0, 1
ROOM = "talk"
TICK = 0.01  # seconds
PING = 10.0
WINDOW = 100  # messages that each receiver is still to get, when saturated
BATCH = 8  # messages that a sender says together then
WARM_UP = 1.0
DRAIN = 3.0
SATURATED = "as fast as all hear"
ALL = ["4 a second of each", SATURATED]  # the cases of docs/performance.md
SETTINGS = {
    "FASTSFU_APP_MESSAGES_PER_SECOND": "1000000",
    "FASTSFU_APP_MESSAGE_BURST": "1000000",
}


@dataclass(frozen=True)
class Scenario:
    participants: int = 50  # each sends, and receives from all others
    bytes: int = 200  # of a message's JSON
    rate: float = 4.0  # messages a second of each; 0: as fast as they are taken
    seconds: float = 60.0


class Crowd:
    """The clients of one room, and what has come to them."""

    def __init__(self, scenario: Scenario, server: ServerProcess) -> None:
        self.scenario = scenario
        self.selector = selectors.DefaultSelector()
        self.latencies: list[float] = []
        self.deliveries = self.wrong = self._turns = 0
        certificate = Certificate.generate()
        self.talkers = [
            Talker(certificate, self._on_messages) for _ in range(scenario.participants)
        ]
        self.last: dict[Talker, dict[str, int]] = {each: {} for each in self.talkers}
        token = Tokens(SECRET).sign(ROOM)
        for each in self.talkers:
            each.join(server, ROOM, token)
            self.selector.register(each.socket, selectors.EVENT_READ, each)
        self._ticked = self._pinged = time.monotonic()

    def close(self) -> None:
        for each in self.talkers:
            each.close()

    def turn(self, until: float) -> None:
        """Read what is there, waiting until then at most; run the timers that are due."""
        wait = max(0.0, min(until, self._ticked + TICK) - time.monotonic())
        for key, _ in self.selector.select(wait):
            key.data.readable()
        now = time.monotonic()
        if now - self._ticked >= TICK:
            handle_timers(round((now - self._ticked) * 1000))
            self._ticked = now
            for each in self.talkers:
                each.due(now)
        if now - self._pinged >= PING:
            self._pinged = now
            for each in self.talkers:
                each.ping()

    def speak(self, talker: Talker, count: int = 1) -> None:
        """Messages of the scenario's size, with number and time."""
        said = []
        for number in range(talker.number + 1, talker.number + 1 + count):
            message = [number, time.monotonic(), ""]
            message[2] = "x" * (self.scenario.bytes - len(f"[{number}, {message[1]}, ]") - 2)
            said.append(message)
        talker.say(*said)

    def steady(self, seconds: float) -> int:
        """Everybody speaks at the rate, one after another; the number of messages sent."""
        step = 1 / (self.scenario.rate * len(self.talkers))
        start = time.monotonic()
        total = round(seconds / step)
        for turn in range(total):
            while time.monotonic() < start + turn * step:
                self.turn(start + turn * step)
            talker = self.talkers[turn % len(self.talkers)]
            self.speak(talker)
            talker.due(time.monotonic())
        return total

    def saturate(self, seconds: float) -> None:
        """Everybody speaks in turn, as long as what is under way is no more than the window."""
        others = len(self.talkers) - 1
        wanted = sum(each.number for each in self.talkers) * others
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            while wanted - self.deliveries < WINDOW * len(self.talkers):
                talker = self.talkers[self._turns % len(self.talkers)]
                self._turns += 1
                self.speak(talker, BATCH)
                talker.due(now)
                wanted += BATCH * others
            self.turn(min(end, now + TICK))

    def drain(self, wanted: int) -> None:
        """Until so many deliveries have come, or for `DRAIN` seconds."""
        end = time.monotonic() + DRAIN
        while self.deliveries < wanted and time.monotonic() < end:
            self.turn(end)

    def _on_messages(self, talker: Talker, messages: list[dict[str, Any]]) -> None:
        now, last = time.monotonic(), self.last[talker]
        for message in messages:
            number, sent, _ = message["data"]
            sender = message["from"]
            if number != last.get(sender, 0) + 1:
                self.wrong += 1
            last[sender] = number
            self.latencies.append(now - sent)
        self.deliveries += len(messages)


def run(scenario: Scenario) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    os.sched_setaffinity(0, {LOAD_CORE})
    with ServerProcess(core=SERVER_CORE, environment=SETTINGS) as server:
        crowd = Crowd(scenario, server)
        if not scenario.rate:
            crowd.saturate(WARM_UP)
        crowd.latencies.clear()
        before, started, earlier = server.usage(), time.monotonic(), crowd.deliveries
        load_cpu = time.process_time()
        if scenario.rate:
            sent = crowd.steady(scenario.seconds)
            wanted = sent * (scenario.participants - 1)
            crowd.drain(wanted)
        else:
            crowd.saturate(scenario.seconds)
        elapsed, after = time.monotonic() - started, server.usage()
        delivered = crowd.deliveries - earlier
        result = {
            "scenario": "messages",
            "params": asdict(scenario),
            "deliveries": delivered,
            "deliveries_per_second": round(delivered / elapsed),
            "seconds": round(elapsed, 3),
            "lost": wanted - delivered if scenario.rate else None,
            "doubled_or_out_of_order": crowd.wrong,
            "cpu_ns_per_delivery": round((after.process_ns - before.process_ns) / delivered),
            "server_core_share": round((after.process_ns - before.process_ns) / elapsed / 1e9, 3),
            "load_core_share": round((time.process_time() - load_cpu) / elapsed, 3),
            "latency_ms": _percentiles(crowd.latencies),
            "rss_mib": round(server.rss_bytes() / 2**20, 1),
        }
        crowd.close()
    return result


def _percentiles(seconds: list[float]) -> dict[str, float]:
    shares = (50, 95, 99, 100)
    values = np.percentile(np.array(seconds) * 1000, shares)
    return {f"p{share}": round(float(each), 2) for share, each in zip(shares, values, strict=True)}


def main(
    participants: Annotated[int, typer.Option(help="In the room; all send and receive.")] = 50,
    size: Annotated[int, typer.Option(help="Bytes of a message's JSON.")] = 200,
    rate: Annotated[float, typer.Option(help="Messages a second of each; 0: saturate.")] = 4.0,
    seconds: Annotated[float, typer.Option(help="How long to speak.")] = 60.0,
    output: Annotated[
        Path | None, typer.Option(help="Add the result to the results.json of this folder.")
    ] = None,
) -> None:
    """Measure app messages on this machine: the server on core 0, the clients on core 1."""
    case = f"{rate:g} a second of each" if rate else SATURATED
    result = run(Scenario(participants, size, rate, seconds))
    row = results.described("messages", case, result)
    report.print_json(row)
    if output:
        results.add(output / "results.json", [row])


if __name__ == "__main__":
    typer.run(main)
