"""Simulcast: a receiver gets one of several encodings, and is switched without a seam."""

import pytest

from tests.scenarios.call import Call, call
from tests.scenarios.ladder import (
    as_chromium,
    check_line,
    film_ladder,
    longest_gap_us,
    rungs,
    watch_ladder,
    watched_ladder,
)
from tests.scenarios.test_allocation import told

LOSSY = {"loss": 0.02, "delay_us": 15_000, "jitter_us": 3_000}


def test_the_largest_that_is_sent_flows_by_default() -> None:
    with call() as run:
        film = watched_ladder(run)
        run.run(3)
        assert rungs(film.viewer)[-1] == 2
        check_line(film.viewer)
        assert run.world.counters()["drop_rtp_unknown_ssrc"] == 0


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_whatever_the_order_in_the_offer(order: tuple[int, ...]) -> None:
    with call() as run:
        film = watched_ladder(run, order=order)
        run.run(3)
        assert rungs(film.viewer)[-1] == 2
        for height, rung in ((180, 0), (400, 1), (720, 2), (100, 0)):
            run.world.prefer(film.outbound, most_height=height)
            run.run(1)
            assert rungs(film.viewer)[-1] == rung
        check_line(film.viewer)


def test_a_sender_s_new_sizes_are_chosen_by() -> None:
    """A browser that finds its machine too slow halves all of them."""
    with call() as run:
        film = watched_ladder(run)
        run.world.prefer(film.outbound, most_height=400)  # before any size is known
        run.run(3)
        assert rungs(film.viewer)[-1] == 1
        for encoding in film.encodings:
            encoding.height //= 2
            encoding.wants_key = True
        run.run(2)
        assert rungs(film.viewer)[-1] == 2
        check_line(film.viewer)


def test_switches_have_no_seam() -> None:
    with call() as run:
        film = watched_ladder(run)
        run.run(3)
        begun = run.world.now_us
        for layer in (0, 1, 2, 0, 2, 1, 0):
            run.world.prefer(film.outbound, most_layer=layer)
            run.run(1)
        assert rungs(film.viewer, begun)[-7:] == [0, 1, 2, 0, 2, 1, 0]
        check_line(film.viewer)
        assert longest_gap_us(film.viewer, begun) < 70_000
        assert sum(each.key_frames for each in film.encodings) <= 3 + 3 + 7


def test_down_at_once_costs_a_gap_until_the_keyframe_and_no_more() -> None:
    with call() as run:
        film = watched_ladder(run)
        run.run(3)
        begun = run.world.now_us
        run.world.aim(film.outbound, film.handles[0], 255, 255, True)
        run.run(0.025)
        assert film.viewer.pictures[-1].at_us < begun + 22_000  # what was on the way
        run.run(1)
        check_line(film.viewer)
        assert rungs(film.viewer)[-1] == 0
        assert longest_gap_us(film.viewer, begun - 100_000) <= 300_000


def test_an_encoding_that_stops_gives_way_and_comes_back() -> None:
    with call() as run:
        film = watched_ladder(run)
        run.run(3)
        begun = run.world.now_us
        film.encodings[2].on = False
        run.run(2)
        assert rungs(film.viewer, begun)[-1] == 1
        assert longest_gap_us(film.viewer, begun) < 1_200_000
        film.encodings[2].on, film.encodings[2].next_us = True, film.encodings[1].next_us + 1000
        film.encodings[2].wants_key = True
        run.run(3.5)
        assert rungs(film.viewer, begun)[-1] == 2
        check_line(film.viewer)


def test_an_encoding_that_goes_on_and_off_is_left_alone() -> None:
    """As a sender's largest one does on a narrow uplink: each time it is back is a keyframe."""
    with call() as run:
        film = watched_ladder(run)
        run.run(3)
        begun = run.world.now_us
        for _ in range(8):
            film.encodings[2].on = not film.encodings[2].on
            film.encodings[2].next_us = film.encodings[1].next_us + 1000
            film.encodings[2].wants_key = True
            run.run(1.2)
        assert rungs(film.viewer, begun) == [2, 1]
        assert longest_gap_us(film.viewer, begun) < 1_200_000


def test_one_that_is_sent_more_scantily_than_a_smaller_one_is_not_shown() -> None:
    """Two frames a second of the largest one are what is left of a narrow uplink."""
    with call() as run:
        film = watched_ladder(run)
        run.run(3)
        film.encodings[2].on = False
        for _ in range(12):
            film.encodings[2].on, film.encodings[2].next_us = True, film.encodings[1].next_us + 1000
            run.run(0.034)
            film.encodings[2].on = False
            run.run(0.466)
        scanty = {int(row["handle"]): bool(row["scanty"]) for row in run.world.snapshot()}
        assert [scanty[handle] for handle in film.handles] == [False, False, True]
        begun = run.world.now_us
        run.run(1)
        assert rungs(film.viewer, begun - 3_000_000) == [1]


def test_of_equal_heights_the_one_with_more_pictures_is_shown_also_when_nothing_moves() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        encodings, handles = film_ladder(run, ann, 2)
        for encoding in encodings:
            encoding.height = 720
        _, viewer = watch_ladder(run, bob, handles[0])
        run.run(3)
        begun = run.world.now_us
        encodings[1].rung = 0  # its pictures are as small as the other's, and a third as many
        for turn in range(60):
            encodings[1].on = turn % 3 == 0
            run.run(0.1)
        keys = [picture.key for picture in viewer.pictures if picture.at_us > begun + 200_000]
        assert len(keys) > 40
        assert not any(keys)


def test_of_equal_heights_the_one_with_fewer_pictures_may_rest_after_a_large_one() -> None:
    """A page of text: its encoder waits until its rate allows the next picture."""
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        encodings, handles = film_ladder(run, ann, 2)
        for encoding in encodings:
            encoding.height = 720
        as_chromium(encodings)
        outbound, viewer = watch_ladder(run, bob, handles[0], numbered=True)
        bob.down.rate_bps = 350_000
        run.run(8)
        told(run, outbound)
        viewer.pictures.clear()
        for _ in range(6):
            encodings[0].on = False
            run.run(1.5)
            encodings[0].on = True
            run.run(0.5)
        assert rungs(viewer) == [0]
        assert len(viewer.pictures) > 6 * 7
        assert told(run, outbound) == []


@pytest.mark.parametrize("rtx", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_switching_under_loss_never_reuses_an_index(seed: int, rtx: bool) -> None:
    """Participant compares all datagrams under one SRTP index."""
    with call(seed) as run:
        film = watched_ladder(run, rtx=rtx, publisher=LOSSY, receiver=LOSSY)
        run.run(2)
        for turn in range(24):
            run.world.aim(
                film.outbound, film.handles[run.chance.randrange(3)],
                255, run.chance.choice([0, 1, 2, 255]), run.chance.random() < 0.3,
            )  # fmt: skip
            run.run(0.4)
            if turn % 6 == 5:
                run.world.pause(film.outbound, True)
                run.run(0.2)
                run.world.pause(film.outbound, False)
        assert len(film.viewer.pictures) > 100
        assert len(set(rungs(film.viewer))) == 3


def test_pausing_while_it_waits_to_switch() -> None:
    with call() as run:
        film = watched_ladder(run)
        run.run(2)
        film.encodings[0].knows_only_fir = True  # it answers no PLI
        run.world.prefer(film.outbound, most_layer=0)
        run.run(0.3)
        assert rungs(film.viewer)[-1] == 2
        run.world.pause(film.outbound, True)
        run.run(0.5)
        film.encodings[0].knows_only_fir = False
        run.world.pause(film.outbound, False)
        run.run(1.5)
        assert rungs(film.viewer)[-1] == 0
        check_line(film.viewer)


@pytest.mark.parametrize("closed", [(2,), (2, 1), (0,), (1, 2), (0, 1, 2)])
def test_an_encoding_that_ends_leaves_its_receivers_to_another(closed: tuple[int, ...]) -> None:
    with call() as run:
        ann = run.join("ann")
        encodings, handles = film_ladder(run, ann)
        watchers = [watch_ladder(run, run.join(name), handles[0]) for name in "bcd"]
        run.run(2)
        run.world.prefer(watchers[0][0], most_layer=0)
        run.world.prefer(watchers[1][0], most_layer=1)
        run.run(0.03)
        for rung in closed:
            run.world.close("inbound", handles[rung])
            encodings[rung].on = False
        run.run(1.5)
        begun = run.world.now_us
        run.run(1)
        for _, viewer in watchers:
            left = {0, 1, 2} - set(closed)
            assert (not left) == (not rungs(viewer, begun))
            assert set(rungs(viewer, begun)) <= left
        for outbound, _ in watchers:
            run.world.close("outbound", outbound)


def test_temporal_layers_leave_no_gap() -> None:
    with call() as run:
        film = watched_ladder(run, rungs=1)
        run.run(2)
        for temporal, rate in ((0, 7.5), (1, 15), (255, 30), (1, 15), (0, 7.5), (2, 30)):
            run.world.aim(film.outbound, film.handles[0], 255, temporal, False)
            run.run(0.4)
            before = len(film.viewer.pictures)
            run.run(2)
            assert abs(len(film.viewer.pictures) - before - 2 * rate) <= 2
        check_line(film.viewer)
        assert sum(picture.key for picture in film.viewer.pictures) == 1


@pytest.mark.parametrize("seed", range(3))
def test_temporal_layers_under_loss(seed: int) -> None:
    """What was lost and turns out to be of a dropped layer is filled by nothing; all else is
    repaired."""
    with call(seed) as run:
        film = watched_ladder(run, rungs=1, publisher=LOSSY, receiver=LOSSY)
        run.run(2)
        run.world.aim(film.outbound, film.handles[0], 255, 1, False)
        run.run(10)
        assert {picture.tid for picture in film.viewer.pictures if picture.at_us > 4e6} == {0, 1}
        assert len(film.viewer.pictures) > 10 * 15 * 0.95
        assert film.viewer.repaired > 0
        late = [seq for seq, (_, asks) in film.viewer.missing.items() if asks >= 10]
        assert len(late) <= 2


def test_nobody_wants_the_largest() -> None:
    with call() as run:
        film = watched_ladder(run)
        run.run(2)
        assert not [event for event in run.events if event[0] == "wanted"]
        run.world.prefer(film.outbound, most_height=360)
        run.run(5)
        wanted = [event[1:] for event in run.events if event[0] == "wanted"]
        assert wanted == [(film.handles[2], 0)]
        run.world.prefer(film.outbound, most_height=0)
        run.run(0.5)
        wanted = [event[1:] for event in run.events if event[0] == "wanted"]
        assert wanted[1:] == [(film.handles[2], 1)]
        run.world.close("outbound", film.outbound)
        run.run(5)
        ended = [event[1:] for event in run.events if event[0] == "wanted"][2:]
        assert sorted(ended) == sorted((handle, 0) for handle in film.handles)


@pytest.mark.parametrize("rungs", [1, 3])
def test_what_everybody_declines_rests_and_is_wanted_at_once_by_who_takes_it_back(
    rungs: int,
) -> None:
    with call() as run:
        film = watched_ladder(run, rungs=rungs)
        run.run(2)
        run.world.pause(film.outbound, True)
        run.run(2.8)
        assert not wanted(run)
        run.run(1)
        assert wanted(run) == dict.fromkeys(film.handles, 0)
        for encoding in film.encodings:
            encoding.next_us += 60_000_000  # it does as it is told
        run.run(1)
        run.world.pause(film.outbound, False)
        run.run(0.03)
        assert wanted(run) == dict.fromkeys(film.handles, 1)
        for encoding in film.encodings:
            encoding.next_us = run.world.now_us
        shown = len(film.viewer.pictures)
        run.run(0.3)
        assert len(film.viewer.pictures) > shown


def wanted(run: Call) -> dict[int, int]:
    """By encoding, what was said last of those of which anything was said."""
    return {event[1]: event[2] for event in run.events if event[0] == "wanted"}


def test_a_voice_that_nobody_hears_is_not_asked_to_rest() -> None:
    with call() as run:
        run.speak(run.join("speaker"))
        run.run(5)
        assert not wanted(run)


def test_an_rtx_stream_is_found_by_its_repaired_rid() -> None:
    with call(4) as run:
        film = watched_ladder(run, publisher=LOSSY)
        run.run(6)
        assert film.encodings[2].answered > 0
        assert int(run.row(film.handles[2])["retransmitted"]) > 0
        assert run.world.counters()["drop_rtp_unknown_ssrc"] == 0
        assert rungs(film.viewer)[-1] == 2
