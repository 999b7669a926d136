"""When a certificate is renewed, and what happens when none comes."""

import asyncio
import datetime
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from acme import messages

from fastsfu.config import Config
from fastsfu.http import renewal
from fastsfu.http.acme import Acme
from fastsfu.http.challenges import AcmeError, Challenges
from fastsfu.http.renewal import FIRST_WAIT, LONGEST_WAIT, SUCCESSES_APART, Renewals, due
from fastsfu.http.tls import SELF_SIGNED_DAYS, Pair, ServerCertificate, self_signed

OURS = self_signed(["a.example"], [])
NEXT = self_signed(["a.example"], [])
BEGIN = datetime.datetime.now(UTC)
LIFE = timedelta(days=SELF_SIGNED_DAYS)


class Scripted:
    """An issuer that does what it is told to, one after the other."""

    def __init__(self, *outcomes: Pair | AcmeError) -> None:
        self.outcomes = list(outcomes)
        self.suggestion: datetime.datetime | None = None

    def obtain(self) -> Pair:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, AcmeError):
            raise outcome
        return outcome

    def suggested(self, pair: Pair) -> datetime.datetime | None:
        return self.suggestion


def renewals(issuer: Scripted, *, has_one: bool = True) -> tuple[Renewals, ServerCertificate]:
    served = ServerCertificate(OURS)
    return Renewals(issuer, served, has_one=has_one), served


def test_it_is_due_at_two_thirds_of_its_life() -> None:
    assert abs(due(OURS, None, 0.0) - BEGIN - LIFE * 2 / 3) < timedelta(hours=2)
    assert due(OURS, None, 0.02) > due(OURS, None, -0.02)


def test_or_when_the_server_suggests_but_never_too_late() -> None:
    sooner = BEGIN + timedelta(days=1)
    assert due(OURS, sooner, 0.0) == sooner
    late = due(OURS, BEGIN + LIFE, 0.0)
    assert abs(late - BEGIN - LIFE * 5 / 6) < timedelta(hours=2)


async def test_a_new_one_is_served_from_then_on() -> None:
    found, served = renewals(Scripted(NEXT))
    assert await found.renew() == SUCCESSES_APART
    assert served.pair is NEXT


async def test_after_failures_the_waits_grow_and_the_old_one_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures = [AcmeError("no way")] * 8
    found, served = renewals(Scripted(*failures, NEXT, AcmeError("again")))
    waits = [await found.renew() for _ in failures]
    assert waits[:3] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert waits[-1] == LONGEST_WAIT
    assert served.pair is OURS
    assert caplog.text.count("no certificate came: no way") == 8
    await found.renew()
    assert await found.renew() == FIRST_WAIT


def test_an_account_that_is_gone_is_made_anew_the_next_time(tmp_path: Path) -> None:
    class Forgetful:
        def new_order(self, _: bytes) -> None:
            raise messages.Error(
                typ="urn:ietf:params:acme:error:accountDoesNotExist", detail="who?"
            )

    found = Acme(Config(acme=["a.example"], acme_state=tmp_path), Challenges())
    found._client = Forgetful()  # type: ignore[assignment]
    with pytest.raises(AcmeError, match=r"who\?"):
        found.obtain()
    assert found._client is None


async def test_a_rate_limit_is_kept() -> None:
    found, _ = renewals(Scripted(AcmeError("too many", rate_limited=True)))
    assert await found.renew() == LONGEST_WAIT


async def test_a_pair_that_does_not_fit_is_as_if_none_came() -> None:
    mixed = Pair(NEXT.chain, OURS.key)
    found, served = renewals(Scripted(mixed))
    assert await found.renew() == FIRST_WAIT
    assert served.pair is OURS


@pytest.mark.parametrize("has_one", [False, True])
async def test_the_first_is_asked_for_at_once_the_next_when_due(
    has_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > 3:
            raise asyncio.CancelledError

    monkeypatch.setattr(renewal.asyncio, "sleep", sleep)
    issuer = Scripted(NEXT, NEXT, NEXT, NEXT)
    found, served = renewals(issuer, has_one=has_one)
    with pytest.raises(asyncio.CancelledError):
        await found.run()
    assert slept[0] == (renewal.LOOKS_APART if has_one else SUCCESSES_APART)
    assert served.pair is (OURS if has_one else NEXT)
    assert set(slept[1:]) == {renewal.LOOKS_APART}


async def test_what_is_due_is_renewed() -> None:
    issuer = Scripted(NEXT)
    issuer.suggestion = BEGIN - timedelta(days=1)
    found, served = renewals(issuer)
    running = asyncio.create_task(found.run())
    async with asyncio.timeout(10):
        while served.pair is not NEXT:
            await asyncio.sleep(0)
    running.cancel()
