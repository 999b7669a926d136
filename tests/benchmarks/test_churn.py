"""Visitors come and go while media flows."""

import time

import pytest

from benchmarks.churn import coming_and_going
from benchmarks.forward import Scenario, connect, disconnect, measure
from benchmarks.load.server import ServerProcess


def test_who_stays_loses_nothing_while_others_come_and_go() -> None:
    scenario = Scenario(receivers=2, audio=True, seconds=0.5)
    with ServerProcess() as server:
        load = connect(scenario, server)
        with coming_and_going(load, 20.0) as visits:
            run = measure(scenario, load)
        assert visits.count > 5
        assert run["packets_checked"] == 2 * run["sender"]["packets"] > 0
        assert not any(run["errors"].values())
        disconnect(load)


def test_a_visit_that_fails_is_told() -> None:
    with ServerProcess(environment={"FASTSFU_MAX_PARTICIPANTS": "2"}) as server:
        load = connect(Scenario(receivers=1), server)
        with pytest.raises(ValueError, match="meeting-full"), coming_and_going(load, 1000.0):
            time.sleep(0.2)
        disconnect(load)
