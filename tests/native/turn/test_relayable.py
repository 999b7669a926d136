"""Where the relay sends to, and where it does not."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native.faces.turn import Turn
from tests.support.turn import SERVER, options


@pytest.fixture
def turn() -> Turn:
    return Turn(options())


REFUSED = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1"),
    "168.63.129.16",
    *("172.31.255.255", "192.0.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "239.1.1.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2002:a00:1::", "fc00::1", "fdff::1", "fe80::1"),
    *("fec0::1", "ff02::1"),
]

DOCUMENTATION = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"]


@pytest.mark.parametrize("ip", REFUSED)
def test_refused_peers(turn: Turn, ip: str) -> None:
    assert not turn.relayable(ip)
    assert not turn.relayable(ip, 5000)
    everything = Turn(options(allowed=("0.0.0.0/0", "::/0")))
    assert everything.relayable(ip, 5000)


@given(st.ip_addresses())
def test_nothing_but_what_is_global(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """Against Python's reading of IANA's registries; documentation is public enough for tests."""
    if Turn(options()).relayable(str(address)):
        assert (address.is_global and not address.is_multicast) or any(
            address in ipaddress.ip_network(each) for each in DOCUMENTATION
        )


@pytest.mark.parametrize("ip", ["8.8.8.8", "192.0.2.1", "172.32.0.1", "2a00:1450::1", "2620::1"])
def test_public_peers(turn: Turn, ip: str) -> None:
    assert turn.relayable(ip)
    assert turn.relayable(ip, 1)


def test_own_addresses(turn: Turn) -> None:
    """The SFU and live relays are reached at it, other services of this machine are not."""
    assert turn.relayable(SERVER)
    assert turn.relayable(SERVER, 8443)
    assert not turn.relayable(SERVER, 22)
    assert not turn.relayable("203.0.113.2")
    turn.live(50000, 1)
    assert turn.relayable(SERVER, 50000)
    turn.live(50000, 0)
    assert not turn.relayable(SERVER, 50000)


def test_network_prefixes() -> None:
    turn = Turn(options(allowed=("10.1.128.0/17", "fd00:1::/33")))
    assert turn.relayable("10.1.128.1")
    assert turn.relayable("10.1.255.255")
    assert not turn.relayable("10.1.127.255")
    assert turn.relayable("fd00:1:7fff::1")
    assert not turn.relayable("fd00:1:8000::1")
