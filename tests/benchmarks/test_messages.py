"""The load generator of app messages: it counts what comes, and notices what does not."""

from benchmarks.load.server import ServerProcess
from benchmarks.messages import SETTINGS, Crowd, Scenario
from fastsfu.transport.frames import SOURCES

MUTED = {"type": "metadata", "revision": 1, **dict.fromkeys(SOURCES, False), "user_data": None}


def test_a_small_crowd_hears_everything_once() -> None:
    with ServerProcess(environment=SETTINGS) as server:
        crowd = Crowd(Scenario(participants=3, rate=20.0), server)
        crowd.talkers[0]._send(MUTED)  # of which all are told
        sent = crowd.steady(0.5)
        crowd.drain(2 * sent)
        assert (sent, crowd.deliveries, crowd.wrong) == (30, 60, 0)
        crowd.saturate(0.2)
        assert crowd.deliveries > 120
        assert crowd.wrong == 0
        talker = crowd.talkers[0]
        crowd._on_messages(talker, [{"from": "x", "data": [2, 0.0, ""]}])
        assert crowd.wrong == 1
        crowd.close()
