"""When the worker's thread sleeps, and when it does not."""

import os
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
CERTIFICATE = Certificate.generate()
ROUNDS = 40
PATIENCE_S = 60  # takes 0.05, on a machine that does nothing else
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
        until = time.monotonic() + PATIENCE_S
        rounds = 0
        # Who shares a core with it may ask again before it could sleep.
        while rounds < ROUNDS or (asleep and sleeps(thread) - before < ROUNDS // 2):
            assert time.monotonic() < until
            assert error_of(ada.ask(ada.request(REFRESH))) == 0
            rounds += 1
        assert (sleeps(thread) - before >= ROUNDS // 2) is asleep


@pytest.mark.skipif(not may_use_real_time(), reason="not allowed here")
def test_who_has_little_to_do_goes_first() -> None:
    """And who has much to do shares its core for a while: the rule of it is worker/precedence's."""
    with (
        started_engine(real_time=True) as (engine, threads),
        closing(UdpClient(engine.port)) as ada,
    ):
        ada.allocate()
        worker = int(worker_besides(threads).name)
        until = time.monotonic() + PATIENCE_S
        while os.sched_getscheduler(worker) != os.SCHED_RR:
            assert time.monotonic() < until
            assert error_of(ada.ask(ada.request(REFRESH))) == 0


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
