"""The least that a call of this shape can cost here: what the kernel takes for its wake-ups and
messages, in a process that does nothing else (load/floor.pyx), and for single datagrams
(load/sends.pyx).

A yardstick that runs without pauses has warm caches; a server that waits for its senders has not.
`benchmarks.forward --floor` runs this before each repetition.
"""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Any

from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi

from benchmarks.load import trace as traces
from benchmarks.load.floor import drop
from benchmarks.load.peer import AUDIO_PT, VIDEO_FORMATS, srtp_addresses
from benchmarks.load.player import Player

LOOPBACK = "127.0.0.1"
TAG_BYTES = 16
ROUNDS = 100
GCM = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
FORWARD = """
import json, socket, sys
from benchmarks.load.floor import forward
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
    taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    taker.bind(("127.0.0.1", 0))
    print(taker.getsockname()[1], flush=True)
    print(forward(taker.fileno(), *json.loads(sys.argv[1])), flush=True)
"""
SINGLE = """
import json, socket, sys
from benchmarks.load.sends import measure
ports, size, rounds = json.loads(sys.argv[1])
ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(len(ports) + 1)]
for end, port in zip(ends, ports):
    end.connect(("127.0.0.1", port))
found = measure(ends[-1].fileno(), [end.fileno() for end in ends[:-1]], ports, size, rounds)
print(json.dumps(found), flush=True)
"""


@dataclass(frozen=True)
class Call:
    """The shape of what is forwarded."""

    receivers: int  # in each room
    rooms: int = 1
    senders: int = 1  # in each room
    gso: bool = True


def measure(trace: traces.Trace, call: Call, seconds: float, core: int) -> float:
    """CPU ns for each packet that goes out, on `core`, while its senders play for `seconds`."""
    with contextlib.ExitStack() as stack:
        rooms = [_dropping(stack, call.receivers) for _ in range(call.rooms)]
        sender = stack.enter_context(_bound())
        process = stack.enter_context(_apart(core, FORWARD, rooms, call.senders, call.gso))
        assert process.stdout is not None
        sender.connect((LOOPBACK, int(process.stdout.readline())))
        session = Session(
            Policy(secrets.token_bytes(28), Policy.SSRC_ANY_OUTBOUND, srtp_profile=GCM)
        )
        senders = call.rooms * call.senders
        player = Player(1, srtp_addresses(), senders)
        address = int(ffi.cast("uintptr_t", session._srtp[0]))
        for number in range(senders):
            ssrcs = (2 * number + 1, 2 * number + 2)
            player.add_sender(sender.fileno(), address, address, b"", ssrcs)
        payload_types = (AUDIO_PT, VIDEO_FORMATS[trace.codec][0])
        player.set_trace(trace.rows, trace.period_us, payload_types, (48000, 90000))
        before = _cpu_ns(process.pid)
        player.run(seconds)
        time.sleep(0.1)
        spent = _cpu_ns(process.pid) - before
        return spent / int(process.stdout.readline())


def single_sends(trace: traces.Trace, receivers: int, core: int) -> dict[str, float]:
    """The least CPU ns of one datagram of the trace's mean size to many receivers: way -> ns."""
    size = round(float(trace.rows["payload_bytes"].mean())) + traces.HEADER_BYTES + TAG_BYTES
    with contextlib.ExitStack() as stack:
        ports = _dropping(stack, receivers)
        process = stack.enter_context(_apart(core, SINGLE, ports, size, ROUNDS))
        assert process.stdout is not None
        found: dict[str, float] = json.loads(process.stdout.readline())
        return found


def _dropping(stack: contextlib.ExitStack, count: int) -> list[int]:
    """The ports of receivers whose media ends in the kernel."""
    ends = [stack.enter_context(_bound()) for _ in range(count)]
    for end in ends:
        drop(end.fileno())
    return [end.getsockname()[1] for end in ends]


def _bound() -> socket:
    one = socket(AF_INET, SOCK_DGRAM)
    one.bind((LOOPBACK, 0))
    return one


@contextlib.contextmanager
def _apart(core: int, code: str, *arguments: Any) -> Iterator[subprocess.Popen[str]]:
    """A Python process of its own on this core."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", code, json.dumps(arguments)], stdout=subprocess.PIPE, text=True
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
