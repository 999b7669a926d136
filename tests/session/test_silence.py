"""What the engine is told of sources that are off, of pinned voices, and of a room's choice."""

import pytest

from fastsfu._native.engine.engine import MediaKind
from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.engine.voices import MOST_VOICES
from fastsfu.room.options import RoomOptions
from fastsfu.sfu import SFU
from tests.support.offers import OfferText, sending
from tests.support.recording_engine import Inbound, RecordingEngine, media_engine
from tests.support.sessions import Client, Join


def streams(native: RecordingEngine, client: Client) -> tuple[Inbound, Inbound]:
    """Its microphone and its camera."""
    publications = {each.source: each for each in client.session.publisher.publications.values()}
    (audio,), (video,) = publications["audio"].encodings, publications["video"].encodings
    return native.inbounds[audio.inbound], native.inbounds[video.inbound]


async def test_a_source_that_is_off_is_paused_and_goes_on(
    join: Join, native: RecordingEngine
) -> None:
    ada = await join("Ada")
    ada.session.update_local({"video": False}, revision=1)
    await ada.offer(sending())
    voice, picture = streams(native, ada)
    assert (voice.paused, picture.paused) == (False, True), "it was off before there was a stream"
    ada.session.update_local({"video": True, "audio": False}, revision=2)
    assert (voice.paused, picture.paused) == (True, False)
    ada.session.update_local({"audio": True}, revision=1)
    assert voice.paused, "what is late says nothing"
    ada.session.update_local({"audio": True}, revision=3)
    assert not voice.paused


async def test_voices_of_a_room_share_one_choice_and_pictures_have_none(
    join: Join, sfu: SFU, native: RecordingEngine
) -> None:
    ada, bob, cem = await join("Ada"), await join("Bob"), await Join(sfu, "other")("Cem")
    for each in (ada, bob, cem):
        await each.offer(sending())
    (voice, picture), (other, _), (elsewhere, _) = (
        streams(native, each) for each in (ada, bob, cem)
    )
    assert voice.voices is other.voices
    assert voice.voices is not elsewhere.voices
    assert picture.voices is None


async def test_the_owner_s_voice_is_pinned_and_others_can_be(
    join: Join, native: RecordingEngine
) -> None:
    owner = await join("Ada", grant=Grant(room="standup", owner=True))
    bob = await join("Bob")
    for each in (owner, bob):
        await each.offer(sending())
    assert streams(native, owner)[0].pinned
    assert not streams(native, bob)[0].pinned
    bob.session.pin()
    assert [each.pinned for each in streams(native, bob)] == [True, False]
    bob.session.pin(False)
    owner.session.pin(False)
    assert not streams(native, bob)[0].pinned
    assert streams(native, owner)[0].pinned, "as long as it is the owner's"


@pytest.mark.parametrize("dtx", [True, False])
async def test_microphones_are_asked_to_pause_and_shared_sound_is_not(dtx: bool) -> None:
    native = RecordingEngine()
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, opus_dtx=dtx)
    async with SFU(config, open_engines=lambda _: [media_engine(native)]) as sfu:
        ada, screen = Client(), Client()
        for client in (ada, screen):
            client.session = await sfu.open_session("standup", signaler=client)
        offer = sending()
        answer = await ada.offer(offer)
        assert ("usedtx=1" in answer.sdp) == dtx
        mid = next(iter(ada.session.publisher.publications))
        answer = await screen.offer(offer, {mid: "screenAudio"})
        assert "usedtx" not in answer.sdp


async def test_a_room_can_change_how_many_are_passed_on(join: Join, sfu: SFU) -> None:
    ada = await join("Ada")
    await ada.offer(sending())
    room = sfu.rooms.get("standup")
    assert room is not None
    assert room.audio_forward == Config(media_ips=["192.0.2.10"]).audio_forward == 6
    room.update(RoomOptions(audio_forward=MOST_VOICES))
    assert room.audio_forward == MOST_VOICES
    with pytest.raises(ValueError):
        RoomOptions(audio_forward=MOST_VOICES + 1)


async def test_a_room_can_have_its_microphones_send_all_the_time(join: Join, sfu: SFU) -> None:
    ada = await join("Ada")
    assert "usedtx=1" in (await ada.offer(sending())).sdp
    room = sfu.rooms.get("standup")
    assert room is not None
    room.update(RoomOptions(opus_dtx=False))
    assert "usedtx" not in (await ada.offer(sending())).sdp


async def test_a_source_is_off_at_every_worker() -> None:
    home, other = RecordingEngine(), RecordingEngine()
    config = Config(media_ips=["192.0.2.10"], open_rooms=True, workers=2, spread_at=0)
    natives = (home, other)
    async with SFU(config, open_engines=lambda _: [media_engine(n) for n in natives]) as sfu:
        join = Join(sfu)
        ada, bob = await join("Ada"), await join("Bob")
        await ada.offer(sending())
        ada.session.update_local({"video": False})
        await bob.receive_all(OfferText())
        assert len(other.replicas) == 2
        for paused in ({"video": True}, {"audio": True}, {}):
            ada.session.update_local({each: each not in paused for each in ("audio", "video")})
            kinds = {"audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}
            off = {kinds[each] for each in paused}
            assert {each.kind for each in other.replicas.values() if each.paused} == off
            assert {each.kind for each in home.inbounds.values() if each.paused} == off
