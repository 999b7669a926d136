"""Ten thousand transports: all join, all hear a voice, all leave; what each thousand of them costs.

Each is a receiver by WHEP with ICE, DTLS and SRTP of its own, in rooms of a hundred with a speaker
each, who is silent until all have come: one core does not send a voice to so many for long. What
grows with those who are there already shows in the last thousand against the first; what stays
behind, in the memory that a second round takes beyond the first one's. The server has core 0, the
load core 1.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.forward import AT_ONCE, Load, Scenario, connect, disconnect, room_name, serving
from benchmarks.load.peer import Peer

IN_A_ROOM = 100
STEP = 1000  # transports of a row
RENEW_SECONDS = 5.0  # a client's consent (RFC 7675) is good for 30
HEARD_SECONDS = 0.5
SETTLE_SECONDS = 2.0  # in which the server frees what is over


@dataclass
class Visitors:
    """Those who have joined, and what keeps them there."""

    load: Load
    peers: list[Peer] = field(default_factory=list)
    gone: list[Peer] = field(default_factory=list)  # whose sockets the player still writes to
    renewed: float = field(default_factory=time.monotonic)

    def come(self, count: int) -> None:
        """So many more, several at a time; raises as `Load.watch` does."""
        rooms = [room_name(n // IN_A_ROOM) for n in self._numbers(count)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            coming = [pool.submit(self.load.watch, room) for room in rooms]
            try:
                self._await(coming)
            finally:
                pool.shutdown(cancel_futures=True)
        for number, joined in zip(self._numbers(count), coming, strict=True):
            peer = joined.result()
            self.load.player.add_receiver(*peer.native, number // IN_A_ROOM, drop=True)
            self.peers.append(peer)

    def _numbers(self, count: int) -> range:
        return range(len(self.peers), len(self.peers) + count)

    def _await(self, coming: list[Future[Peer]]) -> None:
        while coming:
            done, waiting = wait(coming, timeout=RENEW_SECONDS)
            for joined in done:
                joined.result()
            coming = list(waiting)
            self.renew()

    def renew(self) -> None:
        """Consent of all, where it is time for it."""
        if time.monotonic() - self.renewed >= RENEW_SECONDS:
            self.renewed = time.monotonic()
            self.load.player.renew()

    def hear(self) -> int:
        """How many of them get nothing of what their room's speaker says."""
        player = self.load.player
        player.renew()
        player.play(self.load.scenario.rooms)
        player.open_window()
        player.run(HEARD_SECONDS)
        player.close_window()
        player.play(0)
        time.sleep(SETTLE_SECONDS)
        rows, _ = player.report()
        return int((rows[:, [0, 5]].sum(axis=1) == 0).sum())

    def go(self, count: int) -> None:
        """So many leave, who came last."""
        leaving, self.peers = self.peers[-count:], self.peers[:-count]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.load.server.end, leaving))
        self.gone += leaving
        self.renew()

    def close(self) -> None:
        """The player is not used any more."""
        for peer in self.gone:
            peer.socket.close()


def step(visitors: Visitors, what: str, act: Callable[[int], None], count: int) -> dict[str, Any]:
    """Let so many come or go, and tell what that cost."""
    server = visitors.load.server
    before, started = server.usage(), time.monotonic()
    act(count)
    seconds, after = time.monotonic() - started, server.usage()
    started = time.monotonic()
    server.messages()  # scrapes /metrics
    scrape = time.monotonic() - started
    row = {
        "there": len(visitors.peers),
        "per_second": round(count / seconds, 1),
        "loop_ms_each": round((after.main_thread_ns - before.main_thread_ns) / count / 1e6, 2),
        "scrape_ms": round(scrape * 1000, 1),
        "rss_mib": round(server.rss_bytes() / 2**20, 1),
    }
    typer.echo(f"{what:5} {row}", err=True)
    return row


def visit(load: Load, count: int) -> dict[str, Any]:
    """All join, hear and leave once."""
    visitors = Visitors(load)
    steps = [min(STEP, count - n) for n in range(0, count, STEP)]
    joins = [step(visitors, "join", visitors.come, each) for each in steps]
    deaf = visitors.hear()
    heard_mib = load.server.rss_bytes() / 2**20
    typer.echo(f"heard by {count - deaf}; {heard_mib:.1f} MiB", err=True)
    leaves = [step(visitors, "leave", visitors.go, each) for each in steps]
    visitors.close()
    time.sleep(SETTLE_SECONDS)
    return {
        "joins": joins,
        "deaf": deaf,
        "heard_mib": round(heard_mib, 1),
        "leaves": leaves,
        "left_mib": round(load.server.rss_bytes() / 2**20, 1),
    }


def run(count: int, rounds: int) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    rooms = -(-count // IN_A_ROOM)
    scenario = Scenario(IN_A_ROOM, rooms, trace="vp8_360p", video=False, audio=True)
    done = []
    with serving(scenario) as server:
        empty = server.rss_bytes() / 2**20
        for number in range(rounds):
            load = connect(Scenario(**{**vars(scenario), "receivers": 0}), server, count)
            load.player.play(0)
            first = server.rss_bytes() / 2**20
            done.append({"rooms_mib": round(first, 1), **visit(load, count)})
            disconnect(load)
            typer.echo(f"round {number + 1}: {done[-1]['left_mib']} MiB are left", err=True)
    return {
        "scenario": "transports",
        "params": {"count": count, "rooms": rooms},
        "empty_mib": round(empty, 1),
        "kib_per_transport": round((done[0]["heard_mib"] - done[0]["rooms_mib"]) * 1024 / count, 1),
        "rounds": done,
    }


def main(
    count: Annotated[int, typer.Option(help="How many join.")] = 10_000,
    rounds: Annotated[int, typer.Option(help="How often they come and go.")] = 1,
) -> None:
    """Measure joining and leaving of many; prints one JSON object, and its rows as they come."""
    report.print_json(report.complete(run(count, rounds)))


if __name__ == "__main__":
    typer.run(main)
