"""How many rooms make a load, found without a server."""

import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import latency
from benchmarks.forward import Scenario


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """(rooms, seconds) of each play, on a core whose cost for each room falls with the load."""
    plays: list[tuple[int, float]] = []

    def play(_load: Any, scenario: Scenario, rooms: int) -> dict[str, Any]:
        plays.append((rooms, scenario.seconds))
        return {"rooms": rooms, "core_share": round(0.01 + 0.02 * rooms - 0.00005 * rooms**2, 3)}

    load = SimpleNamespace(player=SimpleNamespace(drop_except=lambda _: None))
    monkeypatch.setattr(latency, "serving", contextlib.nullcontext)
    monkeypatch.setattr(latency, "connect", lambda *_: load)
    monkeypatch.setattr(latency, "disconnect", lambda _: None)
    monkeypatch.setattr(latency, "serial_us", lambda *_: 100)
    monkeypatch.setattr(latency, "play", play)
    return plays


def test_finds_the_rooms_for_each_share(played: list[tuple[int, float]]) -> None:
    found = latency.run(Scenario(100, 60, seconds=5.0), latency.SHARES)
    for one, wanted in zip(found, latency.SHARES, strict=True):
        assert wanted - 0.02 <= one["core_share"] < wanted + 0.02
    assert [rooms for rooms, seconds in played if seconds == 5.0] == [one["rooms"] for one in found]
    assert len(played) <= 15


def test_stops_where_the_rooms_do_not_suffice(played: list[tuple[int, float]]) -> None:
    found = latency.run(Scenario(100, 20), latency.SHARES)
    assert len(found) == 1
    assert max(rooms for rooms, _ in played) == 20
