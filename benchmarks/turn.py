"""What a relayed packet costs: this server's TURN relay and coturn's, in turns on one core.

Loads of coturn's own client (turnutils_uclient, on channels, one packet of a flow at a time):
`echo`, whose peer sends every message back, and `pair`, two clients each with a relayed address.
Of our own (benchmarks/load/relayed), video as browsers send it, both ways: `video` between a client
and a peer, `video-pair` between two clients, `tcp` and `tls` for one client without UDP, 2 Mbit/s
each way. CPU is that of the whole server process, read from outside it.
"""

import asyncio
import contextlib
import json
import os
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Annotated, Any

import numpy as np
import typer
import websockets
from aioice import stun

from benchmarks import report
from benchmarks.forward import SERVER_CORE, keep_apart
from benchmarks.load import trace
from benchmarks.load.relayed import Plain, Played, Relayed, Streamed, play
from benchmarks.load.server import START_TIMEOUT, Process, ServerProcess, Usage, free_port
from fastsfu.http.messages import Join
from fastsfu.http.protocol import SUBPROTOCOL, write
from fastsfu.http.tls import self_signed
from fastsfu.transport.turn import credentials

HOST = "127.0.0.1"
MESSAGE_BYTES = 1200
COTURN_SECRET = "benchmark-secret-of-coturn"
COTURN = (
    "turnserver -n --no-cli --no-dtls --allow-loopback-peers --relay-threads 1 --realm x "
    f"--use-auth-secret --static-auth-secret {COTURN_SECRET} -L {HOST} -E {HOST} --log-file stdout "
    "--pidfile /dev/null --no-stdout-log"
)
TRACE = "vp9_720p"
CALL_BPS = 2_000_000  # of a call by TCP, each way
PACKET_OVERHEAD = trace.HEADER_BYTES + trace.TAG_BYTES
SETTINGS = {
    "FASTSFU_HOST": HOST,
    "FASTSFU_WORKERS": "1",
    "FASTSFU_TURN_ALLOWED_PEERS": "127.0.0.0/8",
    "FASTSFU_TURN_USER_ALLOCATIONS": "4096",
    "FASTSFU_TURN_USER_BANDWIDTH": "0",
    "FASTSFU_RESUME_TIMEOUT": "3600",  # the credentials are good as long as the session lives
}


class Load(StrEnum):
    ECHO = "echo"
    PAIR = "pair"
    VIDEO = "video"
    VIDEO_PAIR = "video-pair"
    TCP = "tcp"
    TLS = "tls"


class Ours(ServerProcess):
    """`fastsfu serve`; its credentials come with `joined`, as a client's do."""

    def credentials(self) -> tuple[str, str]:
        """User name and password."""
        return asyncio.run(self._joined())

    async def _joined(self) -> tuple[str, str]:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        url = f"wss://{HOST}:{self.port}/v1/signal"
        token = self.authorization("turn")["Authorization"].removeprefix("Bearer ")
        async with websockets.connect(
            url, ssl=trusting, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)]
        ) as socket:
            await socket.send(write(Join(room="turn", token=token)))
            server = json.loads(await socket.recv())["ice_servers"][0]
        return server["username"], server["credential"]


class Coturn(Process):
    """Debian's package, with one relay thread."""

    name = "coturn"

    def __init__(self, *, core: int | None = None) -> None:
        self.port = free_port()
        self._files = tempfile.TemporaryDirectory()
        folder = Path(self._files.name)
        pair = self_signed(["localhost"], [HOST])
        (folder / "chain.pem").write_bytes(pair.chain)
        (folder / "key.pem").write_bytes(pair.key)
        own = f"-p {self.port} --cert {folder}/chain.pem --pkey {folder}/key.pem"
        super().__init__("http://unused", [*COTURN.split(), *own.split()], core=core)

    def credentials(self) -> tuple[str, str]:
        """User name and password."""
        return credentials(COTURN_SECRET.encode(), "bench", time.time() + 3600)

    def _wait_until_ready(self) -> None:
        request = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST))
        deadline = time.monotonic() + START_TIMEOUT
        with socket(AF_INET, SOCK_DGRAM) as asking:
            asking.connect((HOST, self.port))
            asking.settimeout(0.1)
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError):
                    asking.send(request)
                    asking.recv(1500)
                    return
        raise RuntimeError(f"{self.name} did not come up:\n{self.output()}")


@contextlib.contextmanager
def echoing() -> Iterator[int]:
    """A peer that sends back what it gets; its port."""
    port = free_port()
    command = ["turnutils_peer", "-L", HOST, "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as peer:
        try:
            yield port
        finally:
            peer.terminate()


def measure_uclient(
    server: Ours | Coturn, load: Load, peer: int, clients: int, seconds: float
) -> dict[str, Any]:
    """One run of coturn's client: its own count of messages, the server's CPU for each packet."""
    user, password = server.credentials()
    messages = int(200 * seconds)
    options = f"-c -m {clients} -n {messages} -l {MESSAGE_BYTES} -z 5"
    other = "-y" if load is Load.PAIR else f"-e {HOST} -r {peer}"
    account = ["-u", user, "-w", password, "-p", str(server.port), HOST]
    before, started = server.usage(), time.monotonic()
    done = subprocess.run(
        ["turnutils_uclient", *options.split(), *other.split(), *account],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    took = time.monotonic() - started
    found = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", done.stdout)
    if not found:
        raise RuntimeError(f"turnutils_uclient said:\n{done.stdout[-2000:]}")
    sent, received = map(int, found[-1])
    # A message to a peer that sends it back is relayed twice; so is one from a relay to a relay.
    relayed = sent + received if load is Load.ECHO else 2 * received
    loss = 1 - received / (clients * messages)
    return figures(server, before, relayed, took, loss)


def measure_video(
    server: Ours | Coturn, load: Load, clients: int, seconds: float
) -> dict[str, Any]:
    """One run of our own load."""
    user = server.credentials()
    before: list[tuple[Usage, float]] = []
    pairs = connect(server, load, user, clients)
    rows = [(int(row["time_us"]), int(row["payload_bytes"]) + PACKET_OVERHEAD) for row in video()]
    if load in (Load.TCP, Load.TLS):
        rows = at_rate(rows, CALL_BPS)
    played = play(pairs, rows, seconds, lambda: before.append((server.usage(), time.monotonic())))
    relayed = played.received * (2 if load is Load.VIDEO_PAIR else 1)
    result = figures(server, before[0][0], relayed, time.monotonic() - before[0][1], played.loss)
    for pair in pairs:
        for end in pair:
            end.leave()
    return result | {"latency_us": latency(played), "wrong": played.wrong}


def connect(
    server: Ours | Coturn, load: Load, user: tuple[str, str], clients: int
) -> list[tuple[Plain, Plain]]:
    """So many clients, in pairs with each other or each with a peer."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    pairs: list[tuple[Plain, Plain]] = []
    for _ in range(clients // 2 if load is Load.VIDEO_PAIR else clients):
        if load in (Load.VIDEO, Load.VIDEO_PAIR):
            client = Relayed(server.port, *user)
        else:
            tls = trusting if load is Load.TLS else None
            client = Streamed(server.port, *user, tls=tls)
        other = Relayed(server.port, *user) if load is Load.VIDEO_PAIR else Plain()
        client.meet(other.address)
        other.meet(client.address)
        pairs.append((client, other))
    return pairs


def video() -> Any:
    """The trace's rows."""
    return trace.load(TRACE, audio=False).rows


def at_rate(rows: Sequence[tuple[int, int]], bps: int) -> list[tuple[int, int]]:
    """The same at this rate of bits: its clock runs faster or slower."""
    factor = sum(size for _, size in rows) * 8e6 / rows[-1][0] / bps
    return [(int(when * factor), size) for when, size in rows]


def figures(
    server: Ours | Coturn, before: Usage, relayed: int, seconds: float, loss: float
) -> dict[str, Any]:
    """What all loads have."""
    spent_ns = server.usage().process_ns - before.process_ns
    return {
        "packets_forwarded": relayed,
        "seconds": round(seconds, 3),
        "loss": round(loss, 6),
        "cpu_ns_per_packet": round(spent_ns / relayed),
        "core_share": round(spent_ns / seconds / 1e9, 4),
        "rss_mib": round(server.rss_bytes() / 2**20, 1),
    }


def latency(played: Played) -> dict[str, int]:
    """Percentiles."""
    found = np.percentile(played.latencies_us, [50, 95, 99])
    return {name: round(value) for name, value in zip(("p50", "p95", "p99"), found, strict=True)}


def run(load: Load, clients: int, seconds: float, repetitions: int) -> list[dict[str, Any]]:
    """The median run of each server, ours with the median of the ratios to coturn's."""
    keep_apart()
    runs: dict[str, list[dict[str, Any]]] = {"fastsfu": [], "coturn": []}
    with (
        Ours(core=SERVER_CORE, environment=SETTINGS) as ours,
        Coturn(core=SERVER_CORE) as coturn,
        echoing() as peer,
    ):
        for _ in range(repetitions):
            for server in (ours, coturn):
                if load in (Load.ECHO, Load.PAIR):
                    one = measure_uclient(server, load, peer, clients, seconds)
                else:
                    one = measure_video(server, load, clients, seconds)
                runs[server.name].append(one)
    pairs = zip(runs["fastsfu"], runs["coturn"], strict=True)
    ratios = [one["cpu_ns_per_packet"] / other["cpu_ns_per_packet"] for one, other in pairs]
    results = []
    for name, each in runs.items():
        middle = sorted(each, key=lambda one: int(one["cpu_ns_per_packet"]))[(len(each) - 1) // 2]
        head = {"scenario": f"turn-{load}", "server": name, "params": {"clients": clients}}
        results.append({**head, **middle})
    results[0]["ratio_to_coturn"] = round(statistics.median(ratios), 3)
    return results


def main(
    load: Annotated[Load, typer.Option(help="What is relayed.")] = Load.ECHO,
    clients: Annotated[int | None, typer.Option(help="Allocations at once.")] = None,
    seconds: Annotated[float, typer.Option(help="Of a turn.")] = 5.0,
    repetitions: Annotated[int, typer.Option(help="Turns; the median counts.")] = 5,
) -> None:
    """Compare the relay with coturn's; prints one JSON object for each server.

    There are 40 clients, or one by TCP and TLS, if nothing else is said.
    """
    if clients is None:
        clients = 1 if load in (Load.TCP, Load.TLS) else 40
    for one in run(load, clients, seconds, repetitions):
        report.print_json(report.complete(one))


if __name__ == "__main__":
    if not all(map(os.path.exists, ("/usr/bin/turnserver", "/usr/bin/turnutils_uclient"))):
        sys.exit("coturn is not installed: apt-get install coturn")
    typer.run(main)
