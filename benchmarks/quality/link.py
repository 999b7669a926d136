"""Links between a household's network namespace and the server's, and what passed through them.

`link.c` carries the packets; `build/quality/link` is made of it when it is missing or old.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy

from tests.support.network import SERVER, Namespaces, run

SOURCE = Path(__file__).with_name("link.c")
BUILD = Path(__file__).parents[2] / "build" / "quality"
RECORD = numpy.dtype(
    [
        ("arrived_us", "<u8"),
        ("sent_us", "<u4"),
        ("transit_us", "<u4"),
        ("ssrc", "<u4"),
        ("seq", "<u2"),
        ("size", "<u2"),
        ("way", "u1"),
        ("outcome", "u1"),
        ("pt", "u1"),
        ("reserved", "5u1"),
    ],
)
DELIVERED, LOST, DROPPED = range(3)
DOWN, UP = range(2)  # to the household, from it
STOP_TIMEOUT = 5.0

Trace = Any  # numpy.ndarray of RECORD


@dataclass(frozen=True)
class Way:
    """One direction. `rate_bps` counts IP packets, 0 is no limit; `loss` is a share."""

    rate_bps: int = 0
    delay_ms: float = 10.0
    queue_ms: float = 200.0
    loss: float = 0.0

    def in_words(self) -> str:
        """Four numbers of a schedule."""
        us = (round(self.queue_ms * 1000), round(self.delay_ms * 1000))
        return f"{self.rate_bps} {us[0]} {us[1]} {round(self.loss * 1e6)}"


@dataclass(frozen=True)
class Conditions:
    """Of a link, both ways."""

    down: Way = Way()
    up: Way = Way()

    def gone(self) -> "Conditions":
        """The same while nothing passes."""
        return Conditions(replace(self.down, loss=1.0), replace(self.up, loss=1.0))


CLEAN = Conditions()
Schedule = Sequence[tuple[float, Conditions]]  # seconds after the start


def program() -> Path:
    """The compiled link. Raises CalledProcessError, or FileNotFoundError without a compiler."""
    made = BUILD / "link"
    if not made.exists() or made.stat().st_mtime < SOURCE.stat().st_mtime:
        BUILD.mkdir(parents=True, exist_ok=True)
        compiler = os.environ.get("CC", "cc").split()
        unfinished = made.with_suffix(f".{os.getpid()}")
        subprocess.run(
            [*compiler, "-O2", "-Wall", "-Wextra", "-o", str(unfinished), str(SOURCE)], check=True
        )
        unfinished.replace(made)
    return made


class Link:
    """`with Link(network, 1, "weak", schedule) as link:` makes the namespace and the way to it.

    The household has `address`; everything goes to the server. Until `start()` the link is as
    `before`. It ends by itself after `seconds`.
    """

    def __init__(
        self,
        network: Namespaces,
        number: int,
        household: str,
        schedule: Schedule = (),
        *,
        before: Conditions = CLEAN,
        seed: int = 1,
        seconds: float = 120.0,
    ) -> None:
        self.network = network
        self.household = household
        self.address = f"10.77.{number}.2"
        self._gateway = f"10.77.{number}.1"
        self._directory = Path(tempfile.mkdtemp(prefix="link-"))
        self._schedule = self._directory / "schedule"
        self._trace = self._directory / "trace"
        lines = [(-0.001, before), *schedule]
        self._schedule.write_text(
            "".join(
                f"{round(at * 1000)} {one.down.in_words()} {one.up.in_words()}\n"
                for at, one in lines
            )
        )
        self._options = [str(seed), str(seconds)]
        self.trace: Trace = numpy.empty(0, RECORD)  # when it has ended

    def __enter__(self) -> Self:
        self.network.make(self.household)
        names = [self.network.namespace(name) for name in ("server", self.household)]
        ends = [names[0], f"to-{self.household}", names[1], "eth0"]
        self._process = subprocess.Popen(
            [str(program()), *ends, str(self._schedule), str(self._trace), *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._heard() != ["ready"]:
            raise RuntimeError(f"the link to {self.household} did not come up")
        addresses = (self._gateway, self.address)
        for namespace, device, ours, peer in zip(
            ends[::2], ends[1::2], addresses, addresses[::-1], strict=True
        ):
            run("ip", "-n", namespace, "link", "set", device, "addrgenmode", "none")
            run("ip", "-n", namespace, "address", "add", ours, "peer", peer, "dev", device)
            run("ip", "-n", namespace, "link", "set", device, "up")
        run("ip", "-n", names[1], "route", "add", SERVER, "via", self._gateway)
        run("ip", "-n", names[1], "route", "add", "default", "via", self._gateway)
        return self

    def start(self) -> float:
        """Let the schedule begin; the moment, in seconds since 1970."""
        assert self._process.stdin is not None
        self._process.stdin.write("start\n")
        self._process.stdin.flush()
        word, moment = self._heard()
        assert word == "started"
        return int(moment) / 1e6

    def wait(self, seconds: float) -> int:
        """For its end; how it ended. Raises subprocess.TimeoutExpired."""
        return self._process.wait(seconds)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT)
        finally:
            self._process.kill()
            self._process.stdout.close()
            if self._trace.exists():
                self.trace = numpy.fromfile(self._trace, RECORD)
            shutil.rmtree(self._directory)

    def _heard(self) -> list[str]:
        assert self._process.stdout is not None
        return self._process.stdout.readline().split()


def between(trace: Trace, way: int, since: float, until: float) -> Trace:
    """What arrived at the link this way within these seconds since 1970."""
    at = trace["arrived_us"] / 1e6
    return trace[(trace["way"] == way) & (at >= since) & (at < until)]


def queue_ms(trace: Trace) -> Trace:
    """How long each packet that was not dropped was in the queue and on its way into the link."""
    return trace["sent_us"][trace["outcome"] != DROPPED] / 1000


def repeated(trace: Trace, rtx_ssrcs: Sequence[int]) -> int:
    """Packets of RTP that are repeats: those of RTX (RFC 4588), and numbers that came before."""
    media = trace[trace["ssrc"] != 0]
    rtx = numpy.isin(media["ssrc"], rtx_ssrcs)
    plain = media[~rtx]
    numbers = plain["ssrc"].astype("u8") << 16 | plain["seq"]
    return int(rtx.sum()) + len(numbers) - len(numpy.unique(numbers))
