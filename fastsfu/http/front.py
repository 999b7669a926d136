"""What a server shows of itself in /metrics besides its calls: connections and certificate."""

import platform
import socket
from collections.abc import Iterator
from importlib.metadata import version
from typing import Protocol

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)


class Front(Protocol):
    """The server that an application is behind; one that is mounted elsewhere has none."""

    @property
    def connections(self) -> int:
        """TCP connections now."""

    @property
    def media_connections(self) -> int:
        """Those of them with media."""

    @property
    def refused_connections(self) -> int:
        """Since the start, for want of a place."""

    @property
    def certificate_expires_at(self) -> float:
        """Seconds since 1970."""


def build() -> Metric:
    """Which version this is, and where."""
    return InfoMetricFamily(
        "fastsfu_build",
        "this server",
        value={
            "version": version("fastsfu"),
            "python": platform.python_version(),
            "node": socket.gethostname(),
        },
    )


def front(shown: Front) -> Iterator[Metric]:
    """Its figures."""
    yield GaugeMetricFamily("fastsfu_tcp_connections", "TCP connections now", shown.connections)
    yield GaugeMetricFamily(
        "fastsfu_tcp_media_connections", "TCP connections with media", shown.media_connections
    )
    yield CounterMetricFamily(
        "fastsfu_tcp_connections_refused",
        "TCP connections closed at once: their address, or all, had as many as they may",
        shown.refused_connections,
    )
    yield GaugeMetricFamily(
        "fastsfu_certificate_expires_at_seconds",
        "end of the certificate, in seconds since 1970",
        shown.certificate_expires_at,
    )
