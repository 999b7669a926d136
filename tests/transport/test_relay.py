"""The built-in relay as clients are told of it."""

from fastsfu.transport.relay import Relay
from fastsfu.transport.turn import credentials


def test_what_shares_the_media_port_is_for_other_clients_only() -> None:
    relay = Relay(
        udp_ports=(8443, 3478),
        addresses=("127.0.0.1", "192.0.2.1", "2001:db8::1"),
        secret=b"north",
        tcp_port=443,
        tls_name="calls.example",
    )
    shared, others = relay.ice_servers("ada", 5)
    assert shared.peer_only
    assert shared.urls == (
        "turn:192.0.2.1:8443?transport=udp",
        "turn:[2001:db8::1]:8443?transport=udp",
    )
    assert not others.peer_only
    assert others.urls == (
        "turn:192.0.2.1:3478?transport=udp",
        "turn:[2001:db8::1]:3478?transport=udp",
        "turn:192.0.2.1:443?transport=tcp",
        "turn:[2001:db8::1]:443?transport=tcp",
        "turns:calls.example:443?transport=tcp",
    )
    expected = credentials(b"north", "ada", 5)
    assert (shared.username, shared.credential) == (others.username, others.credential) == expected


def test_without_further_ports() -> None:
    (only,) = Relay((8443,), ("192.0.2.1",), b"north").ice_servers("ada", 5)
    assert only.peer_only
