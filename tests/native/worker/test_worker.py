"""When the worker's thread sleeps, and when it does not."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from fastsfu._native.engine.engine import Engine
from fastsfu.transport.dtls import Certificate
from tests.native.faces.precedence import WINDOW_US
from tests.support.real_time import may_use_real_time
from tests.support.turn import REFRESH, UdpClient, error_of, options

LOOPBACK = "127.0.0.1"
UDP_SEGMENT = 103
TOGETHER = 64  # datagrams in a message
FLOOD = """
import os, socket, sys
core, port, segment, together = map(int, sys.argv[1:5])
os.sched_setaffinity(0, {core})
os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    datagrams.setsockopt(socket.SOL_UDP, segment, len(sys.argv[5]) // 2)
    datagrams.connect(("127.0.0.1", port))
    request = bytes.fromhex(sys.argv[5]) * together
    while os.getppid() == int(sys.argv[6]):
        datagrams.send(request)
"""
CERTIFICATE = Certificate.generate()
ROUNDS = 40
TASKS = Path("/proc/self/task")


@contextmanager
def started_engine(
    busy_poll_us: int = 0, *, real_time: bool = False
) -> Iterator[tuple[Engine, set[Path]]]:
    """With the threads of this process before it was started: other engines may be among them."""
    engine = Engine(
        host=LOOPBACK,
        port=0,
        certificate_pem=CERTIFICATE.certificate_pem,
        private_key_pem=CERTIFICATE.private_key_pem,
        max_buffers=512,
        busy_poll_us=busy_poll_us,
        real_time=real_time,
    )
    engine.open_relay(options(addresses=(LOOPBACK,), host=LOOPBACK))
    engine.relay.admit("ada")
    before = set(TASKS.iterdir())
    engine.start()
    with closing(engine):
        yield engine, before


def worker_besides(threads: set[Path]) -> Path:
    """The one new worker; it has named itself when it has answered."""
    new = set(TASKS.iterdir()) - threads
    (worker,) = (each for each in new if (each / "comm").read_text() == "worker-0\n")
    return worker


def sleeps(thread: Path) -> int:
    """How often it has gone to sleep."""
    status = (thread / "status").read_text()
    return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])


@pytest.mark.parametrize(("busy_poll_us", "asleep"), [(0, True), (100_000, False)])
def test_busy_polling_stays_awake_for_datagrams(busy_poll_us: int, asleep: bool) -> None:
    with (
        started_engine(busy_poll_us) as (engine, threads),
        closing(UdpClient(engine.port)) as ada,
    ):
        ada.allocate()  # a worker without any duty sleeps in any case
        thread = worker_besides(threads)
        before = sleeps(thread)
        for _ in range(ROUNDS):
            assert error_of(ada.ask(ada.request(REFRESH))) == 0
        assert (sleeps(thread) - before >= ROUNDS // 2) is asleep


def goes_first(worker: int, client: UdpClient) -> None:
    """Wait until it does: after some turns, by datagrams."""
    while os.sched_getscheduler(worker) != os.SCHED_RR:
        client.socket.send(b"a turn of it")


@pytest.mark.skipif(not may_use_real_time(), reason="not allowed here")
def test_who_has_little_to_do_goes_first() -> None:
    with (
        started_engine(real_time=True) as (engine, threads),
        closing(UdpClient(engine.port)) as ada,
    ):
        ada.allocate()
        goes_first(int(worker_besides(threads).name), ada)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This thread, and those that it starts."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


@contextmanager
def flooded(port: int, request: bytes, core: int) -> Iterator[None]:
    """By one who has the core for himself."""
    values = [core, port, UDP_SEGMENT, TOGETHER, request.hex(), os.getpid()]
    with subprocess.Popen([sys.executable, "-c", FLOOD, *map(str, values)]) as process:
        try:
            yield
        finally:
            process.kill()


@pytest.mark.skipif(not may_use_real_time(), reason="not allowed here")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="takes two cores")
def test_who_has_more_to_do_than_a_core_can_leaves_something_for_the_others_there() -> None:
    """As for the event loop's thread, which is this one here."""
    ours, others = sorted(os.sched_getaffinity(0))[:2]
    with (
        on_core(ours),
        started_engine(real_time=True) as (engine, threads),
        closing(UdpClient(engine.port)) as ada,
    ):
        ada.allocate()
        request = ada.request(REFRESH)
        worker = int(worker_besides(threads).name)
        goes_first(worker, ada)
        with flooded(engine.port, request, others):
            while os.sched_getscheduler(worker) != os.SCHED_OTHER:
                pass
        goes_first(worker, ada)


@pytest.mark.parametrize(("real_time", "busy_poll_us"), [(False, 0), (True, 1000)])
def test_not_where_it_is_not_wanted_nor_where_workers_never_sleep(
    real_time: bool, busy_poll_us: int
) -> None:
    with (
        started_engine(busy_poll_us, real_time=real_time) as (engine, threads),
        closing(UdpClient(engine.port)) as ada,
    ):
        ada.allocate()
        thread = worker_besides(threads)
        until = time.monotonic() + 3 * WINDOW_US / 1e6
        while time.monotonic() < until:
            assert error_of(ada.ask(ada.request(REFRESH))) == 0
        assert os.sched_getscheduler(int(thread.name)) == os.sched_getscheduler(0)
