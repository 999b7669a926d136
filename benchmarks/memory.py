"""How much memory a session takes: so many receivers of a voice and a picture join, and leave.

They join by WHEP with real ICE and DTLS and stay; what the speaker plays ends in a filter of the
kernel. RSS is that of the server process, after the first hundred, who fill caches and pools, then
after all, and when all but those have left. The server has core 0, the load core 1.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.forward import AT_ONCE, Load, Scenario, connect, disconnect, room_name, serving
from benchmarks.load.peer import Peer

FIRST = 100
STAGE = Scenario(FIRST, audio=True, trace="vp8_360p")
PLAY_SECONDS = 2.0
SLICE = 0.1  # seconds of media, which renew consent, while others join


def rss_kib(load: Load) -> float:
    load.player.run(PLAY_SECONDS)
    return load.server.rss_bytes() / 1024


def come(load: Load, count: int) -> list[Peer]:
    """So many more, while the call is played."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        coming = [pool.submit(load.watch, room_name(0)) for _ in range(count)]
        there = []
        while coming:
            load.player.run(SLICE)
            done = [each for each in coming if each.done()]
            coming = [each for each in coming if not each.done()]
            for each in done:
                peer = each.result()
                load.player.add_receiver(*peer.native, drop=True)
                there.append(peer)
    return there


def run(sessions: int) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    with serving(replace(STAGE, receivers=2 * sessions)) as server:
        empty = server.rss_bytes() / 1024
        load = connect(STAGE, server, capacity=FIRST + sessions)
        load.player.drop_except(1)
        few = rss_kib(load)
        started = time.monotonic()
        peers = come(load, sessions)
        joined = time.monotonic() - started
        many = rss_kib(load)
        started = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(server.leave, peers))
        left = time.monotonic() - started
        after = server.rss_bytes() / 1024
        disconnect(load)
    return {
        "scenario": "memory",
        "params": {"sessions": sessions},
        "empty_mib": round(empty / 1024, 1),
        "first_mib": round(few / 1024, 1),
        "all_mib": round(many / 1024, 1),
        "left_mib": round(after / 1024, 1),
        "kib_per_session": round((many - few) / sessions, 1),
        "joins_per_second": round(sessions / joined, 1),
        "leaves_per_second": round(sessions / left, 1),
    }


def main(
    sessions: Annotated[int, typer.Option(help="How many join, besides the first hundred.")] = 2000,
) -> None:
    """Measure what a session takes; prints one JSON object."""
    report.print_json(report.complete(run(sessions)))


if __name__ == "__main__":
    typer.run(main)
