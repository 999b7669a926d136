"""What the engine is told of a session's streams: feedback, SSRCs and MIDs."""

from tests.support.offers import OfferText, Section, receiving, sending
from tests.support.recording_engine import RecordingEngine
from tests.support.sessions import Join


async def test_keyframes_are_asked_for_by_fir_where_pli_is_not_understood(
    join: Join, native: RecordingEngine
) -> None:
    ada = await join("Ada")
    await ada.session.offer(str(sending()).replace("nack pli", "ccm fir"))
    assert [each.fir for each in native.inbounds.values() if each.mid == "v"] == [True]


async def test_who_has_no_transport_feedback_is_told_what_is_wanted(
    join: Join, native: RecordingEngine
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.session.offer(str(sending()).replace("nack pli", "goog-remb"))
    assert {each.mid: each.remb for each in native.inbounds.values()} == {"a": False, "v": True}
    both = "goog-remb\r\na=rtcp-fb:96 transport-cc"
    await bob.session.offer(str(sending()).replace("nack pli", both))
    assert sum(each.remb for each in native.inbounds.values()) == 1


async def test_packets_say_their_section_to_who_takes_that(
    join: Join, native: RecordingEngine
) -> None:
    ada, bob, eve = await join("Ada"), await join("Bob"), await join("Eve")
    await ada.offer(sending())
    text = str(OfferText(receiving(audio=1, video=1)))
    await bob.session.offer(text)
    assert sorted(each.mid for each in native.outbounds.values()) == ["ra0", "rv0"]
    await eve.session.offer(text.replace("sdes:mid", "sdes:other"))
    assert sorted(each.mid for each in native.outbounds.values()) == ["", "", "ra0", "rv0"]


async def test_ssrcs_we_send_differ_from_those_we_receive(
    join: Join, native: RecordingEngine
) -> None:
    ada, bob = await join("Ada"), await join("Bob")
    await ada.offer(sending(video=False))
    await bob.offer(OfferText(receiving(audio=1)))
    (ours,) = (each.ssrc for each in native.outbounds.values())
    taken = Section("late", "audio", ssrc=ours)
    answer = await bob.offer(OfferText((*receiving(audio=1), taken)))
    (changed,) = (each.ssrc for each in native.outbounds.values())
    assert changed != ours
    assert f"a=ssrc:{changed} " in answer.sdp
    assert native.stale == 0
