"""What a relayed packet costs: this server's TURN relay and coturn's, in turns on one core.

coturn's own client is the load (turnutils_uclient, on channels), its peer sends every message back:
each message is relayed twice. CPU is that of the whole server process, read from outside it.
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
import time
from collections.abc import Iterator
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Annotated, Any

import typer
import websockets
from aioice import stun

from benchmarks import report
from benchmarks.forward import SERVER_CORE, keep_apart
from benchmarks.load.server import START_TIMEOUT, Process, ServerProcess, free_port
from fastsfu.http.messages import SUBPROTOCOL, Join, write
from fastsfu.transport.turn import credentials

HOST = "127.0.0.1"
MESSAGE_BYTES = 1200
COTURN_SECRET = "benchmark-secret-of-coturn"
COTURN = (
    "turnserver -n --no-cli --no-tls --no-dtls --allow-loopback-peers --relay-threads 1 --realm x "
    f"--use-auth-secret --static-auth-secret {COTURN_SECRET} -L {HOST} -E {HOST} --log-file stdout "
    "--pidfile /dev/null --no-stdout-log"
)
SETTINGS = {
    "FASTSFU_HOST": HOST,
    "FASTSFU_WORKERS": "1",
    "FASTSFU_TURN_ALLOWED_PEERS": "127.0.0.0/8",
    "FASTSFU_TURN_USER_ALLOCATIONS": "4096",
    "FASTSFU_TURN_USER_BANDWIDTH": "0",
}


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
        super().__init__("http://unused", [*COTURN.split(), "-p", str(self.port)], core=core)

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


def measure(server: Ours | Coturn, peer: int, clients: int, messages: int) -> dict[str, Any]:
    """One run of coturn's client: its own count of messages, the server's CPU for each packet."""
    user, password = server.credentials()
    options = f"-c -m {clients} -n {messages} -l {MESSAGE_BYTES} -z 5 -e {HOST} -r {peer}"
    account = ["-u", user, "-w", password, "-p", str(server.port), HOST]
    before, started = server.usage(), time.monotonic()
    done = subprocess.run(
        ["turnutils_uclient", *options.split(), *account],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, after = time.monotonic() - started, server.usage()
    found = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", done.stdout)
    if not found:
        raise RuntimeError(f"turnutils_uclient said:\n{done.stdout[-2000:]}")
    sent, received = map(int, found[-1])
    return {
        "packets_forwarded": sent + received,
        "seconds": round(seconds, 3),
        "loss": round(1 - received / (clients * messages), 6),
        "cpu_ns_per_packet": round((after.process_ns - before.process_ns) / (sent + received)),
        "rss_mib": round(server.rss_bytes() / 2**20, 1),
    }


def run(clients: int, messages: int, repetitions: int) -> list[dict[str, Any]]:
    """The median run of each server, ours with the median of the ratios to coturn's."""
    keep_apart()
    runs: dict[str, list[dict[str, Any]]] = {"fastsfu": [], "coturn": []}
    with (
        Ours(core=SERVER_CORE, environment=SETTINGS) as ours,
        Coturn(core=SERVER_CORE) as coturn,
        echoing() as peer,
    ):
        for _ in range(repetitions):
            runs["fastsfu"].append(measure(ours, peer, clients, messages))
            runs["coturn"].append(measure(coturn, peer, clients, messages))
    pairs = zip(runs["fastsfu"], runs["coturn"], strict=True)
    ratios = [one["cpu_ns_per_packet"] / other["cpu_ns_per_packet"] for one, other in pairs]
    results = []
    for name, each in runs.items():
        middle = sorted(each, key=lambda one: int(one["cpu_ns_per_packet"]))[(len(each) - 1) // 2]
        head = {"scenario": "turn", "server": name, "params": {"clients": clients}}
        results.append({**head, **middle})
    results[0]["ratio_to_coturn"] = round(statistics.median(ratios), 3)
    return results


def main(
    clients: Annotated[int, typer.Option(help="Allocations at once.")] = 40,
    messages: Annotated[int, typer.Option(help="Of each client, 200 a second.")] = 1000,
    repetitions: Annotated[int, typer.Option(help="Turns; the median counts.")] = 5,
) -> None:
    """Compare the relay with coturn's; prints one JSON object for each server."""
    for one in run(clients, messages, repetitions):
        report.print_json(report.complete(one))


if __name__ == "__main__":
    if not all(map(os.path.exists, ("/usr/bin/turnserver", "/usr/bin/turnutils_uclient"))):
        sys.exit("coturn is not installed: apt-get install coturn")
    typer.run(main)
