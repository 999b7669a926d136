"""Where the time of a packet goes: a call under `perf record`, its samples by what they are.

Each sample of the server process belongs to the first of `RULES` that it matches. Shares are those
of samples; `ns_per_packet` puts them to the CPU of a run that was measured without the profiler,
which costs too. Needs Linux's `perf` and the right to use it.
"""

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import report, results
from benchmarks.compare.servers import OURS, SERVERS
from benchmarks.forward import (
    LOAD_CORE,
    SERVER_CORE,
    Load,
    Scenario,
    connect,
    disconnect,
    keep_apart,
    measure,
)

HERTZ = 1999
SYSTEM = r"^\[kernel|/libc\."
OTHER = "other"


@dataclass(frozen=True)
class Rule:
    """What a sample is when one of its functions in the kernel or libc, or its innermost file, is
    this.
    """

    name: str
    system: str = ""  # of function names, anywhere in the stack
    innermost: str = ""  # of the file that is being executed

    def matches(self, stack: list[tuple[str, str]]) -> bool:
        """`stack`: (function, file), the innermost first."""
        if self.innermost and re.search(self.innermost, stack[0][1]):
            return True
        return bool(self.system) and any(
            re.search(SYSTEM, file) and re.match(self.system, function) for function, file in stack
        )


RULES = [
    Rule("cutting messages into packets", r".*gso_segment|skb_segment|skb_copy_bits"),
    Rule("delivery at the receivers", r"process_backlog|net_rx_action|__udp4_lib_rcv|bpf_skb_load"),
    Rule("sending messages", r"(__sys_|__x64_sys_|__)?send(to|mmsg)|udp_sendmsg|ip_send_skb"),
    Rule("receiving", r"(__sys_|__x64_sys_|__)?recv(from|mmsg)|udp_recvmsg|__skb_recv_udp"),
    Rule("waking and waiting", r".*(poll|schedule|futex|finish_task_switch|wake_up)"),
    Rule("SRTP", innermost=r"libIPSec_MB|libcrypto|libsrtp|pylibsrtp|/srtp\.|/suite"),
    Rule("forwarding: our code", innermost=r"fastsfu/_native/"),
    Rule("Python and its event loop", innermost=r"python|uvloop|_cffi|libffi|asyncio"),
]


CM = "AES128_CM_SHA1_80"
CASES = {
    "plain Python, 1 to 100": ("plain", Scenario(100)),
    "no GSO, 1 to 100": ("no GSO", Scenario(100)),
    "1 to 100, AES-CM": (OURS, Scenario(100, profile=CM)),
    "1 to 100": (OURS, Scenario(100)),
    "25 rooms of 1 to 100": (OURS, Scenario(100, 25)),
    "8 people, audio and video": (OURS, Scenario(8, senders=8, audio=True)),
    "voice, 1 to 500": (OURS, Scenario(500, audio=True, video=False)),
}
ALL = list(CASES)


def classify(stack: list[tuple[str, str]]) -> str:
    """The name of the rule that a sample matches."""
    return next((rule.name for rule in RULES if rule.matches(stack)), OTHER)


def stacks(lines: Iterable[str]) -> Iterator[list[tuple[str, str]]]:
    """The samples of `perf script -F ip,sym,dso`: paragraphs, a frame a line."""
    stack: list[tuple[str, str]] = []
    for line in lines:
        found = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)\s*$", line)
        if found:
            stack.append((found[1].split("+0x")[0], found[2]))
        elif stack:
            yield stack
            stack = []
    if stack:
        yield stack


def shares(data: Path) -> dict[str, float]:
    """Of the samples in a perf.data file, by rule, in their order."""
    command = ["perf", "script", "-F", "ip,sym,dso", "-i", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counts = Counter(classify(stack) for stack in stacks(done.stdout.splitlines()))
    names = [*(rule.name for rule in RULES), OTHER]
    return {name: round(counts[name] / counts.total(), 4) for name in names if counts[name]}


def record(load: Load, scenario: Scenario, data: Path) -> None:
    """Play for the scenario's seconds under perf, which has the load's core."""
    command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(HERTZ), "-g"]
    command += ["-p", str(load.server.process.pid), "-o", str(data)]
    pinned = ["taskset", "-c", str(LOAD_CORE), *command, "--", "sleep", str(scenario.seconds)]
    with subprocess.Popen(pinned, stderr=subprocess.DEVNULL) as recording:
        load.player.run(scenario.seconds)
        recording.wait()


def profile(scenario: Scenario, load: Load) -> dict[str, Any]:
    """Measure, then record."""
    if scenario.live:
        load.player.drop_except(scenario.live)
    result = measure(scenario, load)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "perf.data"
        record(load, scenario, data)
        parts = shares(data)
    cpu_ns = result["cpu_ns_per_packet"]
    return {
        "scenario": "profile",
        "params": report.params(scenario),
        **result,
        "shares": parts,
        "ns_per_packet": {name: round(share * cpu_ns) for name, share in parts.items()},
    }


def run(server: str, scenario: Scenario) -> dict[str, Any]:
    """One object of docs/benchmarks.md; SystemExit without perf."""
    if shutil.which("perf") is None:
        raise SystemExit("perf is not installed: apt-get install linux-perf")
    keep_apart()
    with SERVERS[server].start(SERVER_CORE) as process:
        load = connect(scenario, process)
        result = profile(scenario, load)
        disconnect(load)
    return result


def main(
    case: Annotated[list[str], typer.Option(help=f"One of {', '.join(CASES)}; repeatable.")] = ALL,
    seconds: Annotated[float, typer.Option(help="How long to measure, and to record.")] = 5.0,
    output: Annotated[
        Path | None, typer.Option(help="Folder whose results.json to add to.")
    ] = None,
) -> None:
    """Say where a server's time goes; prints one JSON object a line."""
    if unknown := set(case) - set(CASES):
        raise SystemExit(f"there is no {', '.join(unknown)}, only {', '.join(CASES)}")
    for name in case:
        server, scenario = CASES[name]
        found = run(server, replace(scenario, seconds=seconds, live=5))
        row = results.described("profile", name, {"server": server, **found})
        report.print_json(row)
        if output:
            results.add(output / "results.json", [row])


if __name__ == "__main__":
    typer.run(main)
