"""ICE while media flows: change of address, restart, a client that vanishes (RFC 8445, 7675)."""

from tests.scenarios import rtcp
from tests.scenarios.call import Call, call
from tests.scenarios.participant import Participant
from tests.support import stun


def names(run: Call) -> list[str]:
    return [name for name, _, _ in run.events]


def test_media_follows_a_client_to_another_address() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(3)
        ann.move()
        bob.move()
        run.run(3)
        assert ann.cameras[0].frame - viewer.shown[-1] <= 3
        assert [name for name, handle, _ in run.events if handle == bob.transport] == [
            *("ice-connected", "ice-connected")
        ]


def test_a_restart_changes_the_credentials_not_the_media() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(2)
        old, bob.ufrag, bob.password = bob.ufrag, "restarts", "r" * 24
        run.world.restart_ice(
            bob.transport,
            local_ufrag=bob.ufrag,
            local_password=bob.password,
            remote_ufrag=bob.remote_ufrag,
            remote_password=bob.remote_password,
        )
        run.run(6)
        assert ann.cameras[0].frame - viewer.shown[-1] <= 3
        answered = len(bob.answers)
        bob.ufrag, bob.password = old, "x" * 24
        run.run(6)
        assert len(bob.answers) == answered


def forged_check(eve: Participant) -> bytes:
    """An authentic check of hers, which nominates; it is delivered from somebody else's address."""
    return stun.request(
        (0x0006, f"{eve.ufrag}:{eve.remote_ufrag}".encode()),
        (0x0024, (1 << 30).to_bytes(4, "big")),
        (0x802A, bytes(8)),
        (0x0025, b""),
        password=eve.password.encode(),
    )


def test_address_of_who_is_heard_is_not_handed_over() -> None:
    """Else whoever is in some room silences a publisher in another one."""
    with call() as run:
        ann, bob, eve = (run.join(name) for name in ("ann", "bob", "eve"))
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(2)
        answered, unknown = len(ann.answers), run.world.counters()["drop_unknown_source"]
        for _ in range(40):
            run.world.deliver([forged_check(eve)], ann.address)
            run.run(0.05)
            assert ann.cameras[0].frame - viewer.shown[-1] <= 3
        assert run.world.counters()["drop_unknown_source"] == unknown
        assert len(ann.answers) <= answered + 2, "they are her own checks' answers"
        assert [name for name, handle, _ in run.events if handle == eve.transport] == [
            "ice-connected"
        ]


def test_address_of_who_is_gone_is_handed_over() -> None:
    """A router gives the same port to somebody else, or a page was closed without a word."""
    with call() as run:
        ann, eve = run.join("ann"), run.join("eve")
        run.film(ann)
        run.run(2)
        ann.gone = True
        run.run(3)
        run.world.deliver([forged_check(eve)], ann.address)
        run.run(4)
        assert [name for name, handle, _ in run.events if handle == eve.transport] == [
            "ice-connected"
        ]
        run.world.deliver([forged_check(eve)], ann.address)
        run.step()
        assert [name for name, handle, _ in run.events if handle == eve.transport] == [
            *("ice-connected", "ice-connected")
        ]


def test_ipv6_neighbours_have_places_of_their_own() -> None:
    """Address and port of one that add up to another's: its checks changed whose media that was."""
    with call() as run:
        ann, eve = run.join("ann"), run.join("eve")
        run.film(ann)
        run.run(1)
        run.world.deliver([forged_check(ann)], ("2001:db8::8", 5000))
        unknown = run.world.counters()["drop_unknown_source"]
        for step in range(1, 8):
            run.world.deliver([forged_check(eve)], (f"2001:db8::{8 - step}", 5000 + step))
            packet = ann.outward.protect_rtcp(rtcp.receiver_report(ann.receiver_ssrc))
            run.world.deliver([packet], ("2001:db8::8", 5000))
        assert run.world.counters()["drop_unknown_source"] == unknown


def test_who_vanishes_is_told_and_gets_nothing_more() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.watch(bob, run.film(ann))
        run.run(2)
        bob.gone = True
        run.run(27)
        assert ("ice-expired", bob.transport, None) not in run.events
        run.run(5)
        assert run.events.count(("ice-expired", bob.transport, None)) == 1
        sent = run.world.counters()["packets_forwarded"]
        run.run(2)
        assert run.world.counters()["packets_forwarded"] == sent
        run.world.close("transport", bob.transport)
        run.run(1)
        assert run.world.counters()["transports"] == 1


def test_who_vanished_comes_back_by_a_restart_and_not_without() -> None:
    """RFC 7675 section 5.1: the credentials of before give no consent any more."""
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(2)
        bob.gone = True
        run.run(32)
        bob.gone = False
        answered = len(bob.answers)
        run.run(3)
        assert len(bob.answers) == answered
        assert ann.cameras[0].frame - viewer.shown[-1] > 100
        bob.ufrag, bob.password = "restarts", "r" * 24
        run.world.restart_ice(
            bob.transport,
            local_ufrag=bob.ufrag,
            local_password=bob.password,
            remote_ufrag=bob.remote_ufrag,
            remote_password=bob.remote_password,
        )
        run.run(6)
        assert ann.cameras[0].frame - viewer.shown[-1] <= 3
        paths = [name for name, handle, _ in run.events if handle == bob.transport]
        assert paths == ["ice-connected", "ice-expired", "ice-connected"]


def test_closing_everything_gives_every_buffer_back() -> None:
    with call() as run:
        ann, bob = run.join("ann", loss=0.05), run.join("bob")
        run.watch(bob, run.film(ann))
        run.run(3)
        assert run.world.counters()["buffers_used"] > 0
        for participant in (bob, ann):
            run.world.close("transport", participant.transport)
            participant.gone = True
        run.run(1)
        counters = run.world.counters()
        assert (counters["buffers_used"], counters["transports"]) == (0, 0)


def test_a_camera_that_stops_leaves_no_pictures_in_memory() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.watch(bob, run.film(ann))
        run.run(3)
        assert run.world.counters()["buffers_used"] > 0
        ann.cameras[0].on = False
        run.run(5)
        assert run.world.counters()["buffers_used"] == 0


def test_a_path_on_which_dtls_was_done_need_not_be_nominated() -> None:
    """libwebrtc nominates a second late where a check takes 50 ms: media does not wait for it."""
    with call() as run:
        ann = run.join("ann", early=True)
        ann.check_us = 1 << 60
        ann.check(run.world.now_us, nominate=False)
        run.run(0.2)
        assert "ice-connected" not in names(run)
        ann.hand_over()
        run.run(0.2)
        assert names(run).count("ice-connected") == 1
        ann.check(run.world.now_us, nominate=True)
        run.run(0.2)
        assert names(run).count("ice-connected") == 2


def test_hopping_between_paths_does_not_flood_the_event_loop() -> None:
    """Each check of a higher priority than the last one's is obeyed at once."""
    with call() as run:
        ann = run.join("ann")
        run.run(0.5)
        addresses = [ann.address, ("127.0.0.2", ann.address[1])]
        for hop in range(400):
            attributes = [
                (0x0006, f"{ann.ufrag}:{ann.remote_ufrag}".encode()),
                (0x0024, ((1 << 30) + hop + 1).to_bytes(4, "big")),
                (0x802A, bytes(8)),
                (0x0025, b""),
            ]
            check = stun.request(*attributes, password=ann.password.encode())
            run.world.deliver([check], addresses[(hop + 1) % 2])
        paths = [name for name, _, _ in run.world.events() if name == "ice-connected"]
        assert 1 <= len(paths) <= 10


def test_media_does_not_go_where_nobody_asked_for_it() -> None:
    """A viewer nominates somebody else's address, again and again: they get its few checks, and
    never the picture; the viewer goes on receiving.
    """
    with call() as run:
        ann, eve = run.join("ann"), run.join("eve")
        viewer = run.watch(eve, run.film(ann))[1]
        run.run(2)
        bystander = run.bystander()
        checks = 0
        for _ in range(10):
            run.world.deliver([forged_check(eve)], bystander.address)
            checks += 1
            run.run(0.5)
        heard = bystander.heard
        assert all(datagram[0] < 4 for datagram in heard), "STUN alone"
        assert len(heard) <= 2 * checks
        assert sum(map(len, heard)) <= 2 * checks * len(forged_check(eve))
        assert ann.cameras[0].frame - viewer.shown[-1] <= 3


def test_old_path_is_kept_until_the_new_one_answers() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        viewer = run.watch(bob, run.film(ann))[1]
        run.run(2)
        bob.consents = False
        bob.move()
        run.run(2)
        shown = len(viewer.shown)
        run.run(2)
        assert len(viewer.shown) == shown, "what goes to the old address is lost there"
        bob.consents = True
        run.run(4)
        assert ann.cameras[0].frame - viewer.shown[-1] <= 3


def test_answer_of_somebody_else_is_no_consent() -> None:
    with call() as run:
        ann, eve = run.join("ann"), run.join("eve")
        run.watch(eve, run.film(ann))
        run.run(2.6)  # just after a check of her own, which nominates her own address again
        bystander = run.bystander()
        run.world.deliver([forged_check(eve)], bystander.address)
        run.run(0.1)
        (request,) = [each for each in bystander.heard if each[:2] == stun.REQUEST]
        bystander.heard.clear()
        password = eve.remote_password.encode()
        guess = stun.success(bytes(20), password=password)
        right = stun.success(request, password=password)
        wrong = stun.success(request, password=b"x" * 22)
        for answer, source in (
            (guess, bystander.address),
            (wrong, bystander.address),
            (right, eve.address),
        ):
            run.world.deliver([answer], source)
            run.run(0.3)
            assert bystander.heard == []
        run.world.deliver([right], bystander.address)
        run.run(0.3)
        assert any(datagram[0] >= 128 for datagram in bystander.heard)


def test_a_transport_tells_when_it_was_last_heard() -> None:
    with call() as run:
        ann, bob = run.join("ann"), run.join("bob")
        run.watch(bob, run.film(ann))
        run.run(8)
        assert silent_us(run, bob) <= 7_000_000
        bob.gone = True
        run.run(12)
        assert silent_us(run, ann) <= 7_000_000
        assert 11_000_000 <= silent_us(run, bob) <= 19_000_000


def silent_us(run: Call, whom: Participant) -> int:
    return run.world.now_us - int(run.row(whom.transport)["last_packet_us"])
