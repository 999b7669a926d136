"""The servers that ours is compared with do forward the load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.compare.servers import Plain
from benchmarks.forward import Scenario, connect, disconnect, measure


def test_the_plain_forwarder_brings_every_packet_to_every_receiver() -> None:
    scenario = Scenario(receivers=3, senders=2, rooms=2, audio=True, seconds=0.5)
    with Plain() as server:
        load = connect(scenario, server)
        run = measure(scenario, load)
        disconnect(load)
    assert run["packets_checked"] == 3 * run["sender"]["packets"] > 0
    assert not any(run["errors"].values())


@pytest.mark.network
def test_servers_are_compared_in_a_namespace_of_their_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.compare", "--json", "--output", str(tmp_path)]
    options = ["--case", "1 to 10", "--server", "aiortc", "--repetitions", "1", "--seconds", "0.5"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    ours, theirs = [json.loads(line) for line in done.stdout.splitlines()]
    assert (ours["server"], theirs["server"]) == ("fastsfu", "aiortc")
    for one in (ours, theirs):
        assert one["packets_forwarded"] == 10 * one["sender"]["packets"] > 0
        assert not any(one["errors"].values())
    assert results.load(tmp_path / "results.json") == [ours, theirs]


def test_unknown_servers_and_cases_are_refused() -> None:
    for option in ("--case", "--server"):
        command = [sys.executable, "-m", "benchmarks.compare", option, "nothing"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1
        assert "there is no nothing" in done.stderr
