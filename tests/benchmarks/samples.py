"""One made-up result of each scenario, as the suite saves it."""

from typing import Any

LATENCY = {"p50": 100, "p95": 200, "p99": 300}
COMMON: dict[str, Any] = {
    "loss": 0.0,
    "cpu_ns_per_packet": 2000,
    "latency_us": LATENCY,
    "rss_mib": 90.0,
    "packets_per_second": 1000,
    "packets_per_message": 4.4,
    "errors": {"gaps": 0, "send_failures": 0},
    "cpu_ns_per_packet_runs": [1900, 2000, 2100],
    "machine": {"cpu": "a core", "cores": 2, "kernel": "6"},
    "version": "1",
    "commit": "abc",
}
CEILING = {"floor": 1500, "single_send": 1000}


def result(shape: str, scenario: str, **own: Any) -> dict[str, Any]:
    params = {"receivers": own.pop("receivers", 10), "rooms": 1, "minutes": 2.0}
    named = {"shape": shape, "case": f"a {shape}", "scenario": scenario, "params": params}
    return {**named, **COMMON, **own}


FORWARD = [
    result("forward", "forward", receivers=count, ceiling_ns_per_packet={"floor": 1500})
    for count in (10, 100)
]
SAMPLES = [
    *FORWARD,
    *(
        result(shape, "forward", ceiling_ns_per_packet=CEILING)
        for shape in ("grid", "audio", "rooms")
    ),
    result("latency", "latency", core_share=0.5, ceiling_us={"serial_fan_out": 80}),
    result(
        "workers",
        "workers",
        speedup=1.8,
        speedups=[1.7, 1.8],
        loss=[0.0, 0.1],
        errors=[{"gaps": 1}, {"gaps": 2}],
        latency_us=[LATENCY, LATENCY],
    ),
    result(
        "churn",
        "churn",
        latency_us_alone={**LATENCY, "p99": 150},
        joins=10,
        joins_per_second=5.0,
        kib_per_receiver=60.0,
        rounds_mib=[90.0, 90.1],
    ),
    result(
        "soak",
        "soak",
        visits=3,
        growth_kib_per_minute=0.5,
        latency_us_halves=[LATENCY, LATENCY],
        windows=[{"minute": n, "latency_us": LATENCY, "rss_mib": 90.0} for n in range(3)],
    ),
    *(
        result(shape, "compare", server=name, ratio_to_fastsfu=ratio, kib_per_peer=100)
        for shape in ("compare", "choices")
        for name, ratio in (("fastsfu", 1.0), ("janus", 4.0))
    ),
    result(
        "messages",
        "messages",
        deliveries=1000,
        deliveries_per_second=500,
        seconds=2.0,
        latency_ms={"p50": 1.0, "p99": 2.0},
        lost=0,
        doubled_or_out_of_order=0,
        cpu_ns_per_delivery=4000,
        server_core_share=0.3,
    ),
    result("profile", "profile", server="fastsfu", ns_per_packet={"SRTP": 100, "other": 900}),
]
