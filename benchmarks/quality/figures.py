"""From what a page noted and what a link carried to the figures of a result.

Times are seconds since 1970 unless a name says otherwise; shares are of one.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy

from benchmarks.quality import link

Sample = Mapping[str, Any]
Frames = Sequence[tuple[float, int]]  # when shown, in ms since 1970; lines
FLOWING_FRAMES = 20  # in a second, and none of them
LONGEST_GAP_MS = 200.0  # after the one before


def received(notes: Mapping[str, Any], since: float, until: float) -> dict[str, Any]:
    """Of the senders' pictures and voices at one page (webrtc-stats' inbound-rtp)."""
    video = growth(notes["samples"], "video", since, until)
    audio = growth(notes["samples"], "audio", since, until)
    shown = frames(notes)
    within = [lines for at, lines in shown if since * 1e3 <= at < until * 1e3]
    times = [since * 1e3, *(at for at, _ in shown if since * 1e3 <= at < until * 1e3), until * 1e3]
    shown_tiles = tiles(notes, since, until)
    rates = [one["fps"] for one in shown_tiles]
    heard = audio.get("totalSamplesReceived", 0)
    invented = audio.get("concealedSamples", 0) - audio.get("silentConcealedSamples", 0)
    seconds = until - since
    return {
        "fps": round(video.get("framesDecoded", 0) / seconds, 1),
        "pictures": sum(rate > 0 for rate in rates),
        "slowest_fps": min(rates, default=0.0),
        "height": statistics.median_low(within) if within else 0,
        "freezes": video.get("freezeCount", 0),
        "frozen": round(video.get("totalFreezesDuration", 0), 2),
        "longest_gap": round(max(b - a for a, b in pairwise(times)) / 1e3, 2),
        "concealed": round(invented / heard, 4) if heard else 1.0,
        "kbps": round(video.get("bytesReceived", 0) * 8 / seconds / 1e3),
        "audio_kbps": round(audio.get("bytesReceived", 0) * 8 / seconds / 1e3),
        "jitter_buffer_ms": buffered_ms(video),
        "audio_jitter_buffer_ms": buffered_ms(audio),
        "lost": video.get("packetsLost", 0) + audio.get("packetsLost", 0),
        "key_frames": video.get("keyFramesDecoded", 0),
        "plis": video.get("pliCount", 0),
        "tiles": shown_tiles,
        "voices": voices(notes, since, until),
    }


def tiles(notes: Mapping[str, Any], since: float, until: float) -> list[dict[str, Any]]:
    """Of each picture."""
    seconds = until - since
    found = []
    for one in by_stream(notes["samples"], "inbound", "video", since, until).values():
        shown = notes["frames"].get(one["last"].get("trackIdentifier"), [])
        within = [lines for at, lines in shown if since * 1e3 <= at < until * 1e3]
        found.append(
            {
                "fps": round(one.get("framesDecoded", 0) / seconds, 1),
                "height": statistics.median_low(within) if within else 0,
                "freezes": one.get("freezeCount", 0),
                "frozen": round(one.get("totalFreezesDuration", 0), 2),
                "kbps": round(one.get("bytesReceived", 0) * 8 / seconds / 1e3),
            }
        )
    return found


def voices(notes: Mapping[str, Any], since: float, until: float) -> list[dict[str, Any]]:
    """Of each voice: which share of it was invented."""
    found = []
    for one in by_stream(notes["samples"], "inbound", "audio", since, until).values():
        heard = one.get("totalSamplesReceived", 0)
        invented = one.get("concealedSamples", 0) - one.get("silentConcealedSamples", 0)
        kbps = one.get("bytesReceived", 0) * 8 / (until - since) / 1e3
        share = round(invented / heard, 4) if heard else 1.0
        found.append({"concealed": share, "kbps": round(kbps)})
    return found


def sent(notes: Mapping[str, Any], since: float, until: float) -> dict[str, Any]:
    """Of the sender's encoders: keyframes of all of them, of the largest picture's, and how many
    the server asked for (OpenH264 makes some of its own, where it finds that the scene changes).
    """
    encodings = by_stream(notes["samples"], "outbound", "video", since, until)
    seconds = until - since
    rows = {
        str(one["last"].get("rid") or ssrc): {
            "height": one["last"].get("frameHeight") or 0,
            "kbps": round(one["bytesSent"] * 8 / seconds / 1e3),
            "fps": round(one["framesEncoded"] / seconds, 1),
            "keyframes": one["keyFramesEncoded"],
            "asked": one.get("pliCount", 0),
        }
        for ssrc, one in encodings.items()
    }
    top = max(rows.values(), key=lambda one: (one["fps"] > 0, one["height"]), default=None)
    return {
        "keyframes": top["keyframes"] if top else 0,
        "keyframes_of_all": sum(one["keyframes"] for one in rows.values()),
        "keyframes_asked": sum(one["asked"] for one in rows.values()),
        "encodings": rows,
    }


def growth(samples: Sequence[Sample], kind: str, since: float, until: float) -> dict[str, float]:
    """By how much the counters of all streams of a kind grew."""
    total: dict[str, float] = {}
    for one in by_stream(samples, "inbound", kind, since, until).values():
        for name, value in one.items():
            if isinstance(value, int | float):
                total[name] = total.get(name, 0) + value
    return total


def by_stream(
    samples: Sequence[Sample], list_name: str, kind: str, since: float, until: float
) -> dict[int, dict[str, Any]]:
    """Growth of each counter by SSRC, and the stream's `last` report."""
    streams: dict[int, dict[str, Any]] = {}
    before: dict[int, Mapping[str, Any]] = {}
    for sample in samples:
        for report in sample[list_name]:
            if report["kind"] != kind or sample["at"] > until * 1e3:
                continue
            if sample["at"] < since * 1e3:
                before[report["ssrc"]] = report
            else:
                streams[report["ssrc"]] = {"last": report}
    for ssrc, stream in streams.items():
        for name, value in stream["last"].items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                stream[name] = value - (before.get(ssrc, {}).get(name) or 0)
    return streams


def buffered_ms(grown: Mapping[str, float]) -> float:
    """How long a frame or a sample waited in the jitter buffer, on average."""
    emitted = grown.get("jitterBufferEmittedCount", 0)
    return round(grown["jitterBufferDelay"] / emitted * 1e3, 1) if emitted else 0.0


def frames(notes: Mapping[str, Any]) -> Frames:
    """All that were shown, of whichever track."""
    return sorted((at, lines) for shown in notes["frames"].values() for at, lines in shown)


def first_frame_ms(notes: Mapping[str, Any], joined: float, height: int = 0) -> int | None:
    """From joining to the first picture of at least that many lines."""
    times = (at for at, lines in frames(notes) if lines >= height)
    return next((round(at - joined * 1e3) for at in times), None)


def flows_after(shown: Frames, moment: float, height: int = 0) -> float | None:
    """Seconds from a moment until a whole second of pictures of at least that many lines begins."""
    times = [at for at, lines in shown if at >= moment * 1e3 and lines >= height]
    for number, begin in enumerate(times):
        second = [at for at in times[number:] if at < begin + 1000]
        complete = times[-1] >= begin + 1000
        even = all(after - before <= LONGEST_GAP_MS for before, after in pairwise(second))
        if complete and even and len(second) >= FLOWING_FRAMES:
            return round((begin / 1e3) - moment, 2)
    return None


def after_outages_ms(shown: Frames, ends: Iterable[float]) -> list[float | None]:
    """From the return of the link to the next picture."""
    return [
        next((round(at - end * 1e3) for at, _ in shown if at >= end * 1e3), None) for end in ends
    ]


def rtx_ssrcs(notes: Iterable[Mapping[str, Any]]) -> list[int]:
    """Of all streams that the pages received."""
    reports = (one for page in notes for sample in page["samples"] for one in sample["inbound"])
    return sorted({one["rtxSsrc"] for one in reports if one.get("rtxSsrc")})


def carried(trace: link.Trace, way: int, since: float, until: float, rtx: Sequence[int]) -> Any:
    """One way of a link."""
    here = link.between(trace, way, since, until)
    seconds = [
        link.repeated(link.between(here, way, since + n, since + n + 1), rtx)
        for n in range(int(until - since))
    ]
    passed = here[here["outcome"] == link.DELIVERED]
    queue = link.queue_ms(here) if len(here) else numpy.zeros(1)
    return {
        "kbps": round(float(passed["size"].sum()) * 8 / (until - since) / 1e3),
        "packets": len(here),
        "dropped": int((here["outcome"] == link.DROPPED).sum()),
        "lost": int((here["outcome"] == link.LOST).sum()),
        "queue_ms": {
            "p50": round(float(numpy.percentile(queue, 50)), 1),
            "p95": round(float(numpy.percentile(queue, 95)), 1),
        },
        "repeats_a_second": round(sum(seconds) / len(seconds), 1),
        "repeats_peak": max(seconds),
    }


def at(result: Mapping[str, Any], path: str) -> Any:
    """A figure by its path, with dots."""
    found: Any = result
    for name in path.split("."):
        found = None if found is None else found.get(name)
    return found
