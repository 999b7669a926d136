"""Which addresses a server tells its clients."""

import ipaddress

import ifaddr
import pytest

from fastsfu.config import Config
from fastsfu.transport.addresses import TransportAddress, reachable_addresses


class Ip:
    def __init__(self, ip: str | tuple[str, int, int]) -> None:
        self.ip = ip


class Adapter:
    def __init__(self, *ips: str | tuple[str, int, int]) -> None:
        self.ips = [Ip(ip) for ip in ips]


@pytest.fixture
def interfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    adapters = [
        Adapter("127.0.0.1", ("::1", 0, 0)),
        Adapter(("fe80::1", 0, 2), "198.51.100.9", ("2001:db8::9", 0, 0), "10.0.0.9"),
        Adapter("169.254.7.7", "10.0.0.9"),
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)


@pytest.mark.usefixtures("interfaces")
def test_every_address_is_offered_and_loopback_last() -> None:
    assert reachable_addresses("0.0.0.0") == ["198.51.100.9", "10.0.0.9", "127.0.0.1"]
    assert reachable_addresses("::") == [
        "198.51.100.9",
        "10.0.0.9",
        "2001:db8::9",
        "127.0.0.1",
        "::1",
    ]
    assert Config().media_ips == ["198.51.100.9", "10.0.0.9", "127.0.0.1"]


@pytest.mark.usefixtures("interfaces")
def test_one_address_is_itself() -> None:
    assert reachable_addresses("10.0.0.9") == ["10.0.0.9"]
    assert Config(host="::1").media_ips == ["::1"]


def test_this_machine_has_addresses() -> None:
    found = reachable_addresses("0.0.0.0")
    assert "127.0.0.1" in found
    assert all(ipaddress.ip_address(each).version == 4 for each in found)


@pytest.mark.parametrize(
    ("ip", "text"),
    [
        ("192.0.2.1", "192.0.2.1:443"),
        ("::ffff:192.0.2.1", "192.0.2.1:443"),
        ("2001:db8::1", "[2001:db8::1]:443"),
        ("fe80::1%eth0", "[fe80::1]:443"),
    ],
)
def test_how_one_is_written(ip: str, text: str) -> None:
    assert str(TransportAddress(ip, 443)) == text
