"""More is published than one offer can have sections for."""

import pytest

from fastsfu.events import Failure, SectionsWanted
from tests.support.offers import OfferText, sending
from tests.support.sessions import Join


async def test_what_has_no_room_in_one_offer_comes_for_what_is_declined(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is told once, and not asked for offers that could bring nothing."""
    monkeypatch.setattr("fastsfu.session.negotiation.OFFER_BYTES", 8 * 3000)
    monkeypatch.setattr("fastsfu.session.negotiation.LEAST_SECTION_BYTES", 3000)
    viewer = await join("Viewer", maps=True)
    others = [await join(name) for name in ("Ada", "Ben", "Cy")]
    for other in others:
        await other.offer(sending())
    assert viewer.session.wanted_sections() == {"audio": 3, "video": 2}
    answer = await viewer.receive_all(OfferText(()))
    viewer.session.confirm()
    assert sorted(each.source for each in answer.subscriptions.values()) == [
        *("audio", "audio", "audio"),
        *("video", "video"),
    ]
    await (await join("Dan")).offer(sending())
    assert not viewer.session.ask()
    assert [each.error for each in viewer.of(Failure)] == ["no-capacity"]
    shown = next(each for each in answer.subscriptions.values() if each.source == "video")
    viewer.session.update_receive_settings({shown.session_id: {"video": False}})
    assert viewer.session.ask()
    assert viewer.of(SectionsWanted)[-1].offer
    after = await viewer.receive_all(OfferText(()))
    pictures = {each.session_id for each in after.subscriptions.values() if each.source == "video"}
    assert len(pictures) == 2
    assert shown.session_id not in pictures
    assert len(viewer.of(Failure)) == 1
