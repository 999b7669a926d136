"""How commands come to the worker."""

import time
from collections.abc import Callable
from contextlib import closing

from fastsfu._native.engine.engine import Engine
from fastsfu.transport.dtls import Certificate

CERTIFICATE = Certificate.generate()
PATIENCE = 10.0


def create_transport(engine: Engine) -> int:
    return engine.transports.create(
        local_ufrag="12345678",
        local_password="123456789012345678901234",
        remote_ufrag="abcd",
        remote_password="1234567890123456789012",
        dtls_client=False,
        fingerprints=[("sha-256", bytes(32))],
        consent_timeout_us=30_000_000,
    )


def engine_woken_by(wakes: list[Callable[[], None]]) -> Engine:
    engine = Engine(
        host="127.0.0.1",
        port=0,
        certificate_pem=CERTIFICATE.certificate_pem,
        private_key_pem=CERTIFICATE.private_key_pem,
        max_buffers=64,
    )
    engine.start()
    engine.wake_by(wakes.append)
    return engine


def test_worker_is_woken_once_for_all_commands_of_a_turn() -> None:
    wakes: list[Callable[[], None]] = []
    with closing(engine_woken_by(wakes)) as engine:
        transports = {create_transport(engine) for _ in range(3)}
        assert len(wakes) == 1
        wakes.pop()()
        deadline = time.monotonic() + PATIENCE
        while not transports <= set(engine.snapshot()["handle"].tolist()):
            assert time.monotonic() < deadline
        create_transport(engine)
        assert len(wakes) == 1, "the next turn has a wake-up of its own"


def test_engine_ends_whose_worker_was_not_woken_yet() -> None:
    wakes: list[Callable[[], None]] = []
    with closing(engine_woken_by(wakes)) as engine:
        create_transport(engine)
    wakes.pop()()
