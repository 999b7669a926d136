"""ICE credentials and candidates (RFC 8839, RFC 8445)."""

import re

import pytest

from fastsfu.transport.ice import (
    Candidate,
    host_candidates,
    new_password,
    new_ufrag,
    tcp_candidates,
)


def test_credentials_are_ice_characters_of_the_engines_length() -> None:
    ufrags = {new_ufrag() for _ in range(500)}
    passwords = {new_password() for _ in range(500)}
    assert len(ufrags) == len(passwords) == 500
    assert all(re.fullmatch(r"[A-Za-z0-9+/]{8}", each) for each in ufrags)
    assert all(re.fullmatch(r"[A-Za-z0-9+/]{24}", each) for each in passwords)
    assert set("".join(passwords)) >= set("azAZ09+/")


def test_candidate_line() -> None:
    """RFC 8839 section 5.1."""
    (candidate,) = host_candidates(["203.0.113.7"], 8443)
    line = candidate.candidate_line()
    assert line == "candidate:1 1 udp 2130706431 203.0.113.7 8443 typ host"


def test_candidates_are_preferred_in_the_given_order() -> None:
    candidates = host_candidates(["203.0.113.7", "2001:DB8::0:1", "127.0.0.1"], 1)
    assert [c.address for c in candidates] == ["203.0.113.7", "2001:db8::1", "127.0.0.1"]
    priorities = [c.priority for c in candidates]
    assert priorities == sorted(priorities, reverse=True)
    assert len(set(priorities)) == len({c.foundation for c in candidates}) == 3
    # RFC 8445 section 5.1.2: type preference, local preference, component.
    assert priorities[1] == (126 << 24) + (65534 << 8) + (256 - 1)
    assert all(1 <= priority < 2**31 for priority in priorities)


def test_an_address_is_one_candidate() -> None:
    assert len(host_candidates(["192.0.2.1", "192.0.2.1"], 1)) == 1


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match=r"media\.example"):
        host_candidates(["media.example"], 1)


def test_candidates_are_values() -> None:
    assert Candidate("1", 2, "192.0.2.1", 3) == Candidate("1", 2, "192.0.2.1", 3)


def test_tcp_candidates() -> None:
    """RFC 6544: passive, and below every UDP one."""
    first, second = tcp_candidates(["203.0.113.7", "203.0.113.8"], 443)
    line = first.candidate_line()
    assert line == "candidate:1001 1 tcp 2124414975 203.0.113.7 443 typ host tcptype passive"
    udp = host_candidates([f"203.0.113.{i}" for i in range(20)], 443)
    assert second.priority < first.priority < min(each.priority for each in udp)
