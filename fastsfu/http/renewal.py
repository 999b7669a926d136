"""A certificate by ACME that is renewed in time: at two thirds of its life, or when the ACME server
suggests it (ARI, RFC 9773).

What fails is tried again after half an hour, then after twice as long, a day at most: rate limits
count failures, too.
"""

import asyncio
import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeVar

from cryptography import x509

from fastsfu.http.challenges import AcmeError
from fastsfu.http.tls import Pair, ServerCertificate

logger = logging.getLogger("fastsfu.acme")

Result = TypeVar("Result")

RENEWED_AT: Final = 2 / 3  # of its life
LATEST_AT: Final = 5 / 6  # also where the ACME server suggests a later time
JITTER: Final = 1 / 50  # of its life, so that not all servers come at once
LOOKS_APART: Final = 6 * 3600.0  # seconds between two looks at what the ACME server suggests
SUCCESSES_APART: Final = 3600.0  # at least
FIRST_WAIT, LONGEST_WAIT = 1800.0, 86_400.0  # seconds after a failure


class Issuer(Protocol):
    """An `Acme`; its methods block."""

    def obtain(self) -> Pair: ...
    def suggested(self, pair: Pair) -> datetime | None: ...


class Renewals:
    """Those of one server's certificate."""

    def __init__(self, issuer: Issuer, served: ServerCertificate, *, has_one: bool) -> None:
        """`has_one`: what is served is the issuer's, and good; else one is asked for at once."""
        self._issuer = issuer
        self._served = served
        self._wait = FIRST_WAIT
        self._is_missing = not has_one
        self._chance = random.uniform(-JITTER, JITTER)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            wait = 0.0 if self._is_missing else await self._seconds_left()
            if wait > 0:
                await asyncio.sleep(min(wait, LOOKS_APART))
            else:
                await asyncio.sleep(await self.renew())

    async def renew(self) -> float:
        """Once; for how many seconds not again. A failure is logged, the old one stays in use."""
        try:
            pair = await in_thread(self._issuer.obtain)
            self._served.replace(pair)
        except (AcmeError, OSError) as error:
            wait = LONGEST_WAIT
            if not getattr(error, "rate_limited", False):
                wait = min(self._wait, LONGEST_WAIT)
                self._wait = 2 * wait
            logger.error("no certificate came: %s; again in %.0f min", error, wait / 60)
            return wait
        self._wait, self._is_missing = FIRST_WAIT, False
        logger.info("a certificate came, valid until %s", pair.expires_at())
        return SUCCESSES_APART

    async def _seconds_left(self) -> float:
        pair = self._served.pair
        try:
            suggested = await in_thread(lambda: self._issuer.suggested(pair))
        except AcmeError as error:
            logger.info("when to renew is not known: %s", error)
            suggested = None
        return (due(pair, suggested, self._chance) - datetime.now(UTC)).total_seconds()


def due(pair: Pair, suggested: datetime | None, chance: float) -> datetime:
    """When to renew it (UTC); `chance`: as a share of its life, later or sooner."""
    certificate = x509.load_pem_x509_certificate(pair.chain)
    begin = certificate.not_valid_before_utc
    life: timedelta = certificate.not_valid_after_utc - begin
    if suggested is None:
        return begin + life * (RENEWED_AT + chance)
    return min(suggested, begin + life * LATEST_AT)


async def in_thread(work: Callable[[], Result]) -> Result:
    """What it returns or raises. A thread of its own, for which no end of the process waits."""
    done: Future[Result] = Future()

    def run() -> None:
        done.set_running_or_notify_cancel()
        try:
            done.set_result(work())
        except Exception as error:
            done.set_exception(error)

    threading.Thread(target=run, name="acme", daemon=True).start()
    return await asyncio.wrap_future(done)
