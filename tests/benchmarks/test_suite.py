"""The list of benchmarks, the file that they go to, and what the table says of each."""

from pathlib import Path

import pytest

from benchmarks import report, results, soak
from benchmarks.suite import SHAPES, chosen
from tests.benchmarks.samples import SAMPLES, result


def test_the_short_list_is_part_of_the_long_one() -> None:
    short, long = (list(chosen([], long=long)) for long in (False, True))
    assert {shape for shape, _ in long} == set(SHAPES)
    assert 0 < len(short) < len(long)
    assert all(pair in long for pair in short)
    assert {shape for shape, _ in chosen(["grid"], long=True)} == {"grid"}
    assert [case.name for _, case in chosen(["1 to 100"], long=True)] == ["1 to 100"]


def test_a_shape_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no shape or case 'circle', only forward, grid"):
        chosen(["circle"], long=True)
    with pytest.raises(ValueError, match="soak: only with --long"):
        chosen(["soak"], long=False)


def test_names_of_cases_are_their_own() -> None:
    names = [(shape, case.name) for shape, cases in SHAPES.items() for case in cases]
    assert len(set(names)) == len(names)


def test_results_are_kept_until_their_case_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "results.json"
    old, other, new = (
        result(shape, "forward", cpu_ns_per_packet=ns)
        for shape, ns in (("grid", 1), ("audio", 2), ("grid", 3))
    )
    more = new | {"case": "another grid"}
    results.save(path, [old, other])
    assert results.add(path, [new, more]) == results.load(path) == [other, new, more]
    assert results.save(path, [new]) == results.load(path) == [new]


def test_another_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("[1]")
    with pytest.raises(ValueError, match="not a file of benchmark results"):
        results.add(path, [result("grid", "forward")])
    assert path.read_text() == "[1]"


def test_every_row_names_its_ceiling() -> None:
    suite = [one for one in SAMPLES if one["shape"] in SHAPES]
    assert {one["shape"] for one in suite} == set(SHAPES)
    for one in suite:
        *_, held_against, value, ratio, _loss = report.suite_row(one)
        assert held_against
        assert value
        assert float(ratio) > 0


def test_the_nearest_ceiling_counts() -> None:
    audio = next(one for one in SAMPLES if one["shape"] == "audio")
    assert report.headline(audio).ceiling == "the cheapest single send"
    assert report.headline(audio).ratio == 2.0


def test_errors_of_all_turns_are_told() -> None:
    workers = next(one for one in SAMPLES if one["shape"] == "workers")
    assert report.problems(workers) == {"gaps": 3}
    assert report.suite_row(workers)[-1] == "10.0000%"


def test_a_soak_sees_what_grows() -> None:
    windows = [
        {
            "minute": float(minute),
            "loss": 0.001 * (minute == 5),
            "errors": {"gaps": int(minute == 5)},
            "cpu_ns_per_packet": 2000,
            "rss_mib": 100 + max(0, minute - 4),
            "latency_us": {"p50": 100, "p95": 200, "p99": 300 + 100 * (minute > 4)},
        }
        for minute in range(10)
    ]
    found = soak.summary(windows)
    assert found["growth_kib_per_minute"] == 1024.0
    assert found["loss"] == 0.001
    assert found["errors"] == {"windows_with_errors": 1}
    assert [half["p99"] for half in found["latency_us_halves"]] == [300, 400]


def test_a_soak_needs_time() -> None:
    with pytest.raises(ValueError, match="too short"):
        soak.run(0.5, 10.0, 1.0)
