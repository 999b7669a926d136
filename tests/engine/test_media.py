"""The engine's asyncio face: who is told what, its timer, and faults of those who are told."""

import asyncio
from typing import Any

from fastsfu.engine.media import MediaEngine
from tests.support.recording_engine import DtlsState, IceState, RecordingEngine, media_engine
from tests.support.virtual_time import VirtualLoop, virtually


class Owner:
    """Of a transport and of streams; keeps the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda *args: self.calls.append((name, *args))


def transport_of(engine: MediaEngine, owner: Any) -> int:
    return engine.create_transport(
        owner,
        local_ufrag="12345678",
        local_password="123456789012345678901234",
        remote_ufrag="abcd",
        remote_password="1234567890123456789012",
        dtls_client=False,
        fingerprints=[("sha-256", bytes(32))],
    )


def stream_of(engine: MediaEngine, transport: int, owner: Any) -> int:
    return engine.create_inbound(
        owner,
        transport,
        video=False,
        mid="0",
        ssrc=1,
        rtx_ssrc=None,
        payload_types=[(111, 1, 48000, -1)],
        nack=False,
        fir=False,
    )


async def test_events_reach_their_owners() -> None:
    native, owner, other, voice = RecordingEngine(), Owner(), Owner(), Owner()
    native.checks = False
    engine = media_engine(native)
    transport, second = transport_of(engine, owner), transport_of(engine, other)
    inbound = stream_of(engine, transport, voice)
    native.fire("on_ice", transport, IceState.CONNECTED, "192.0.2.1:5000", "192.0.2.10:40000")
    native.fire("on_dtls", transport, DtlsState.CONNECTED, "AEAD_AES_128_GCM")
    native.fire("on_stream_started", inbound, 77)
    native.fire("on_audio_level", inbound, 90)
    native.fire("on_stream_ended", inbound)
    native.fire("on_dtls", second, DtlsState.FAILED, "wrong fingerprint")
    native.fire("on_ice", second, IceState.EXPIRED, "", "")
    native.fire("on_dtls", transport, DtlsState.CLOSED, "")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    engine.close()
    assert owner.calls == [
        ("on_path", "192.0.2.1:5000", "192.0.2.10:40000"),
        ("on_secured", "AEAD_AES_128_GCM"),
        ("on_security_closed",),
    ]
    assert voice.calls == [("on_stream_started", 77), ("on_audio_level", 90), ("on_stream_ended",)]
    assert other.calls == [("on_security_failed", "wrong fingerprint"), ("on_path_lost",)]


async def test_what_is_closed_hears_nothing_more() -> None:
    native, owner, voice = RecordingEngine(), Owner(), Owner()
    native.checks = False
    engine = media_engine(native)
    transport = transport_of(engine, owner)
    first, second = stream_of(engine, transport, voice), stream_of(engine, transport, voice)
    native.fire("on_audio_level", first, 90)
    native.fire("on_audio_level", second, 90)
    native.fire("on_ice", transport, IceState.CONNECTED, "192.0.2.1:5000", "192.0.2.10:40000")
    native.fire("on_dtls", transport, DtlsState.CONNECTED, "AEAD_AES_128_GCM")
    engine.close_inbound(first)
    engine.close_transport(transport)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    engine.close()
    assert owner.calls == voice.calls == []
    assert native.is_empty


async def test_fault_of_one_owner_is_reported_and_costs_the_others_nothing() -> None:
    native, owner = RecordingEngine(), Owner()
    native.checks = False
    engine = media_engine(native)

    class Faulty(Owner):
        def on_path(self, address: str, local: str) -> None:
            raise ZeroDivisionError

    reports: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    for each in (Faulty(), owner):
        native.fire(
            "on_ice",
            transport_of(engine, each),
            IceState.CONNECTED,
            "192.0.2.1:5000",
            "192.0.2.10:40000",
        )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    engine.close()
    assert [type(each["exception"]) for each in reports] == [ZeroDivisionError]
    assert owner.calls == [("on_path", "192.0.2.1:5000", "192.0.2.10:40000")]


@virtually
async def test_dtls_timer_follows_the_engine() -> None:
    native, loop = RecordingEngine(), asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    native.checks = False
    engine = media_engine(native)
    transport = transport_of(engine, Owner())
    native.timeout = 1.0
    native.fire("on_ice", transport, IceState.CONNECTED, "192.0.2.1:5000", "192.0.2.10:40000")
    await asyncio.sleep(0.9)
    assert native.timeouts_handled == 0
    native.timeout = 2.0  # doubled by the next retransmission
    await asyncio.sleep(0.2)
    assert native.timeouts_handled == 1
    await asyncio.sleep(2.0)
    assert native.timeouts_handled == 2
    native.timeout = None
    await asyncio.sleep(10)
    assert native.timeouts_handled == 3
    engine.close()


@virtually
async def test_closed_engine_has_no_timer_and_no_reader() -> None:
    native = RecordingEngine()
    native.checks = False
    engine = media_engine(native)
    transport = transport_of(engine, Owner())
    native.timeout = 1.0
    native.fire("on_ice", transport, IceState.CONNECTED, "192.0.2.1:5000", "192.0.2.10:40000")
    await asyncio.sleep(0.5)
    engine.close()
    engine.close()
    await asyncio.sleep(5)
    assert native.timeouts_handled == 0
    assert native.closed


async def test_who_is_closed_by_another_one_is_not_told_of_the_lost_worker() -> None:
    engine = media_engine(RecordingEngine())
    ended: list[int] = []
    transports: list[int] = []

    class Ends(Owner):
        def on_worker_lost(self) -> None:
            ended.extend(transports)
            for transport in transports:
                engine.close_transport(transport)
            transports.clear()

    transports += [transport_of(engine, Ends()), transport_of(engine, other := Owner())]
    engine.give_up()
    assert len(ended) == 2
    assert ("on_worker_lost",) not in other.calls
