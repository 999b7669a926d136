"""How much media a session has had, also in streams that ended before it."""

from fastsfu.room.notices import Left
from tests.room.test_observer import Notes, observed_by
from tests.support.offers import OfferText, sending
from tests.support.recording_engine import RecordingEngine
from tests.support.sessions import Join


async def test_each_stream_counts_once_for_who_sends_and_who_gets_it() -> None:
    notes, native = Notes(), RecordingEngine()
    async with observed_by(native, notes) as sfu:
        join = Join(sfu)
        ada, bob = await join("Ada"), await join("Bob")
        await ada.offer(sending())
        await bob.receive_all(OfferText())
        native.bytes = dict.fromkeys(native.inbounds, 1000)
        native.bytes |= dict.fromkeys(native.outbounds, 100)
        await ada.offer(sending(audio=False))
        assert len(native.inbounds) == len(native.outbounds) == 1
        native.bytes = dict.fromkeys(native.inbounds, 5000)
        native.bytes |= dict.fromkeys(native.outbounds, 700)
        ada.session.leave()
        bob.session.leave()
    told = {each.participant.name: each for each in notes.notices if isinstance(each, Left)}
    assert (told["Ada"].received_bytes, told["Ada"].sent_bytes) == (6000, 0)
    assert (told["Bob"].received_bytes, told["Bob"].sent_bytes) == (0, 800)
