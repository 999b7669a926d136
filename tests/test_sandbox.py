"""What a server process gives up. Each in a process of its own, since nothing brings it back."""

import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.load.server import free_port
from tests.support.real_time import may_use_real_time
from tests.test_cli import run, serve

TURNS = 300  # of a worker: more than a window of worker/precedence
IPC_LOCK, NET_BIND_SERVICE, SYS_NICE = 1 << 14, 1 << 10, 1 << 23
KEPT = IPC_LOCK | NET_BIND_SERVICE
CONFINED = """
import ctypes, os, socket, sys, threading
from pathlib import Path
from fastsfu.sandbox import Sandbox

gate, done = threading.Event(), threading.Event()
failures = []

def attempt(what):
    try:
        return what() and None
    except OSError as error:
        return error.errno

def in_thread():
    gate.wait()
    failures.append(attempt(lambda: os.execv(sys.executable, ["python", "-c", "0"])))
    done.set()

def system_call(name, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

box = Sandbox(required=True)
box.drop_privileges([Path(each) for each in sys.argv[1:]])
threading.Thread(target=in_thread, daemon=True).start()
box.close()
gate.set(); done.wait()
failures.append(attempt(lambda: os.execv(sys.executable, ["python", "-c", "0"])))
failures.append(attempt(lambda: system_call("unshare", 0x10000000)))
failures.append(attempt(lambda: system_call("ptrace", 0, 0, 0, 0)))
failures.append(attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)))
print(*failures)
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
    socket.socket(family).close()
threading.Thread(target=lambda: None).start()
socket.getaddrinfo("localhost", 443)
print(Path("/proc/self/status").read_text())
"""


def threads_of(pid: int) -> Iterator[dict[str, int]]:
    """What the kernel says of each thread's privileges."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield privileges(task.joinpath("status").read_text())


def privileges(status: str) -> dict[str, int]:
    found = re.findall(r"^(NoNewPrivs|Seccomp|Cap\w+):\t(\w+)$", status, re.MULTILINE)
    return {name: int(value, 16) for name, value in found}


def first_worker_of(pid: int) -> int:
    """The thread that forwards packets, or one of them."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return next(int(each.name) for each in tasks if (each / "comm").read_text() == "worker-0\n")


def confined(*files: Path) -> tuple[str, dict[str, int]]:
    """(the errors of what is refused, its privileges)"""
    command = [sys.executable, "-c", CONFINED, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    errors, _, status = done.stdout.partition("\n")
    return errors, privileges(status)


def test_what_no_server_does_is_refused_in_all_threads() -> None:
    errors, found = confined()
    assert errors == "1 1 1 1 97", "EPERM, and EAFNOSUPPORT"
    assert (found["NoNewPrivs"], found["Seccomp"]) == (1, 2)
    assert found["CapEff"] & ~(IPC_LOCK | NET_BIND_SERVICE) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities")
def test_a_file_of_another_user_can_still_be_read(tmp_path: Path) -> None:
    """A key that is renewed has to be read again."""
    own, others = tmp_path / "own.pem", tmp_path / "others.pem"
    for path in (own, others):
        path.touch(mode=0o600)
    os.chown(others, 12345, 12345)
    assert confined(own)[1]["CapEff"] == IPC_LOCK | NET_BIND_SERVICE
    assert confined(own, others)[1]["CapEff"] == IPC_LOCK | NET_BIND_SERVICE | 1 << 2


def test_a_server_is_in_it_unless_told_otherwise() -> None:
    for arguments, confined in ((["--workers", "2"], True), (["--no-sandbox"], False)):
        process, line = serve(*arguments, FASTSFU_REAL_TIME="false")
        try:
            assert line
            found = list(threads_of(process.pid))
        finally:
            process.terminate()
            process.communicate(timeout=30)
        assert len(found) > 1
        for each in found:
            assert (each["NoNewPrivs"], each["Seccomp"]) == ((1, 2) if confined else (0, 0))
            if confined:
                assert each["CapPrm"] & ~(IPC_LOCK | NET_BIND_SERVICE) == 0


def test_without_the_library_it_is_said() -> None:
    """By a sentence where it was asked for, else in the log, and the server runs."""
    hidden = "import ctypes, fastsfu.sandbox as s; s.LIBRARY = 'libnothere.so'; "
    script = hidden + "s.Sandbox(required=True).close()"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "ConfigError" in done.stderr
    assert "libseccomp2" in done.stderr
    done = subprocess.run(
        [sys.executable, "-c", hidden + "s.Sandbox(required=False).close()"], check=False
    )
    assert done.returncode == 0


def test_it_is_an_option_of_the_command() -> None:
    assert "--no-sandbox" in run("serve", "--help").stdout


@pytest.mark.skipif(not may_use_real_time(), reason="not allowed here")
@pytest.mark.parametrize("wanted", [True, False])
def test_workers_go_first_without_the_right_to_do_more(wanted: bool) -> None:
    """By a limit on the lowest priority, where that can be set; else the capability stays."""
    port = free_port()
    process, line = serve("--media-port", str(port), FASTSFU_REAL_TIME=str(wanted).lower())
    try:
        assert line
        worker = first_worker_of(process.pid)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            turns = 0
            while os.sched_getscheduler(worker) != os.SCHED_RR and (wanted or turns < TURNS):
                datagrams.sendto(b"a turn of it", ("127.0.0.1", port))
                turns += 1
                time.sleep(1e-3)
        assert os.sched_getscheduler(worker) == (os.SCHED_RR if wanted else os.SCHED_OTHER)
        limit, _ = resource.prlimit(process.pid, resource.RLIMIT_RTPRIO)
        for each in threads_of(process.pid):
            may = wanted and not limit
            assert each["CapPrm"] & ~KEPT == (SYS_NICE if may else 0)
    finally:
        process.terminate()
        process.communicate(timeout=30)
