"""Where requests may go because somebody named a URL."""

import pytest

from fastsfu.transport.addresses import ip_address
from fastsfu.transport.targets import Targets


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "168.63.129.16",
        "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe",
        "2002:a00:1::", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)  # fmt: skip
def test_what_is_not_public_is_out_of_reach(address: str) -> None:
    assert not Targets().may_reach(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_what_is_public_is_not(address: str) -> None:
    assert Targets().may_reach(ip_address(address))


def test_what_is_allowed_is_not_either() -> None:
    targets = Targets(["10.0.0.0/8", "::1/128"])
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "::1"):
        assert targets.may_reach(ip_address(address))
    assert not targets.may_reach(ip_address("192.168.1.1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "//example.com/", "https://", "https:///path",
        "https://user:secret@example.com/", "https://user@example.com/", "https://example.com/#x",
        "https://example.com:99999/", "https://example.com:0/", "https://exa mple.com/",
        "https://example.com/\n", "https://éxample.com/", "https://[::1]/", "https://10.0.0.1/",
        "https://[::ffff:127.0.0.1]/", "https://127.0.0.1:8443/", "https://[::1", "",
        "https://example.com/" + "x" * 2048,
    ],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        Targets().check_url(url)
    assert "secret" not in str(caught.value)


def test_urls_that_are_taken() -> None:
    for url in ("https://example.com/told?by=us", "https://8.8.8.8:8443/", "https://localhost/"):
        Targets().check_url(url)  # a name is looked up when it is needed
