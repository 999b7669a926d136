"""Many small pictures and voices at once, on a link that they hardly fit through."""

import pytest

from tests.scenarios.call import Call, call
from tests.scenarios.ladder import LadderViewer, as_chromium, film_ladder, watch_ladder
from tests.scenarios.participant import Participant
from tests.scenarios.test_estimate import KBPS

TILE = 180


def grid(opened: Call, people: int) -> tuple[Participant, list[LadderViewer]]:
    """Who watches all of them in small tiles, and what comes of each; sound says itself again."""
    receiver = opened.join("receiver")
    viewers = []
    for number in range(people):
        publisher = opened.join(f"publisher-{number}")
        encodings, handles = film_ladder(opened, publisher, 2)
        as_chromium(encodings)
        outbound, viewer = watch_ladder(opened, receiver, handles[0], numbered=True)
        opened.world.prefer(outbound, most_height=TILE)
        voice = opened.speak(publisher, redundant=True)
        opened.listen(receiver, voice, redundant=True, numbered=True)
        viewers.append(viewer)
    return receiver, viewers


def pictures_in(opened: Call, viewers: list[LadderViewer], seconds: int) -> list[int]:
    """How many of each come meanwhile."""
    for viewer in viewers:
        viewer.pictures.clear()
    opened.run(seconds)
    return [len(viewer.pictures) for viewer in viewers]


@pytest.mark.parametrize("seed", range(3))
def test_all_move_before_one_moves_more(seed: int) -> None:
    """Eight on a link that is too narrow for all of their pictures by an eighth: they give way to
    the voices as soon as its queue overflows.
    """
    with call(seed) as opened:
        receiver, viewers = grid(opened, 8)
        receiver.down.rate_bps = 1800 * KBPS
        opened.run(5)
        receiver.heard.clear()
        shown = pictures_in(opened, viewers, 15)
        assert min(shown) >= 5 * 15
        assert sum(shown) >= 8 * 12 * 15
        assert len(receiver.heard) >= 0.95 * 8 * 50 * 15


@pytest.mark.parametrize("seed", range(3))
def test_many_voices_that_begin_leave_room_for_pictures(seed: int) -> None:
    """If all of them said all again until the first reports, nothing would be seen until then."""
    with call(seed) as opened:
        receiver, viewers = grid(opened, 8)
        receiver.down.rate_bps = 2200 * KBPS
        opened.run(1)
        receiver.heard.clear()
        assert min(pictures_in(opened, viewers, 8)) >= 28 * 8
        assert len(receiver.heard) >= 0.99 * 8 * 50 * 8


@pytest.mark.parametrize("seed", range(3))
def test_pictures_come_back_beside_voices_that_might_say_all_again(seed: int) -> None:
    """What they do not say again is no debt: it would hold up every picture."""
    with call(seed) as opened:
        receiver, viewers = grid(opened, 8)
        receiver.down.rate_bps = 1200 * KBPS
        opened.run(10)
        assert min(pictures_in(opened, viewers, 10)) >= 4 * 10
