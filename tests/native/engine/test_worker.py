"""When the worker's thread sleeps, and when it does not."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from fastsfu._native.engine.engine import Engine
from fastsfu.transport.dtls import Certificate
from tests.support.turn import REFRESH, UdpClient, error_of, options

LOOPBACK = "127.0.0.1"
CERTIFICATE = Certificate.generate()
ROUNDS = 40


@contextmanager
def started_engine(busy_poll_us: int) -> Iterator[Engine]:
    engine = Engine(
        host=LOOPBACK,
        port=0,
        certificate_pem=CERTIFICATE.certificate_pem,
        private_key_pem=CERTIFICATE.private_key_pem,
        max_buffers=512,
        busy_poll_us=busy_poll_us,
    )
    engine.open_relay(options(addresses=(LOOPBACK,), host=LOOPBACK))
    engine.start()
    with closing(engine):
        yield engine


def sleeps() -> int:
    """How often the worker's thread has gone to sleep."""
    for task in Path("/proc/self/task").iterdir():
        if (task / "comm").read_text().strip() == "worker-0":
            status = (task / "status").read_text()
            return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    raise AssertionError("no worker")


@pytest.mark.parametrize(("busy_poll_us", "asleep"), [(0, True), (100_000, False)])
def test_busy_polling_stays_awake_for_datagrams(busy_poll_us: int, asleep: bool) -> None:
    with started_engine(busy_poll_us) as engine, closing(UdpClient(engine.port)) as ada:
        ada.allocate()  # a worker without any duty sleeps in any case
        before = sleeps()
        for _ in range(ROUNDS):
            assert error_of(ada.ask(ada.request(REFRESH))) == 0
        assert (sleeps() - before >= ROUNDS // 2) is asleep
