"""peer/ice: the lite agent, asked by aioice's STUN messages."""

import hmac

import pytest
from aioice.stun import Class, Message, Method, parse_message
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.ice import ANSWER, IGNORE, MAX_PATHS, SELECTED, Ice
from tests.support.ice import (
    CAFE,
    HOLDS_US,
    HOME,
    NEW,
    OLD,
    PASSWORD,
    UFRAG,
    agent,
    check,
    without,
)


def verified(answer, password):
    """The answer, parsed; its end is MESSAGE-INTEGRITY (24 bytes) and FINGERPRINT (8)."""
    covered = answer[:2] + (len(answer) - 28).to_bytes(2, "big") + answer[4:-32]
    assert hmac.digest(password, covered, "sha1") == answer[-28:-8]
    response = parse_message(answer)
    assert list(response.attributes)[-2:] == ["MESSAGE-INTEGRITY", "FINGERPRINT"]
    return response


@pytest.mark.parametrize("source", [HOME, CAFE])
def test_an_authentic_check_is_answered_with_its_address(source):
    request = check()
    action, answer, new_path, dropped = agent().request(request, source)
    assert (action, new_path, dropped) == (ANSWER, 0, None)
    response = verified(answer, PASSWORD)
    assert response.message_class == Class.RESPONSE
    assert response.transaction_id == parse_message(request).transaction_id
    assert response.attributes["XOR-MAPPED-ADDRESS"] == source


STRANGERS = {
    "wrong password": check(password=b"x" * 24),
    "the remote's ufrag first": check(username="r3mote:abcdefgh"),
    "unknown ufrag": check(username="abcdefgi:r3mote"),
    "unknown remote ufrag": check(username="abcdefgh:r3motf"),
    "only our ufrag": check(username="abcdefgh"),
    "no remote ufrag": check(username="abcdefgh:"),
    "a prefix of the remote ufrag": check(username="abcdefgh:r3mot"),
    "more behind the remote ufrag": check(username="abcdefgh:r3mote1"),
    "another separator": check(username="abcdefgh;r3mote"),
    "case differs": check(username="ABCDEFGH:r3mote"),
    "no integrity": without(check(), 0x0008),
    "no username": without(check(), 0x0006),
    "an indication": check(kind=Class.INDICATION),
    "a response": check(kind=Class.RESPONSE),
    "an error": check(kind=Class.ERROR),
    "credentials of a restart that was not": check(NEW),
    "one bit flipped": bytes([*check()[:25], check()[25] ^ 1, *check()[26:]]),
    "nothing": b"",
    "no attributes": without(check(), 0x0006)[:20],
}


@pytest.mark.parametrize("name", STRANGERS)
def test_strangers_change_nothing_and_get_nothing(name):
    ice = agent()
    ice.request(check(nominate=True), HOME, 5)
    before = ice.state
    assert ice.request(STRANGERS[name], CAFE, 10**9) == (IGNORE, b"", -1, None)
    assert ice.state == before


def test_nothing_is_selected_before_a_nomination():
    ice = agent()
    ice.request(check(), HOME)
    assert (ice.paths, ice.selected) == ([HOME], None)


def test_use_candidate_selects_once():
    ice = agent()
    assert ice.request(check(nominate=True), HOME)[0] == SELECTED
    assert ice.request(check(nominate=True), HOME)[0] == ANSWER
    assert ice.selected == HOME


def test_a_known_path_is_not_new_again():
    ice = agent()
    assert [ice.request(check(), source)[2] for source in (HOME, CAFE, HOME, CAFE)] == [
        *(0, 1, -1, -1)
    ]


def test_the_client_moves_to_another_address():
    ice = agent()
    ice.request(check(nominate=True), HOME, 0)
    assert ice.request(check(), CAFE, 10)[0] == ANSWER
    assert ice.selected == HOME
    assert ice.request(check(nominate=True), CAFE, HOLDS_US)[0] == SELECTED
    assert ice.selected == CAFE


def test_a_better_path_takes_over_at_once():
    ice = agent()
    ice.request(check(nominate=True, priority=5), HOME, 0)
    assert ice.request(check(nominate=True, priority=6), CAFE, 1)[0] == SELECTED
    assert ice.selected == CAFE


def test_a_peer_that_nominates_every_pair_does_not_make_media_hop():
    ice, actions = agent(), []
    sources = [(f"192.0.2.{i}", 1000) for i in range(MAX_PATHS)]
    for round_ in range(50):
        for i, source in enumerate(sources):
            request = check(nominate=True, priority=[2, 3, 3, 1][i])
            actions.append(ice.request(request, source, round_ * 200_000 + i * 50_000)[0])
    assert ice.selected == sources[1]
    assert actions.count(SELECTED) == 2  # the first one, then the best one


def test_a_fifth_path_drops_the_oldest_that_is_not_selected():
    ice = agent()
    sources = [(f"192.0.2.{i}", 1000) for i in range(7)]
    ice.request(check(nominate=True), sources[0])
    for source in sources[1:MAX_PATHS]:
        ice.request(check(), source)
    assert ice.request(check(), sources[4])[2:] == (3, sources[1])
    assert ice.paths == [sources[i] for i in (0, 2, 3, 4)]
    assert ice.selected == sources[0]
    ice.request(check(nominate=True), sources[3], HOLDS_US)
    assert ice.request(check(), sources[5])[2:] == (3, sources[0])
    assert ice.selected == sources[3]
    assert ice.paths == [sources[i] for i in (2, 3, 4, 5)]


def test_a_peer_that_calls_itself_controlled_is_told_487():
    ice = agent()
    action, answer, new_path, _ = ice.request(check(role="ICE-CONTROLLED", nominate=True), HOME)
    assert (action, new_path, ice.paths, ice.selected) == (ANSWER, -1, [], None)
    response = verified(answer, PASSWORD)
    assert (response.message_class, response.error_code) == (Class.ERROR, 487)


def test_an_unknown_required_attribute_is_told_420():
    ice = agent()
    request = check(**{"CHANGE-REQUEST": 0})
    action, answer, new_path, _ = ice.request(request, HOME)
    assert (action, new_path, ice.paths) == (ANSWER, -1, [])
    assert answer[:2] == b"\x01\x11"
    assert b"\x00\x09\x00\x04\x00\x00\x04\x14" in answer  # ERROR-CODE 420
    assert b"\x00\x0a\x00\x02\x00\x03" in answer  # UNKNOWN-ATTRIBUTES: 3


def test_both_generations_are_answered_until_the_first_nomination_of_the_new_one():
    ice = agent()
    ice.request(check(nominate=True), HOME)
    ice.restart(*NEW)
    assert ice.restarting
    assert ice.request(check(OLD, nominate=True), HOME)[0] == ANSWER
    action, answer, _, _ = ice.request(check(NEW), CAFE)
    assert action == ANSWER
    verified(answer, NEW[1])
    assert (ice.selected, ice.restarting) == (HOME, True)
    assert ice.request(check(NEW, nominate=True, priority=0), CAFE)[0] == SELECTED
    assert (ice.selected, ice.restarting) == (CAFE, False)
    assert ice.request(check(OLD), HOME)[0] == IGNORE
    assert ice.request(check(NEW), HOME)[0] == ANSWER


def test_a_restart_on_the_same_path_is_no_new_path():
    ice = agent()
    ice.request(check(nominate=True), HOME)
    ice.restart(*NEW)
    assert ice.request(check(NEW, nominate=True), HOME)[0] == ANSWER
    assert (ice.restarting, ice.selected) == (False, HOME)


def test_a_second_restart_replaces_the_first():
    ice, third = agent(), (b"qrstuvwx", b"z" * 24, b"again")
    ice.restart(*NEW)
    ice.restart(*third)
    assert ice.request(check(NEW), HOME)[0] == IGNORE
    assert ice.request(check(third), HOME)[0] == ANSWER
    assert ice.request(check(OLD), HOME)[0] == ANSWER


def test_the_old_password_does_not_open_the_new_generation():
    ice = agent()
    ice.restart(*NEW)
    assert ice.request(check(NEW, password=PASSWORD), HOME)[0] == IGNORE
    assert ice.request(check(OLD, password=NEW[1]), HOME)[0] == IGNORE


def test_consent_runs_out_unless_refreshed():
    ice = agent(now_us=1000)
    assert not ice.expired(30_001_000, 30_000_000)
    ice.request(check(), HOME, 30_001_000)
    assert not ice.expired(60_001_000, 30_000_000)
    ice.request(STRANGERS["wrong password"], HOME, 60_000_000)
    assert ice.expired(60_001_001, 30_000_000)


def test_only_a_restart_gives_consent_again():
    ice = agent(now_us=1000)
    ice.request(check(nominate=True), HOME, 2000)
    assert ice.expired(40_000_000, 30_000_000)
    assert ice.request(check(), HOME, 40_000_000) == (IGNORE, b"", -1, None)
    ice.restart(*NEW)
    ice.request(check(NEW), HOME, 41_000_000)
    assert ice.expired(41_000_000, 30_000_000), "not nominated yet"
    assert ice.request(check(NEW, nominate=True), HOME, 42_000_000)[0] == SELECTED
    assert not ice.expired(42_000_000, 30_000_000)


def test_no_answer_is_longer_than_its_request():
    """The least authentic request, 68 bytes, over IPv6, whose success answer would have 76."""
    message = Message(Method.BINDING, Class.REQUEST)
    message.attributes["USERNAME"] = "abcdefgh:r3mote"
    message.add_message_integrity(PASSWORD)
    request, ice = bytes(message), agent()
    before = ice.state
    assert ice.request(request, CAFE, 9) == (IGNORE, b"", -1, None)
    assert ice.state == before
    action, answer, _, _ = ice.request(request, HOME, 9)
    assert action == ANSWER
    assert len(answer) <= len(request)


def test_the_longest_remote_ufrag():
    credentials = (UFRAG, PASSWORD, b"r" * 256)
    assert Ice(*credentials).request(check(credentials), HOME)[0] == ANSWER


extras = st.dictionaries(
    st.sampled_from(["USE-CANDIDATE", "PRIORITY", "SOFTWARE", "CHANGE-REQUEST", "ICE-CONTROLLED"]),
    st.just(0),
)


@given(extras, st.sampled_from([HOME, CAFE]), st.booleans())
def test_never_more_bytes_out_than_in(extras, source, fingerprint):
    message = Message(Method.BINDING, Class.REQUEST)
    message.attributes["USERNAME"] = "abcdefgh:r3mote"
    for name in extras:
        message.attributes[name] = {"USE-CANDIDATE": None, "SOFTWARE": "x"}.get(name, 1)
    message.add_message_integrity(PASSWORD)
    request = bytes(message) if fingerprint else without(bytes(message), 0x8028)
    action, answer, _, _ = agent().request(request, source)
    assert len(answer) <= len(request)
    assert (action == IGNORE) == (answer == b"")
