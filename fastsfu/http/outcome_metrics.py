"""The part of /metrics that says how clients fare: who got in or not, how well media comes."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from fastsfu.session.outcomes import Distribution, Outcomes
from fastsfu.session.session import Session
from fastsfu.terms import PathKind

Rows = npt.NDArray[Any]

INBOUND, OUTBOUND, TRANSPORT = range(3)  # the snapshot's `row`
# Upper bounds of histograms of what is so now.
ROUND_TRIPS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)  # seconds
JITTERS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)  # seconds
LOSSES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)  # share of packets
ESTIMATES = (1e5, 2e5, 3e5, 5e5, 1e6, 2e6, 5e6, 1e7)  # bits a second
# Who is there is heard every 6 s at least, by the checks of consent (RFC 7675 section 5.1); that
# is noted once a second.
SILENT_SECONDS: Final = 8.0


def sessions_now(sessions: Collection[Session], snapshots: Mapping[Any, Rows]) -> Iterator[Metric]:
    """Those whose client is there, and those whose client went without a word; `snapshots` by their
    engines.
    """
    since_us = (time.monotonic() - SILENT_SECONDS) * 1e6
    silent = {engine: _silent(rows, since_us) for engine, rows in snapshots.items()}
    lost = sum(_is_lost(each, silent[each.engine]) for each in sessions)
    yield GaugeMetricFamily(
        "fastsfu_sessions", "sessions now whose client is there", len(sessions) - lost
    )
    yield GaugeMetricFamily(
        "fastsfu_sessions_lost", "sessions now whose client went without a word", lost
    )


def paths_now(sessions: Iterable[Session]) -> Metric:
    """How the media of those comes that have some."""
    kinds = Counter(each.path.kind for each in sessions if each.path.connected)
    paths = GaugeMetricFamily("fastsfu_paths", "sessions now, by how media comes", labels=["kind"])
    for kind in get_args(PathKind):
        paths.add_metric([kind], kinds[kind])
    return paths


def _silent(rows: Rows, since_us: float) -> set[int]:
    """The handles of transports that were heard, and not since then."""
    heard_us = rows["last_packet_us"]
    quiet = (rows["row"] == TRANSPORT) & (heard_us > 0) & (heard_us < since_us)
    return set(rows["handle"][quiet].tolist())


def _is_lost(session: Session, silent: Collection[int]) -> bool:
    if session.path.connected:
        return session.path.handle in silent
    return session.line.is_lost


def outcomes(counted: Outcomes) -> Iterator[Metric]:
    """What became of all who came."""
    yield CounterMetricFamily("fastsfu_joins", "clients let in", counted.joined)
    yield _by("fastsfu_refusals", "clients refused, by error", "reason", counted.refused)
    yield _by("fastsfu_media_failures", "media that stopped, by stage", "stage", counted.failed)
    yield _by("fastsfu_leaves", "sessions that ended, by reason", "reason", counted.left)
    yield _histogram("fastsfu_connect_seconds", "from joining to media", counted.connecting)
    text = "from joining to the first media of the client"
    yield _histogram("fastsfu_first_media_seconds", text, counted.first_media)
    text = "from joining a call with a camera on to its first frame's way to the client"
    yield _histogram("fastsfu_first_frame_seconds", text, counted.first_frame)
    yield _histogram("fastsfu_session_seconds", "from joining to leaving", counted.lasting)


def _by(name: str, text: str, label: str, counts: Counter[str]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _histogram(name: str, text: str, values: Distribution) -> Metric:
    bounds = [*map(str, values.bounds), "+Inf"]
    buckets = list(zip(bounds, accumulate(values.counts), strict=True))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=values.sum)


def qualities(snapshot: Rows) -> Iterator[Metric]:
    """How well media comes through now: all live streams that something is known of."""
    sent, came = (snapshot[snapshot["row"] == row] for row in (OUTBOUND, INBOUND))
    reported = sent[sent["rtt_us"] > 0]
    heard = came[came["packets"] > 0]
    trips = reported["rtt_us"] / 1e6
    yield _now("fastsfu_rtt_seconds", "round trips to receivers", trips, ROUND_TRIPS)
    for name, rows in (("inbound", heard), ("outbound", reported)):
        jitter, lost = rows["jitter_us"] / 1e6, rows["fraction_lost"] / 256
        yield _now(f"fastsfu_{name}_jitter_seconds", f"jitter, {name}", jitter, JITTERS)
        yield _now(f"fastsfu_{name}_fraction_lost", f"share lost, {name}", lost, LOSSES)
    estimates = snapshot["estimate_bps"][snapshot["estimate_bps"] > 0]
    yield _now("fastsfu_estimate_bps", "what fits to a client", estimates, ESTIMATES)


def _now(name: str, text: str, values: Rows, bounds: tuple[float, ...]) -> Metric:
    """A histogram of what is so at this moment, which those of other servers can be added to."""
    counts = np.searchsorted(np.sort(values), bounds, side="right")
    buckets = [*zip(map(str, bounds), counts.tolist(), strict=True), ("+Inf", values.size)]
    return GaugeHistogramMetricFamily(name, text, buckets=buckets, gsum_value=float(values.sum()))
