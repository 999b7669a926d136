"""The figures of calls on bad networks, and what is asked of them."""

from typing import Any

import numpy
import pytest

from benchmarks.quality import __main__ as quality
from benchmarks.quality import figures, link
from benchmarks.quality.scenarios import SCENARIOS, Asked

START = 1_000.0  # seconds


def audio(at: float, **counters: float) -> dict[str, Any]:
    report = {"kind": "audio", "ssrc": 1, **counters}
    return {"at": (START + at) * 1e3, "inbound": [report], "outbound": []}


def shown(*seconds: float, height: int = 360) -> list[tuple[float, int]]:
    return [((START + at) * 1e3, height) for at in seconds]


def evenly(since: float, until: float, count: int) -> list[float]:
    return [since + (until - since) * number / count for number in range(count)]


def test_only_growth_within_the_time_counts_and_silence_is_not_invented() -> None:
    samples = [
        audio(4.5, totalSamplesReceived=100, concealedSamples=90, silentConcealedSamples=0),
        audio(6.0, totalSamplesReceived=700, concealedSamples=100, silentConcealedSamples=5),
        audio(29.9, totalSamplesReceived=1100, concealedSamples=130, silentConcealedSamples=20),
        audio(31.0, totalSamplesReceived=9000, concealedSamples=9000, silentConcealedSamples=20),
    ]
    found = figures.received({"samples": samples, "frames": {}}, START + 5, START + 30)
    assert found["concealed"] == (40 - 20) / 1000


def test_who_hears_nothing_has_nothing_but_invented_sound() -> None:
    found = figures.received({"samples": [], "frames": {}}, START, START + 1)
    assert (found["concealed"], found["fps"], found["height"]) == (1.0, 0, 0)


def test_the_slowest_of_several_pictures_is_told() -> None:
    samples = [
        {
            "at": (START + at) * 1e3,
            "inbound": [
                {"kind": "video", "ssrc": ssrc, "framesDecoded": round(at * rate)}
                for ssrc, rate in enumerate((30, 12, 0))
            ],
        }
        for at in (4.5, 4.99, 10.0, 29.99, 31.0)
    ]
    found = figures.received({"samples": samples, "frames": {}}, START + 5, START + 30)
    assert (found["pictures"], found["slowest_fps"], found["fps"]) == (2, 0.0, 42.0)


def test_each_picture_and_each_voice_has_its_figures() -> None:
    def look(at: float, grown: int) -> dict[str, Any]:
        video = [
            {"kind": "video", "ssrc": n, "trackIdentifier": f"t{n}", "framesDecoded": grown * n}
            for n in (1, 2)
        ]
        voice = {"ssrc": 3, "kind": "audio", "totalSamplesReceived": 1000 * grown}
        invented = {"concealedSamples": 30 * grown, "silentConcealedSamples": 10 * grown}
        return {"at": (START + at) * 1e3, "inbound": [*video, voice | invented], "outbound": []}

    frames = {"t1": shown(6, 7, height=180), "t2": shown(4, height=180) + shown(6)}
    notes = {"samples": [look(4.9, 0), look(14.9, 100)], "frames": frames}
    found = figures.received(notes, START + 5, START + 15)
    assert [(one["fps"], one["height"]) for one in found["tiles"]] == [(10, 180), (20, 360)]
    assert [one["concealed"] for one in found["voices"]] == [0.02]


def test_a_stream_that_begins_within_the_time_counts_from_zero() -> None:
    samples = [audio(6.0, totalSamplesReceived=480)]
    grown = figures.growth(samples, "audio", START + 5, START + 30)
    assert grown["totalSamplesReceived"] == 480


def test_the_picture_is_back_when_a_second_of_it_begins() -> None:
    stuttering = evenly(10, 12, 8)
    flowing = evenly(12.4, 15, 78)
    assert figures.flows_after(shown(*stuttering, *flowing), START + 10) == 2.4
    assert figures.flows_after(shown(*stuttering), START + 10) is None
    # The first second has not ended, so nobody knows.
    assert figures.flows_after(shown(*evenly(12, 12.9, 27)), START + 10) is None


def test_a_smaller_picture_is_not_the_full_one() -> None:
    small, full = evenly(10, 13, 90), evenly(13, 15, 60)
    seen = shown(*small, height=180) + shown(*full)
    assert figures.flows_after(seen, START + 10) == 0
    assert figures.flows_after(seen, START + 10, 360) == 3


def test_the_first_picture_after_each_outage() -> None:
    seen = shown(1, 5.05, 5.1, 10.4)
    assert figures.after_outages_ms(seen, [START + 5, START + 10]) == [50, 400]
    assert figures.after_outages_ms(seen, [START + 11]) == [None]


def packets(*rows: tuple[float, int, int, int]) -> Any:
    """(seconds, ssrc, number, outcome), each of 125 bytes on the way down."""
    trace = numpy.zeros(len(rows), link.RECORD)
    for record, (at, ssrc, number, outcome) in zip(trace, rows, strict=True):
        record["arrived_us"] = round((START + at) * 1e6)
        record["ssrc"], record["seq"], record["outcome"] = ssrc, number, outcome
        record["size"] = 125
    return trace


def test_repeats_are_rtx_and_numbers_that_came_before() -> None:
    trace = packets((0, 7, 1, 0), (0, 7, 2, 1), (0.1, 7, 2, 0), (0.2, 8, 1, 0), (1.2, 8, 2, 0))
    found = figures.carried(trace, link.DOWN, START, START + 2, rtx=[8])
    assert (found["repeats_a_second"], found["repeats_peak"]) == (1.5, 2)
    assert (found["packets"], found["lost"], found["kbps"]) == (5, 1, 2)


def test_a_link_that_carried_nothing_has_figures_too() -> None:
    found = figures.carried(packets(), link.UP, START, START + 2, rtx=[])
    assert (found["packets"], found["queue_ms"]["p50"]) == (0, 0)


def test_keyframes_are_those_of_the_largest_picture_that_is_sent() -> None:
    def encodings(at: float, *keyframes: int) -> dict[str, Any]:
        rows = [
            {"kind": "video", "ssrc": height, "rid": str(height), "frameHeight": height}
            | {"keyFramesEncoded": count, "framesEncoded": at * 30, "bytesSent": at * 1000}
            for height, count in zip((180, 360), keyframes, strict=True)
        ]
        return {"at": (START + at) * 1e3, "inbound": [], "outbound": rows}

    notes = {"samples": [encodings(4, 3, 1), encodings(30, 20, 2)]}
    found = figures.sent(notes, START + 5, START + 30)
    assert (found["keyframes"], found["keyframes_of_all"]) == (1, 18)


def test_a_figure_that_never_came_falls_short() -> None:
    asked = [Asked("weak.back_after", most=1.5), Asked("weak.fps", least=24)]
    goes = [{"weak": {"back_after": 1.0, "fps": 25}}, {"weak": {"back_after": None, "fps": 20}}]
    row = quality.medians(goes)
    assert row["weak.back_after"] is None
    assert quality.misses(row, asked) == asked
    row = quality.medians([goes[0]])
    assert quality.misses(row, asked) == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_schedules_are_in_order(name: str) -> None:
    times = [at for at, _ in SCENARIOS[name].weak]
    assert times[0] == 0
    assert times == sorted(times)
