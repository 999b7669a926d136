"""How many joins a second a core takes, and what a storm of them does to a call that runs.

A join is complete when its first media packet has come: WHEP over HTTPS (a new connection each),
ICE, DTLS, SRTP. Visitors join a room where somebody speaks, and leave again; meanwhile one plays a
720p call in another room and takes each packet's latency. The server has core 0, the load core 1.
The load may be what limits the rate, so the server's CPU for a join is measured from outside too.
"""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Annotated, Any

import httpx
import numpy as np
import typer

from benchmarks import report
from benchmarks.forward import Load, Scenario, connect, room_name, serving
from benchmarks.load.peer import Peer

LOBBY = room_name(0, "lobby")  # where the visitors go
SPEAKER = Scenario(receivers=0, audio=True, video=False)
RUNNING = Scenario(receivers=10, audio=True)
PLAY_SECONDS = 0.1  # at a time
QUIET_SECONDS = 3.0  # of the running call alone, to compare with
FIRST_PACKET_TIMEOUT = 5.0
TLS = ssl.create_default_context()
TLS.check_hostname, TLS.verify_mode = False, ssl.CERT_NONE  # the server's is self-signed
MEDIA = range(128, 192)  # the first byte of RTP and RTCP (RFC 7983)


def visit(load: Load) -> float:
    """Join, wait for the first packet, leave; seconds until that packet."""
    peer = Peer(load.identity)
    headers = {**load.server.authorization(LOBBY), "Content-Type": "application/sdp"}
    offer = peer.describe(["audio"], load.trace.codec, sends=False)
    with httpx.Client(base_url=load.server.url, verify=TLS, headers=headers) as http:
        started = time.perf_counter()
        reply = http.post(f"/v1/whep/{LOBBY}", content=offer).raise_for_status()
        peer.connect(reply.text)
        peer.socket.settimeout(FIRST_PACKET_TIMEOUT)
        while peer.socket.recv(2048)[0] not in MEDIA:
            pass
        taken = time.perf_counter() - started
        http.delete(reply.url.join(reply.headers["location"]))
    peer.socket.close()
    return taken


def storm(load: Load, joins: int, at_once: int) -> dict[str, Any]:
    """All these joins, as fast as they go."""
    before, started = load.server.usage(), time.perf_counter()
    with ThreadPoolExecutor(at_once) as visitors:
        times = sorted(visitors.map(lambda _: visit(load), range(joins)))
    elapsed, after = time.perf_counter() - started, load.server.usage()
    loop_ns = after.main_thread_ns - before.main_thread_ns
    return {
        "joins_per_second": round(joins / elapsed, 1),
        "server_cpu_ms_per_join": round((after.process_ns - before.process_ns) / joins / 1e6, 2),
        "event_loop_ms_per_join": round(loop_ns / joins / 1e6, 2),
        "event_loop_core_share": round(loop_ns / elapsed / 1e9, 3),
        "first_packet_ms": {
            f"p{share}": round(1e3 * float(np.percentile(times, share))) for share in (50, 95, 99)
        },
    }


def beside_call(load: Load, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do `work` while the call runs, and take the call's latency meanwhile."""
    load.player.run(1.0)
    load.player.open_window()
    with played(load):
        result = work()
    load.player.close_window()
    load.player.drain()
    histogram = np.cumsum(load.player.latency_histogram())
    result["call_latency_us"] = {
        f"p{share:g}": int(np.searchsorted(histogram, histogram[-1] * share / 100))
        for share in (50, 95, 99)
    }
    return result


def quiet() -> dict[str, Any]:
    time.sleep(QUIET_SECONDS)
    return {}


@contextlib.contextmanager
def played(load: Load) -> Iterator[None]:
    """Its senders send, and its receivers receive, in a thread of their own."""
    done = threading.Event()

    def play() -> None:
        while not done.is_set():
            load.player.run(PLAY_SECONDS)

    playing = threading.Thread(target=play)
    playing.start()
    try:
        yield
    finally:
        done.set()
        playing.join()


def run(joins: int, at_once: int) -> dict[str, Any]:
    """One object of docs/benchmarks.md."""
    with serving(replace(RUNNING, receivers=joins)) as server:  # who leaves is slow to be gone
        load = connect(RUNNING, server)
        lobby = connect(SPEAKER, server, capacity=1, name="lobby")
        with played(lobby):
            storm(load, at_once, at_once)  # caches, code paths
            alone = beside_call(load, quiet)
            result = beside_call(load, lambda: storm(load, joins, at_once))
    return {
        "scenario": "joins",
        "params": {"joins": joins, "at_once": at_once},
        **result,
        "call_latency_us_alone": alone["call_latency_us"],
    }


def main(
    joins: Annotated[int, typer.Option(help="How many join.")] = 500,
    at_once: Annotated[int, typer.Option(help="How many are on their way at a time.")] = 32,
) -> None:
    """Measure joins; prints one JSON object."""
    report.print_json(report.complete(run(joins, at_once)))


if __name__ == "__main__":
    typer.run(main)
