"""A server in its own process, `fastsfu serve` or a rival, and what it uses, from outside."""

import contextlib
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from benchmarks.load.peer import Peer
from fastsfu.auth.tokens import Tokens
from fastsfu.cores import usable_cores

START_TIMEOUT = 60.0  # a machine that does much else starts one slowly
STOP_TIMEOUT = 15.0
API_KEY = "benchmark-api-key-of-at-least-32-bytes"
SECRET = "benchmark-secret-of-at-least-32-bytes"
SETTINGS = {
    "FASTSFU_SECRET": SECRET,
    "FASTSFU_API_KEY": API_KEY,
    "FASTSFU_DRAIN_TIMEOUT": "1",
    "FASTSFU_AUDIO_FORWARD": "0",  # all voices of the load count
}

NOT_GIVEN = range(10_000, 32_000)  # Linux gives those from 32768 on


def free_port(workers: int = 1) -> int:
    """A port that is free right now on every address, for TCP and as many UDP ports from it on;
    none that the system gives to sockets of clients, which could take it meanwhile."""
    while True:
        port = random.choice(NOT_GIVEN)
        with contextlib.ExitStack() as sockets:
            try:
                sockets.enter_context(socket.socket()).bind(("", port))
                for number in range(workers):
                    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    sockets.enter_context(udp).bind(("", port + number))
            except OSError:
                continue
            return port


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What is started within belongs on this core, all its threads too."""
    ours = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


@dataclass(frozen=True)
class Usage:
    """CPU time so far, in ns."""

    process_ns: int
    main_thread_ns: int


class Process:
    """`with Process(url, command) as server:`; `core` pins it. Ready when GET `probe` succeeds."""

    name = "?"
    media_host = "127.0.0.1"

    def __init__(
        self,
        url: str,
        command: Sequence[str],
        *,
        core: int | None = None,
        environment: Mapping[str, str] | None = None,
        probe: str = "/",
    ) -> None:
        self.url = url
        self.command = command
        self.core = core
        self.environment = environment or {}
        self.probe = probe
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self._resources: dict[str, tuple[str, dict[str, str]]] = {}  # by the peer's ufrag

    def __enter__(self) -> Self:
        with on_core(self.core):
            self.process = subprocess.Popen(
                self.command,
                stdout=self.log,
                stderr=self.log,
                env={**os.environ, **self.environment},
            )
        self.http = httpx.Client(base_url=self.url, verify=False)
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not come up:\n{self.output()}")
            with contextlib.suppress(httpx.TransportError):
                if self.http.get(self.probe).status_code == 200:
                    return
            time.sleep(0.05)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.http.close()
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.final_output = self.output()
            self.log.close()
            if error is not None:
                sys.stderr.write(f"The server said:\n{self.final_output}")

    def output(self) -> str:
        """What it has printed and logged so far."""
        file = self.log.fileno()  # its place is the process's too: read without moving it
        return os.pread(file, os.fstat(file).st_size, 0).decode()

    def usage(self) -> Usage:
        """CPU time of all threads, and of the first one (the event loop's)."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        spent = {
            task.name: int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()
        }
        return Usage(sum(spent.values()), spent[str(self.process.pid)])

    def rss_bytes(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)
        assert found
        return int(found[1]) * 1024

    def messages(self) -> tuple[float, float]:
        """(media packets sent, messages they went in) so far, where the server counts them."""
        return 0.0, 0.0

    def publish(self, peer: Peer, room: str, codec: str, kinds: Sequence[str]) -> None:
        """Join and connect a sender. Raises httpx.HTTPStatusError, ValueError, TimeoutError."""
        self._resources[peer.ufrag] = self._post(f"/v1/whip/{room}", peer, codec, kinds)

    def watch(self, peer: Peer, room: str, codec: str, kinds: Sequence[str]) -> None:
        """Join and connect a receiver of all that the room's senders send; raises as `publish`."""
        self._resources[peer.ufrag] = self._post(f"/v1/whep/{room}", peer, codec, kinds)

    def leave(self, peer: Peer) -> None:
        """Say goodbye for a peer, and close its socket."""
        self.end(peer)
        peer.socket.close()

    def end(self, peer: Peer) -> None:
        """Say goodbye for a peer whose socket the player still has."""
        resource, headers = self._resources.pop(peer.ufrag)
        self.http.delete(resource, headers=headers)

    def authorization(self, room: str) -> dict[str, str]:
        """The HTTP headers that let somebody into a room."""
        return {}

    def _post(
        self, path: str, peer: Peer, codec: str, kinds: Sequence[str]
    ) -> tuple[str, dict[str, str]]:
        """WHIP (RFC 9725) or WHEP; the resource, and the headers to end it with."""
        headers = self.authorization(path.rsplit("/", 1)[1])
        reply = self.http.post(
            path,
            content=peer.describe(kinds, codec, sends="/whip/" in path),
            headers={**headers, "Content-Type": "application/sdp"},
        )
        if reply.status_code != 201:
            raise ValueError(f"{path}: {reply.status_code} {reply.text}")
        peer.connect(reply.text)
        return str(reply.url.join(reply.headers["location"])), headers


class ServerProcess(Process):
    """`fastsfu serve`; `options` go on its command line. `watched`: by load/watched.py."""

    name = "fastsfu"

    def __init__(
        self,
        *,
        core: int | None = None,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        watched: bool = False,
    ) -> None:
        self.port = free_port(usable_cores())
        module = "benchmarks.load.watched" if watched else "fastsfu"
        ports = ["--port", str(self.port), "--media-port", str(self.port)]
        super().__init__(
            f"https://127.0.0.1:{self.port}",
            [sys.executable, "-m", module, "serve", *ports, *options],
            core=core,
            environment={**SETTINGS, **(environment or {})},
            probe="/readyz",
        )

    def authorization(self, room: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {Tokens(SECRET).sign(room, name='load')}"}

    def messages(self) -> tuple[float, float]:
        metrics = self.metrics()
        names = (
            "fastsfu_worker_packets_forwarded_total",
            "fastsfu_worker_messages_forwarded_total",
        )
        packets, messages = (metrics.get(name, 0.0) for name in names)
        return packets, messages

    def metrics(self) -> dict[str, float]:
        """/metrics, labels summed up by name."""
        totals: dict[str, float] = {}
        for name, value in re.findall(r"^(\w+)(?:\{.*\})? (\S+)$", self._scrape(), re.M):
            totals[name] = totals.get(name, 0.0) + float(value)
        return totals

    def worker_metrics(self, name: str) -> list[float]:
        """One of them for each worker."""
        found = re.findall(rf'^{name}\{{worker="\d+"\}} (\S+)$', self._scrape(), re.M)
        return [float(value) for value in found]

    def worker_threads(self) -> list[Path]:
        """The media workers' threads in /proc, in their order."""
        named = {
            (task / "comm").read_text().strip(): task
            for task in Path(f"/proc/{self.process.pid}/task").iterdir()
        }
        workers = sum(name.startswith("worker-") for name in named)
        return [named[f"worker-{number}"] for number in range(workers)]

    def worker_usage(self) -> list[int]:
        """CPU time of each media worker so far, in ns."""
        return [int((t / "schedstat").read_text().split()[0]) for t in self.worker_threads()]

    def _scrape(self) -> str:
        return self.http.get("/metrics", headers={"Authorization": f"Bearer {API_KEY}"}).text
