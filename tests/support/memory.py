"""What stands in another process's memory, and how the kernel treats the place (proc(5), smaps)."""

import os
import re
import resource
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

CAP_IPC_LOCK = 14  # capabilities(7)


def _may_lock() -> bool:
    """Whether processes here may lock as much memory as they like."""
    effective = re.search(r"^CapEff:\s*(\w+)$", Path("/proc/self/status").read_text(), re.M)
    allowed = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    privileged = effective is not None and bool(int(effective[1], 16) >> CAP_IPC_LOCK & 1)
    return privileged or allowed == resource.RLIM_INFINITY


MAY_LOCK = _may_lock()
BLOCK = 1 << 18
ZEROS = bytes(BLOCK)
HEADER = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+) *(.*)$")


@dataclass(frozen=True)
class Region:
    """One mapping of memory; `flags` are the two-letter VmFlags."""

    start: int
    end: int
    name: str
    is_code: bool  # of a file, and never written to
    flags: frozenset[str]

    @property
    def is_kept(self) -> bool:
        """Left out of core dumps and, where that is allowed, locked (never on swap)."""
        return ({"lo", "dd"} if MAY_LOCK else {"dd"}) <= self.flags


def regions(pid: int) -> Iterator[Region]:
    header = None
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if match := HEADER.match(line):
            header = match
        elif line.startswith("VmFlags:") and header is not None:
            start, end, permissions, inode, name = header.groups()
            is_code = inode != "0" and "w" not in permissions
            flags = frozenset(line.split()[1:])
            yield Region(int(start, 16), int(end, 16), name, is_code, flags)


def find(pid: int, secrets: Mapping[str, bytes]) -> dict[str, list[Region]]:
    """In which mappings of the process each of the secrets stands, all at one moment."""
    found: dict[str, list[Region]] = {name: [] for name in secrets}
    overlap = max(map(len, secrets.values())) - 1
    with stopped(pid), open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for region in regions(pid):
            for block in _blocks(memory, region, overlap):
                for name in [name for name, secret in secrets.items() if secret in block]:
                    found[name].append(region)
    return found


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process does nothing within: what it has now, it still has when the search gets there."""
    os.kill(pid, signal.SIGSTOP)
    try:
        while (states := _states(pid)) != {"T"}:
            assert not states & {"Z", "X"}, "the process has ended"
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _states(pid: int) -> set[str]:
    """Those of its threads, as proc(5) has them."""
    threads = Path(f"/proc/{pid}/task").glob("*/stat")
    return {thread.read_text().rpartition(")")[2].split()[0] for thread in threads}


def _blocks(memory: FileIO, region: Region, overlap: int) -> Iterator[bytes]:
    """Its bytes in pieces that overlap, without code and what was never written to."""
    if region.is_code or region.name in ("[vvar]", "[vsyscall]", "[vdso]"):
        return
    start = region.start
    while start < region.end:
        memory.seek(start)
        try:
            block = memory.read(min(BLOCK, region.end - start))
        except OSError:  # unmapped meanwhile, or not to be read by anybody
            return
        if block != ZEROS[: len(block)]:
            yield block
        if len(block) <= overlap:
            return
        start += len(block) - overlap if start + len(block) < region.end else len(block)
