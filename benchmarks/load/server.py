"""A real `fastsfu serve` in its own process, and what it uses, measured from outside."""

import contextlib
import os
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

import httpx

from fastsfu.cores import usable_cores

START_TIMEOUT = 20.0
STOP_TIMEOUT = 15.0
API_KEY = "benchmark-api-key-of-at-least-32-bytes"
SECRET = "benchmark-secret-of-at-least-32-bytes"
SETTINGS = {
    "FASTSFU_SECRET": SECRET,
    "FASTSFU_API_KEY": API_KEY,
    "FASTSFU_DRAIN_TIMEOUT": "1",
}


def free_port(workers: int = 1) -> int:
    """A port that is free right now on every address, for TCP and as many UDP ports from it on."""
    while True:
        with contextlib.ExitStack() as sockets:
            tcp = sockets.enter_context(socket.socket())
            tcp.bind(("", 0))
            port: int = tcp.getsockname()[1]
            try:
                for number in range(workers):
                    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    sockets.enter_context(udp).bind(("", port + number))
            except (OSError, OverflowError):
                continue
            return port


@contextlib.contextmanager
def _on_core(core: int | None) -> Iterator[None]:
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


class ServerProcess:
    """`with ServerProcess() as server:`; `core` pins it, `options` go on its command line."""

    def __init__(
        self,
        *,
        core: int | None = None,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port(usable_cores())
        self.url = f"https://127.0.0.1:{self.port}"
        self.core = core
        self.options = options
        self.environment = environment or {}
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__

    def __enter__(self) -> "ServerProcess":
        port = str(self.port)
        command = [sys.executable, "-m", "fastsfu", "serve", "--port", port]
        command += ["--media-port", port, *self.options]
        settings = {**SETTINGS, **self.environment}
        with _on_core(self.core):
            self.process = subprocess.Popen(
                command, stdout=self.log, stderr=self.log, env={**os.environ, **settings}
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
                raise RuntimeError(f"the server did not come up:\n{self.output()}")
            try:
                if self.http.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
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
        self.log.seek(0)
        return self.log.read()

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

    def metrics(self) -> dict[str, float]:
        """/metrics, labels summed up by name."""
        reply = self.http.get("/metrics", headers={"Authorization": f"Bearer {API_KEY}"})
        totals: dict[str, float] = {}
        for name, value in re.findall(r"^(\w+)(?:\{.*\})? (\S+)$", reply.text, re.M):
            totals[name] = totals.get(name, 0.0) + float(value)
        return totals
