"""An application's hook that takes its time is named, once, and changes nothing else."""

import asyncio
import logging

import pytest

from fastsfu import hooks
from tests.support.virtual_time import virtually


@pytest.fixture(autouse=True)
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_named", {})


def plain(value: int) -> int:
    return value


async def slow(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


async def test_one_that_holds_up_the_loop_is_named_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hooks.call(plain, 1) == 1
    assert caplog.messages == []
    monkeypatch.setattr(hooks, "BLOCKED", -1.0)
    for _ in range(3):
        assert await hooks.ask(plain, 2) == 2
    (said,) = caplog.messages
    assert said.startswith("tests.test_hooks.plain held up the event loop for 0.0 s")


async def test_what_one_raises_is_raised_and_it_is_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses() -> None:
        raise ValueError("no")

    monkeypatch.setattr(hooks, "BLOCKED", -1.0)
    with pytest.raises(ValueError, match="no"):
        await hooks.ask(refuses)
    assert "refuses held up" in caplog.text


@virtually
async def test_a_coroutine_that_does_not_end_is_named_while_it_runs() -> None:
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    hooks.logger.addHandler(handler)
    try:
        assert await hooks.ask(slow, hooks.PATIENCE - 1) == hooks.PATIENCE - 1
        assert said == []
        running = asyncio.create_task(hooks.ask(slow, 3600.0))
        await asyncio.sleep(hooks.PATIENCE + 1)
        assert said == ["tests.test_hooks.slow has not ended for 5 s"]
        running.cancel()
        await asyncio.wait([running])
    finally:
        hooks.logger.removeHandler(handler)
