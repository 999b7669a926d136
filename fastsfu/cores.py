"""How many processor cores this process may use."""

import math
import os
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """By its affinity and by the CPU quota of its control group (a container's `--cpus`)."""
    return max(1, math.ceil(min(len(os.sched_getaffinity(0)), cpu_quota())))


def cpu_quota(root: Path = CGROUPS, membership: Path = Path("/proc/self/cgroup")) -> float:
    """The least quota of the process's cgroup v2 and those above it, in cores; inf: none."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return math.inf
    paths = [line[3:] for line in lines if line.startswith("0::")]
    group = root / paths[0].lstrip("/") if paths else root
    groups = [group, *group.parents]
    return min((_quota(each) for each in groups if each.is_relative_to(root)), default=math.inf)


def _quota(group: Path) -> float:
    """Of one group: `cpu.max` holds "max" or a quota, and the period that it is for."""
    try:
        quota, period = (group / "cpu.max").read_text().split()
        return math.inf if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf
