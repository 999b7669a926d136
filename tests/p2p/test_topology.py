"""P2P or SFU: each decision on a clock of the test's own, and what holds whatever happens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsfu.p2p.topology import CONNECT, OVERLAP, REPAIR, RETRY, PeerConnection, Plan, Topology

NOBODY = Plan("none")
SFU = Plan("sfu", ("sfu",))
NAMES = ("ada", "ben", "cy", "dot")


def topology(*names: str, now: float = 0.0, **options: Any) -> Topology:
    """With these in the room, all able to do P2P."""
    made = Topology(**options)
    for name in names:
        made.join(name, p2p=True, now=now)
    return made


def connected(*, now: float = 1.0, **options: Any) -> Topology:
    """A P2P call of Ada and Ben."""
    made = topology("ada", "ben", **options)
    both_say(made, "connected", now)
    assert made.plan == Plan("peer", ("peer",), PeerConnection(1, "ada", "ben"))
    return made


def both_say(made: Topology, state: Any, now: float) -> None:
    connection = made.plan.connection
    assert connection is not None
    for name in (connection.impolite, connection.polite):
        made.report(name, connection.number, state, now)


def both_get_all(made: Topology, carrier: Any, now: float) -> None:
    connection = made.plan.connection
    assert connection is not None
    for name in (connection.impolite, connection.polite):
        made.carried(name, connection.number, carrier, now)


def test_one_sends_to_nobody_and_two_connect_directly() -> None:
    made = topology("ada")
    assert made.plan == NOBODY
    made.join("ben", p2p=True, now=5.0)
    assert made.plan == Plan("peer", ("peer",), PeerConnection(1, "ada", "ben"))
    assert made.deadline == 5.0 + CONNECT
    both_say(made, "connected", 6.0)
    assert made.deadline is None, "nothing is due in a call that works"
    made.leave("ada", 7.0)
    assert made.plan == NOBODY


def test_the_third_moves_all_to_the_sfu_and_p2p_ends_when_both_have_all_there() -> None:
    made = connected()
    made.join("cy", p2p=True, now=9.0)
    ada_and_ben = PeerConnection(1, "ada", "ben")
    assert made.plan == Plan("sfu", ("sfu", "peer"), ada_and_ben)
    made.carried("ada", 1, "sfu", 9.5)
    made.carried("ada", 1, "sfu", 9.5)
    assert made.plan.connection == ada_and_ben, "Ben still needs it"
    made.carried("ben", 1, "sfu", 9.6)
    assert made.plan == SFU
    assert made.deadline is None


def test_the_overlap_has_an_end() -> None:
    made = connected()
    made.join("cy", p2p=True, now=9.0)
    made.tick(9.0 + OVERLAP - 0.1)
    assert made.plan.sending == ("sfu", "peer")
    made.tick(9.0 + OVERLAP)
    assert made.plan == SFU


def test_three_at_once_use_the_sfu_before_anything_has_connected() -> None:
    made = topology("ada", "ben", "cy")
    assert made.plan == SFU
    made.report("ada", 1, "connected", 0.1)
    made.report("ben", 1, "connected", 0.1)
    assert made.plan == SFU, "reports of a connection of the past change nothing"


def test_it_stays_on_the_sfu_until_one_is_left() -> None:
    made = connected()
    made.join("cy", p2p=True, now=2.0)
    both_get_all(made, "sfu", 3.0)
    made.leave("cy", 4.0)
    assert (made.plan, made.deadline) == (SFU, None)
    made.leave("ben", 5.0)
    assert made.plan == NOBODY
    made.join("dot", p2p=True, now=6.0)
    assert made.plan == Plan("peer", ("peer",), PeerConnection(2, "ada", "dot"))


@pytest.mark.parametrize("gone", ["ada", "ben"])
def test_one_of_the_two_leaves_during_the_switch(gone: str) -> None:
    made = connected()
    made.join("cy", p2p=True, now=2.0)
    made.leave(gone, 2.1)
    assert made.plan == SFU
    made.leave("cy", 2.2)
    assert made.plan == NOBODY


def test_back_to_p2p_after_a_while_with_two() -> None:
    made = connected(back_after=10.0)
    made.join("cy", p2p=True, now=2.0)
    both_get_all(made, "sfu", 3.0)
    made.leave("cy", 4.0)
    made.tick(13.9)
    assert made.plan == SFU
    made.tick(14.0)
    again = PeerConnection(2, "ada", "ben")
    assert made.plan == Plan("sfu", ("sfu",), again), "the SFU carries while P2P is made"
    both_say(made, "connected", 14.5)
    assert made.plan == Plan("peer", ("peer", "sfu"), again)
    both_get_all(made, "peer", 15.0)
    assert (made.plan, made.deadline) == (Plan("peer", ("peer",), again), None)


def test_a_third_while_going_back_turns_it_round() -> None:
    made = connected(back_after=10.0)
    made.join("cy", p2p=True, now=2.0)
    both_get_all(made, "sfu", 3.0)
    made.leave("cy", 4.0)
    made.tick(14.0)
    both_say(made, "connected", 14.5)
    made.carried("ada", 2, "peer", 14.6)
    made.join("dot", p2p=True, now=14.7)
    assert made.plan == Plan("sfu", ("sfu", "peer"), PeerConnection(2, "ada", "ben"))
    made.carried("ben", 2, "peer", 14.8)
    assert made.plan.connection is not None, "what arrives by the old carrier is no news"
    both_get_all(made, "sfu", 15.0)
    assert made.plan == SFU


@pytest.mark.parametrize("how", ["failed", "late"])
def test_what_cannot_connect_falls_back_to_the_sfu(how: str) -> None:
    made = topology("ada", "ben")
    if how == "failed":
        made.report("ben", 1, "failed", 1.0)
    else:
        made.report("ben", 1, "connected", 1.0)
        made.tick(CONNECT)
    assert (made.plan, made.deadline) == (SFU, None)


def test_each_failure_doubles_the_wait_for_p2p() -> None:
    made = topology("ada", "ben", back_after=10.0)
    waits = []
    now = 0.0
    for _ in range(4):
        made.tick(now := now + CONNECT)
        assert made.deadline is not None
        waits.append(made.deadline - now)
        now = made.deadline
        made.tick(now)
    assert waits == [20.0, 40.0, 80.0, 160.0]


def test_an_interrupted_connection_gets_time_and_then_the_sfu() -> None:
    made = connected()
    made.report("ada", 1, "interrupted", 2.0)
    made.report("ada", 1, "connected", 3.0)
    assert made.deadline is None
    made.report("ben", 1, "interrupted", 4.0)
    made.tick(4.0 + REPAIR)
    assert made.plan == SFU


def test_a_room_of_p2p_only_tries_again() -> None:
    made = topology("ada", "ben", wanted="p2p")
    made.tick(CONNECT)
    assert (made.plan, made.deadline) == (NOBODY, CONNECT + RETRY)
    made.tick(CONNECT + RETRY)
    assert made.plan == Plan("peer", ("peer",), PeerConnection(2, "ada", "ben"))
    made.report("ada", 2, "failed", 20.0)
    assert made.deadline == 20.0 + 2 * RETRY
    made.leave("ben", 21.0)
    made.join("cy", p2p=True, now=21.5)
    assert made.plan.connection == PeerConnection(3, "ada", "cy"), "somebody else may succeed"


@pytest.mark.parametrize("options", [{"wanted": "sfu"}, {"policy": "off"}])
def test_rooms_that_want_no_p2p(options: dict[str, Any]) -> None:
    for names in (["ada"], ["ada", "ben"]):
        assert topology(*names, **options).plan == SFU


def test_who_cannot_do_p2p_keeps_the_call_on_the_sfu() -> None:
    made = connected()
    made.join("watcher", p2p=False, now=2.0)
    assert made.plan.carrier == "sfu"
    made.leave("ada", 3.0)
    made.leave("ben", 3.0)
    assert made.plan == SFU
    made.leave("watcher", 4.0)
    assert made.plan == NOBODY


def test_an_owner_may_choose() -> None:
    made = connected()
    made.wish("sfu", 2.0)
    both_get_all(made, "sfu", 3.0)
    assert made.plan == SFU
    made.wish("peer", 4.0)
    made.tick(4.0)
    assert made.plan == Plan("sfu", ("sfu",), PeerConnection(2, "ada", "ben"))
    made.report("ada", 2, "failed", 5.0)
    assert (made.plan, made.deadline) == (SFU, 5.0 + RETRY)
    made.wish("auto", 6.0)
    assert made.deadline is None


def test_lost_signaling_begins_a_connection_anew_but_spares_one_that_stands() -> None:
    made = topology("ada", "ben")
    made.resumed("ben", 1.0)
    assert made.plan.connection == PeerConnection(2, "ada", "ben")
    assert made.deadline == 1.0 + CONNECT
    both_say(made, "connected", 2.0)
    made.resumed("ada", 3.0)
    assert made.plan.connection == PeerConnection(2, "ada", "ben")


def test_a_call_goes_to_the_sfu_when_its_room_is_to() -> None:
    made = connected()
    made.update("sfu", "direct", None, 5.0)
    assert made.plan == Plan("sfu", ("sfu", "peer"), PeerConnection(1, "ada", "ben"))
    both_get_all(made, "sfu", 6.0)
    assert made.plan == SFU
    made.update("auto", "direct", None, 7.0)
    assert (made.plan, made.deadline) == (SFU, None), "and stays there, as after a third"
    made.update("auto", "direct", 10.0, 8.0)
    assert made.deadline == 18.0


def test_a_connection_that_shows_addresses_is_left_when_it_may_not() -> None:
    made = connected(back_after=10.0)
    made.update("auto", "relay", 10.0, 5.0)
    assert made.plan == Plan("sfu", ("sfu", "peer"), PeerConnection(1, "ada", "ben"))
    both_get_all(made, "sfu", 6.0)
    made.tick(16.0)
    assert made.plan.connection == PeerConnection(2, "ada", "ben", relayed=True)


def test_one_that_is_being_made_begins_anew_by_the_new_policy() -> None:
    made = topology("ada", "ben")
    made.update("auto", "relay", None, 1.0)
    assert made.plan == Plan("peer", ("peer",), PeerConnection(2, "ada", "ben", relayed=True))
    assert made.deadline == 1.0 + CONNECT
    made.update("auto", "relay", 5.0, 2.0)
    assert made.plan.connection == PeerConnection(2, "ada", "ben", relayed=True)


def test_two_on_the_sfu_connect_when_their_room_is_to_be_direct() -> None:
    made = topology("ada", "ben", wanted="sfu")
    made.update("p2p", "direct", None, 1.0)
    made.tick(1.0)
    assert made.plan == Plan("sfu", ("sfu",), PeerConnection(1, "ada", "ben"))
    both_say(made, "connected", 2.0)
    both_get_all(made, "peer", 3.0)
    assert made.plan == Plan("peer", ("peer",), PeerConnection(1, "ada", "ben"))


@given(st.permutations(NAMES[:3]))
def test_whoever_comes_first_is_impolite(names: list[str]) -> None:
    connection = topology(*names[:2]).plan.connection
    assert connection == PeerConnection(1, names[0], names[1])
