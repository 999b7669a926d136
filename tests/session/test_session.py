"""The life of a session: states that others see, resuming, and all the ways in which it ends."""

import asyncio
import time

import pytest

from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.errors import JoinError, RequestError
from fastsfu.events import (
    ConnectionChanged,
    Ended,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    Replaced,
    SectionsWanted,
    VideoSuspended,
)
from fastsfu.sfu import SFU
from tests.support.domain_peer import until
from tests.support.offers import OfferText, receiving, sending
from tests.support.recording_engine import DtlsState, IceState, RecordingEngine, media_engine
from tests.support.sessions import Client, Join, turn
from tests.support.virtual_time import virtually


async def test_joining_and_leaving_is_told_to_the_others(join: Join) -> None:
    ada, bob = await join("Ada"), await join("Bob", user_data={"seat": 2})
    assert ada.events == [ParticipantJoined(bob.session.participant)]
    assert bob.events == []
    assert bob.session.others() == [ada.session.participant]
    bob.session.leave()
    bob.session.leave("again")
    assert ada.events[1:] == [ParticipantLeft(bob.session.id, "left")]
    assert bob.events == [Ended("left", "")]
    assert ada.session.others() == []


async def test_the_relays_serve_who_is_in(join: Join, native: RecordingEngine) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    for each in (ada, ada, bob):
        each.session.ice_servers()
    assert native.relay.users == {ada.session.id, bob.session.id}
    ada.session.leave()
    assert native.relay.users == {bob.session.id}


async def test_one_offer_is_one_event_for_each_of_the_others(join: Join) -> None:
    ada, *others = [await join(str(n)) for n in range(10)]
    for each in others:
        each.events.clear()
    await ada.offer(sending())
    for each in others:
        assert each.events == [
            ParticipantUpdated(ada.session.participant),
            SectionsWanted(audio=1, video=1),
        ]


async def test_mute_is_a_state_and_the_publication_stays(
    join: Join, native: RecordingEngine
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    ada.session.update_local({"video": False})
    await ada.offer(sending())
    assert ada.session.participant.sources == {"audio"}
    ada.session.update_local({"video": True, "audio": False}, user_data=[1])
    ada.session.update_local(name="Countess")
    await turn()
    assert len(native.inbounds) == 2
    seen = bob.of(ParticipantUpdated)[-1].participant
    assert (seen.sources, seen.user_data, seen.name) == ({"video"}, [1], "Countess")
    assert ada.of(ParticipantUpdated)[-1].participant is seen


async def test_name_of_the_token_stays(join: Join) -> None:
    ada = await join("Mallory", grant=Grant(room="standup", name="Ada"))
    assert ada.session.name == "Ada"
    with pytest.raises(RequestError) as refused:
        ada.session.update_local({"audio": False}, name="Mallory")
    assert refused.value.type == "not-allowed"
    assert ada.session.name == "Ada"
    await ada.offer(sending())
    assert "audio" in ada.session.participant.sources


async def test_connected_when_ice_and_dtls_are(join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    await ada.offer(sending())
    (transport,) = native.transports
    native.fire("on_ice", transport, IceState.CONNECTED, "192.0.2.1:5000", "192.0.2.10:40000")
    await turn()
    assert not ada.session.connected
    native.fire("on_dtls", transport, DtlsState.CONNECTED, "AEAD_AES_128_GCM")
    await turn()
    assert ada.session.connected
    assert ada.of(ConnectionChanged) == [ConnectionChanged("connected")]


@pytest.mark.parametrize(
    ("event", "args", "reason"),
    [
        ("on_ice", (IceState.EXPIRED, "", ""), "connection-error"),
        ("on_dtls", (DtlsState.FAILED, "wrong fingerprint"), "connection-error"),
        ("on_dtls", (DtlsState.CLOSED, ""), "left"),
    ],
)
async def test_lost_transport_ends_the_session(
    event: str, args: tuple[object, ...], reason: str, join: Join, native: RecordingEngine
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await bob.offer(sending())
    (kept,) = native.transports
    await ada.receive_all(sending())
    (lost,) = native.transports.keys() - {kept}
    native.connect(lost)
    native.fire(event, lost, *args)
    native.fire("on_ice", lost, IceState.CONNECTED, "192.0.2.1:5000", "192.0.2.10:40000")
    await turn()
    assert ada.session.ended == reason
    assert isinstance(ada.events[-1], Ended)
    assert bob.of(ParticipantLeft) == [ParticipantLeft(ada.session.id, reason)]
    assert native.transports.keys() == {kept}
    assert native.stale == 0


async def test_ended_session_refuses_everything(join: Join) -> None:
    ada = await join("Ada")
    ada.session.leave()
    for call in (
        lambda: ada.session.update_local({"audio": True}),
        lambda: ada.session.update_receive_settings({}),
        lambda: ada.session.restart_ice("abcd", "x" * 22),
        lambda: ada.session.attach(ada),
    ):
        with pytest.raises(RequestError):
            call()
    with pytest.raises(RequestError):
        await ada.session.offer(str(sending()))


async def test_resume(sfu: SFU, join: Join, native: RecordingEngine) -> None:
    ada = await join("Ada")
    await ada.offer(sending())
    ada.session.detach(ada)
    bob = await join("Bob")
    assert ada.of(ParticipantJoined) == []
    for key in ("", "wrong", "\ud800", ada.session.resume_key + "x"):
        with pytest.raises(JoinError) as refused:
            sfu.resume(ada.session.id, key, Client())
        assert refused.value.type == "not-allowed"
    again = Client()
    assert sfu.resume(ada.session.id, ada.session.resume_key, again) is ada.session
    bob.session.leave()
    assert again.of(ParticipantLeft) == [ParticipantLeft(bob.session.id, "left")]
    assert len(native.transports) == 1
    with pytest.raises(JoinError) as refused:
        sfu.resume(bob.session.id, bob.session.resume_key, Client())
    assert refused.value.type == "no-room"


async def test_second_signaler_replaces_the_first(sfu: SFU, join: Join) -> None:
    ada, again = await join("Ada"), Client()
    sfu.resume(ada.session.id, ada.session.resume_key, again)
    ada.session.detach(ada)  # the first one is closed after it was replaced: of no consequence
    ada.session.leave()
    assert ada.events == [Replaced()]
    assert again.events == [Ended("left", "")]


async def test_no_secret_in_repr(sfu: SFU, join: Join) -> None:
    ada = await join("Ada")
    await ada.offer(sending())
    session, ice = ada.session, ada.session.ice
    assert ice is not None
    shown = repr((session, session.room, ice, vars(session), sfu.tokens, sfu.config))
    assert session.id in shown
    shown = repr((session, session.room, ice, session.publisher, session.subscriber, sfu.tokens))
    assert session.resume_key not in shown
    assert ice.password not in shown


async def test_declined_source_pauses_and_comes_back(join: Join, native: RecordingEngine) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    await bob.receive_all(OfferText())
    audio, video = native.outbounds.values()
    bob.session.update_receive_settings({ada.session.id: {"video": False}, "nobody": {}})
    assert (audio.paused, video.paused) == (False, True)
    bob.session.update_receive_settings({"*": {"audio": False, "video": True}})
    assert (audio.paused, video.paused) == (True, True)  # the id's own setting wins
    bob.session.update_receive_settings({ada.session.id: {"audio": True, "video": True}})
    assert (audio.pauses, video.pauses) == ([True, False], [True, False])
    assert bob.session.wanted_sections() == {"audio": 1, "video": 1}


async def test_source_declined_before_wants_no_section(join: Join, native: RecordingEngine) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    bob.session.update_receive_settings({"*": {"video": False}})
    await ada.offer(sending())
    assert bob.of(SectionsWanted) == [SectionsWanted(audio=1, video=0)]
    bob.session.update_receive_settings({"*": {"audio": False}})
    assert bob.session.wanted_sections() == {"audio": 0, "video": 0}
    bob.session.update_receive_settings({ada.session.id: {"video": True}})
    await until("Bob to be asked again", lambda: len(bob.of(SectionsWanted)) > 1)
    assert bob.of(SectionsWanted)[1:] == [SectionsWanted(audio=0, video=1)]
    answer = await bob.offer(OfferText(receiving(audio=1, video=1)))
    assert [each.source for each in answer.subscriptions.values()] == ["video"]
    assert len(native.outbounds) == 1


@virtually
async def test_session_outlives_its_signaler_by_the_resume_timeout() -> None:
    native = RecordingEngine()
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, resume_timeout=30)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        client = Client()
        client.session = await sfu.open_session("standup", signaler=client)
        await client.offer(sending())
        native.connect(next(iter(native.transports)))
        client.session.detach(client)
        await asyncio.sleep(29)
        sfu.resume(client.session.id, client.session.resume_key, client)
        await asyncio.sleep(100)
        assert client.session.ended is None
        client.session.detach(client)
        await asyncio.sleep(31)
        assert client.session.ended == "timeout"
        assert native.is_empty
        assert len(sfu.rooms) == 0


@virtually
async def test_transport_that_never_connects_ends_the_session() -> None:
    native = RecordingEngine()
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, consent_timeout=20)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        silent, quick = Client(), Client()
        for client in (silent, quick):
            client.session = await sfu.open_session("standup", signaler=client)
            await client.offer(sending())
        native.connect(list(native.transports)[1])
        await asyncio.sleep(21)
        assert silent.session.ended == "connection-error"
        assert quick.session.ended is None


@virtually
async def test_token_expiry_ejects_when_the_token_says_so() -> None:
    native = RecordingEngine()
    config = Config(media_ips=["192.0.2.10"])
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        stays, goes = Client(), Client()
        for client, ejected in ((stays, False), (goes, True)):
            token = sfu.token("standup", expires_in=60, eject_at_expiry=ejected)
            client.session = await sfu.open_session("standup", token=token, signaler=client)
        await asyncio.sleep(58)
        assert goes.session.ended is None
        await asyncio.sleep(3)
        assert [type(each) for each in goes.events] == [Ended]
        assert goes.session.ended == "exp-token"
        assert stays.session.ended is None
        assert stays.of(ParticipantLeft) == [ParticipantLeft(goes.session.id, "exp-token")]


@virtually
async def test_nothing_is_left_to_happen_after_leaving() -> None:
    native, loop = RecordingEngine(), asyncio.get_running_loop()
    config = Config(media_ips=["192.0.2.10"])
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        grant = Grant(room="standup", expires_at=time.time() + 1e6, eject_at_expiry=True)
        client = Client()
        client.session = await sfu.open_session("standup", grant=grant, signaler=client)
        await client.offer(sending())
        client.session.detach(client)
        client.session.leave()
    timers = loop._scheduled  # type: ignore[attr-defined]
    pending = [each for each in timers if not each.cancelled()]
    assert pending == []


async def test_video_that_does_not_fit_is_told(join: Join, native: RecordingEngine) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    await bob.offer(OfferText(receiving(audio=1, video=1)))
    video = next(each for each in bob.session.subscriber.subscriptions.values() if each.rtx_ssrc)
    assert video.outbound is not None
    for suspended in (True, False):
        bob.session.engine._owners.on_limit(video.outbound, "suspended" if suspended else None)
    assert bob.of(VideoSuspended) == [
        VideoSuspended(ada.session.id, "video", True),
        VideoSuspended(ada.session.id, "video", False),
    ]
    bob.session.engine.close_outbound(video.outbound)
    bob.session.engine._owners.on_limit(video.outbound, "suspended")
    assert len(bob.of(VideoSuspended)) == 2


async def test_suspended_video_that_ends_is_suspended_no_more(
    join: Join, native: RecordingEngine
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending())
    await bob.offer(OfferText(receiving(audio=1, video=1)))
    video = next(each for each in bob.session.subscriber.subscriptions.values() if each.rtx_ssrc)
    assert video.outbound is not None
    bob.session.engine._owners.on_limit(video.outbound, "suspended")
    ada.session.leave()
    assert bob.of(VideoSuspended)[-1] == VideoSuspended(ada.session.id, "video", False)
