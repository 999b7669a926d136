"""Which of several runs counts."""

from typing import Any

from benchmarks.forward import middle


def run(cost: int, loss: float = 0.0, gaps: int = 0) -> dict[str, Any]:
    return {"cpu_ns_per_packet": cost, "loss": loss, "errors": {"gaps": gaps}}


def test_the_median_run_counts_with_the_faults_of_all() -> None:
    found = middle([run(300), run(100, loss=0.5), run(200), run(900, gaps=2), run(150, gaps=1)])
    assert found == {
        **run(200, loss=0.5, gaps=3),
        "cpu_ns_per_packet_runs": [300, 100, 200, 900, 150],
    }
