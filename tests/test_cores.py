"""How many cores the process may use: its affinity, and its control groups' quotas."""

import math
import os
from pathlib import Path

import pytest

from fastsfu import cores


def test_affinity_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5, 6})
    monkeypatch.setattr(cores, "cpu_quota", lambda: math.inf)
    assert cores.usable_cores() == 3
    monkeypatch.setattr(cores, "cpu_quota", lambda: 1.5)
    assert cores.usable_cores() == 2
    monkeypatch.setattr(cores, "cpu_quota", lambda: 0.2)
    assert cores.usable_cores() == 1


@pytest.mark.parametrize(
    ("outer", "inner", "quota"),
    [
        ("max 100000", "200000 100000", 2.0),
        ("150000 100000", "max 100000", 1.5),
        ("max 100000", "max 100000", math.inf),
        ("nonsense", None, math.inf),
    ],
)
def test_least_quota_of_the_group_and_those_above(
    tmp_path: Path, outer: str, inner: str | None, quota: float
) -> None:
    group = tmp_path / "a" / "b"
    group.mkdir(parents=True)
    (tmp_path / "a" / "cpu.max").write_text(outer)
    if inner is not None:
        (group / "cpu.max").write_text(inner)
    membership = tmp_path / "membership"
    membership.write_text("1:name=systemd:/elsewhere\n0::/a/b\n")
    assert cores.cpu_quota(tmp_path, membership) == quota


def test_without_control_groups_there_is_no_quota(tmp_path: Path) -> None:
    assert cores.cpu_quota(tmp_path, tmp_path / "none") == math.inf
