"""The least that a call of this shape can cost here: what the kernel takes for its wake-ups and
messages, in a process that does nothing else (load/floor.pyx).

A yardstick that runs without pauses has warm caches; a server that waits for its senders has not.
`benchmarks.forward --floor` runs this before each repetition.
"""

import contextlib
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket

from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi

from benchmarks.load import trace as traces
from benchmarks.load.floor import drop
from benchmarks.load.peer import AUDIO_PT, VIDEO_FORMATS, srtp_addresses
from benchmarks.load.player import Player

LOOPBACK = "127.0.0.1"
GCM = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
CODE = """
import sys, socket
from benchmarks.load.floor import forward
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
    taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    taker.bind(("127.0.0.1", 0))
    print(taker.getsockname()[1], flush=True)
    print(forward(taker.fileno(), [int(port) for port in sys.argv[1:]]), flush=True)
"""


def measure(trace: traces.Trace, receivers: int, seconds: float, core: int) -> float:
    """CPU ns for each packet that goes out, on `core`, in a call of one sender to `receivers`."""
    with contextlib.ExitStack() as stack:
        ends = [stack.enter_context(_bound()) for _ in range(receivers)]
        for end in ends:
            drop(end.fileno())
        sender = stack.enter_context(_bound())
        process = stack.enter_context(_forwarder(ends, core))
        assert process.stdout is not None
        sender.connect((LOOPBACK, int(process.stdout.readline())))
        session = Session(
            Policy(secrets.token_bytes(28), Policy.SSRC_ANY_OUTBOUND, srtp_profile=GCM)
        )
        player = Player(1, srtp_addresses())
        address = int(ffi.cast("uintptr_t", session._srtp[0]))
        player.add_sender(sender.fileno(), address, address, b"", (1, 2))
        payload_types = (AUDIO_PT, VIDEO_FORMATS[trace.codec][0])
        player.set_trace(trace.rows, trace.period_us, payload_types, (48000, 90000))
        before = _cpu_ns(process.pid)
        player.run(seconds)
        time.sleep(0.1)
        spent = _cpu_ns(process.pid) - before
        return spent / int(process.stdout.readline())


def _bound() -> socket:
    one = socket(AF_INET, SOCK_DGRAM)
    one.bind((LOOPBACK, 0))
    return one


@contextlib.contextmanager
def _forwarder(ends: list[socket], core: int) -> Iterator[subprocess.Popen[str]]:
    ports = [str(end.getsockname()[1]) for end in ends]
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, *ports], stdout=subprocess.PIPE, text=True
        )
    finally:
        os.sched_setaffinity(0, ours)
    with process:
        try:
            yield process
        finally:
            process.kill()


def _cpu_ns(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
