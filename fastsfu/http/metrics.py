"""`GET /metrics`: OpenMetrics for Prometheus; names follow webrtc-stats where it has one.

The engine counts for each live stream, and sums up what has ended: the totals are both together.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fastsfu.allowance import Allowance
from fastsfu.http.front import Front, build, front
from fastsfu.http.keys import KeyCheck
from fastsfu.http.outcome_metrics import outcomes, paths_now, qualities, sessions_now
from fastsfu.messages.mailbox import MessageCounts
from fastsfu.sfu import SFU
from fastsfu.transport.addresses import ip_address, is_public

KINDS = ("audio", "video")
CPU_PER_SECOND = 0.05  # seconds for all scrapes
CPU_AT_ONCE = 0.5


class Total(NamedTuple):
    """One column of the snapshot as one metric."""

    column: str
    metric: str
    text: str


# By the snapshot's `row`: 0 inbound stream, 1 outbound stream.
TOTALS: dict[int, tuple[Total, ...]] = {
    0: (
        Total("packets", "inbound_rtp_packets_received", "RTP packets from publishers"),
        Total("bytes", "inbound_rtp_bytes_received", "payload bytes from publishers"),
        Total("retransmitted", "inbound_rtp_retransmitted_packets_received", "recovered packets"),
        Total("discarded", "inbound_rtp_packets_discarded", "duplicate or too late"),
        Total("unauthentic", "inbound_rtp_packets_unauthentic", "failed authentication"),
        Total("nack_count", "inbound_rtp_nack_count", "packets asked for again"),
        Total("pli_count", "inbound_rtp_pli_count", "keyframes asked for"),
        Total("keyframes", "inbound_rtp_key_frames", "keyframes that came"),
    ),
    1: (
        Total("packets", "outbound_rtp_packets_sent", "RTP packets to receivers"),
        Total("bytes", "outbound_rtp_bytes_sent", "payload bytes to receivers"),
        Total("retransmitted", "outbound_rtp_retransmitted_packets_sent", "packets sent again"),
        Total("nack_count", "outbound_rtp_nack_count", "packets receivers asked for again"),
        Total("pli_count", "outbound_rtp_pli_count", "keyframes receivers asked for"),
    ),
}
# Worker figures that are no totals but what is so now.
GAUGE_SUFFIXES = (
    *("_used", "_lent", "_capacity", "_high_water", "_locked", "transports", "replicas", "alive"),
    "turn_allocations",
)


def routes(sfu: SFU, keys: KeyCheck, shown: Front | None = None) -> list[BaseRoute]:
    """GET /metrics, only for who shows an API key; without one, where no stranger gets to. Nowhere
    in a server that has a port of its own for it.
    """
    if shown is not None and sfu.config.metrics_port is not None:
        return []
    is_reachable = any(map(is_public, sfu.config.media_ips))
    return [_route(sfu, keys, shown, lambda: is_reachable or bool(sfu.config.all_api_keys))]


def own_routes(sfu: SFU, keys: KeyCheck, shown: Front) -> list[BaseRoute]:
    """The same at a port of its own, for who shows an API key; for all on this machine, where
    nobody else gets to it.
    """
    is_ours = ip_address(sfu.config.metrics_host).is_loopback
    return [_route(sfu, keys, shown, lambda: not is_ours)]


def _route(
    sfu: SFU, keys: KeyCheck, shown: Front | None, asks_for_key: Callable[[], bool]
) -> BaseRoute:
    scrapes = Scrapes(sfu, shown)

    async def metrics(request: Request) -> Response:
        if asks_for_key():
            keys.check(request, "metrics")
        return Response(scrapes.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Route("/metrics", metrics)


class Scrapes:
    """What a scrape gets; of those that come too often each gets what the one before it got."""

    def __init__(self, sfu: SFU, shown: Front | None = None) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(SFUCollector(sfu, shown))
        ProcessCollector(registry=self._registry)
        self._cpu = Allowance(CPU_PER_SECOND, CPU_AT_ONCE)
        self._text = b""

    def text(self) -> bytes:
        """In the OpenMetrics format."""
        if not self._text or self._cpu.take(time.monotonic(), 0) == 0:
            began = time.thread_time()
            self._text = generate_latest(self._registry)  # type: ignore[no-untyped-call]
            self._cpu.take(time.monotonic(), time.thread_time() - began)
        return self._text


class SFUCollector(Collector):
    """Reads the SFU at each scrape."""

    def __init__(self, sfu: SFU, shown: Front | None = None) -> None:
        self._sfu = sfu
        self._shown = shown
        self._streams = StreamTotals()

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: the SFU need not be open when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        sfu = self._sfu
        yield build()
        if self._shown is not None:
            yield from front(self._shown)
        yield GaugeMetricFamily("fastsfu_rooms", "rooms now", len(sfu.rooms))
        yield from _workers([engine.counters() for engine in sfu.engines])
        yield from _app_messages(sfu.rooms.message_counts)
        ended = sfu.ended_streams()  # before the others, or what ends meanwhile would count twice
        snapshots = {engine: engine.snapshot() for engine in sfu.engines}
        snapshot = np.concatenate(list(snapshots.values()))
        yield from sessions_now(sfu.sessions.values(), snapshots)
        yield paths_now(sfu.sessions.values())
        yield from outcomes(sfu.rooms.outcomes)
        yield _streams_now(snapshot)
        yield from qualities(snapshot)
        yield from self._streams.update(snapshot, ended)


class StreamTotals:
    """Sums over all streams, live and ended. They never fall: what a worker just moves from the one
    to the other while both are read counts as before.
    """

    def __init__(self) -> None:
        self._totals: dict[tuple[int, int, str], int] = {}

    def update(self, live: npt.NDArray[Any], ended: npt.NDArray[Any]) -> Iterator[Metric]:
        """The totals now."""
        for row, totals in TOTALS.items():
            rows = [
                [each[(each["row"] == row) & (each["kind"] == kind)] for each in (live, ended)]
                for kind in range(len(KINDS))
            ]
            for total in totals:
                family = CounterMetricFamily(f"fastsfu_{total.metric}", total.text, labels=["kind"])
                for kind, name in enumerate(KINDS):
                    value = sum(int(each[total.column].sum()) for each in rows[kind])
                    key = (row, kind, total.column)
                    self._totals[key] = max(self._totals.get(key, 0), value)
                    family.add_metric([name], self._totals[key])
                yield family


def _app_messages(counts: MessageCounts) -> Iterator[Metric]:
    yield CounterMetricFamily("fastsfu_app_messages_received", "from clients", counts.received)
    yield CounterMetricFamily("fastsfu_app_messages_delivered", "to clients", counts.delivered)
    yield CounterMetricFamily(
        "fastsfu_app_messages_missed", "dropped for clients too slow", counts.missed
    )


def _streams_now(snapshot: npt.NDArray[Any]) -> Metric:
    family = GaugeMetricFamily("fastsfu_streams", "RTP streams now", labels=["direction", "kind"])
    for row, direction in enumerate(("inbound", "outbound")):
        for kind, name in enumerate(KINDS):
            count = np.count_nonzero((snapshot["row"] == row) & (snapshot["kind"] == kind))
            family.add_metric([direction, name], float(count))
    return family


def _workers(counters: Sequence[Mapping[str, int]]) -> Iterator[Metric]:
    for name in sorted(counters[0]):
        is_gauge = name.endswith(GAUGE_SUFFIXES)
        family = (GaugeMetricFamily if is_gauge else CounterMetricFamily)(
            f"fastsfu_worker_{name}", name.replace("_", " "), labels=["worker"]
        )
        for index, each in enumerate(counters):
            family.add_metric([str(index)], each[name])
        yield family
