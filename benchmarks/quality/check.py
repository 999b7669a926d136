"""What the link does, measured from outside by sockets, against what it was asked to do."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import numpy
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import report
from benchmarks.quality.link import Conditions, Link, Way
from tests.support.network import SERVER, Namespaces

PORT = 9
HEADERS = 28  # IPv4 and UDP
SIZE = 1000  # bytes of IP


@dataclass(frozen=True)
class Flow:
    """Packets at an even rate: (number, when it came, seconds after it was sent), as they came."""

    sent: int
    arrived: Any  # columns of numpy

    @property
    def delays_ms(self) -> Any:
        return self.arrived[:, 2] * 1000

    @property
    def rate_bps(self) -> float:
        """Between the first and the last that came."""
        at = self.arrived[:, 1]
        return float((len(at) - 1) * SIZE * 8 / (at[-1] - at[0]))

    @property
    def loss(self) -> float:
        return 1 - len(self.arrived) / self.sent


def send(link: Link, way: str, rate_bps: float, count: int) -> Flow:
    """To the household (`down`) or from it, through the link."""
    with sockets(link, way) as (sender, receiver, address):
        arrived = []
        interval = SIZE * 8 / rate_bps
        began = time.monotonic()
        for number in range(count):
            while (wait := began + number * interval - time.monotonic()) > 0:
                arrived += _receive(receiver, wait)
            content = struct.pack("!Id", number, time.monotonic())
            sender.sendto(content.ljust(SIZE - HEADERS), address)
        arrived += _receive(receiver, 1.0)
    return Flow(count, numpy.array(arrived))


@contextmanager
def sockets(link: Link, way: str) -> Iterator[tuple[socket.socket, socket.socket, tuple[str, int]]]:
    """One at each end, and the address of the one that receives."""
    source, target = ("server", link.household) if way == "down" else (link.household, "server")
    address = (link.address if way == "down" else SERVER, PORT)
    with _socket(link, source) as sender, _socket(link, target) as receiver:
        receiver.bind(address)
        yield sender, receiver, address


@contextmanager
def _socket(link: Link, name: str) -> Iterator[socket.socket]:
    with link.network.inside(name):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        yield made


def _receive(receiver: socket.socket, seconds: float) -> list[tuple[int, float, float]]:
    """What comes within that time."""
    came = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        receiver.settimeout(left)
        try:
            packet = receiver.recv(SIZE)
        except TimeoutError:
            break
        now = time.monotonic()
        number, sent = struct.unpack_from("!Id", packet)
        came.append((number, now, now - sent))
    return came


def measure() -> list[dict[str, Any]]:
    """Rows of what was asked and what was found."""
    rows: list[dict[str, Any]] = []
    with Namespaces() as network:
        for number, (way, asked) in enumerate(
            (
                ("down", Way(rate_bps=500_000)),
                ("up", Way(rate_bps=2_000_000, queue_ms=100)),
                ("down", Way(delay_ms=75)),
                ("up", Way(delay_ms=30, loss=0.05)),
            )
        ):
            both = Conditions(**{way: asked})
            with Link(network, number, f"house{number}", before=both) as link:
                rows += _found(way, asked, link)
    return rows


def _found(way: str, asked: Way, link: Link) -> Iterator[dict[str, Any]]:
    rate = 2 * asked.rate_bps or 4_000_000
    flow = send(link, way, rate, round(3 * rate / 8 / SIZE) if asked.rate_bps else 2000)
    if asked.rate_bps:
        yield _row(way, "rate, bit/s", asked.rate_bps, flow.rate_bps)
        most = asked.delay_ms + asked.queue_ms + SIZE * 8e3 / asked.rate_bps
        yield _row(way, "delay with a full queue, ms", most, numpy.percentile(flow.delays_ms, 95))
        return
    yield _row(way, "delay, ms", asked.delay_ms, numpy.median(flow.delays_ms))
    yield _row(way, "loss, %", asked.loss * 100, flow.loss * 100)


def _row(way: str, what: str, asked: float, found: float) -> dict[str, Any]:
    return {"way": way, "what": what, "asked": asked, "found": round(float(found), 2)}


def main(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Hold the link against what it was asked to do (as root)."""
    rows = measure()
    if as_json:
        report.print_json(report.complete({"scenario": "link", "found": rows}))
        return
    table = Table("way", "what", "asked", "found")
    for row in rows:
        table.add_row(*map(str, row.values()))
    Console(width=100).print(table)


if __name__ == "__main__":
    typer.run(main)
