"""TURN servers as clients are told of them."""

import pytest

from fastsfu.transport.turn import IceServer, check_urls, credentials, ice_servers

SECRET = b"north"


def test_credentials() -> None:
    """As the description of coturn's `use-auth-secret` makes them: with openssl,
    `printf 1700000000:ada | openssl dgst -sha1 -hmac north -binary | base64`."""
    username, password = credentials(SECRET, "ada", 1_700_000_000.9)
    assert username == "1700000000:ada"
    assert password == "ndZ88ryT1whVxdkcRLepT9D1MpM="


def test_relays_have_credentials_and_stun_servers_need_none() -> None:
    relay, other = ice_servers(["stun:a", "turn:b", "turns:b"], SECRET, "ada", 5)
    assert relay == IceServer(("turn:b", "turns:b"), *credentials(SECRET, "ada", 5))
    assert other == IceServer(("stun:a",))
    assert ice_servers(["stun:a"], None, "ada", 5) == [other]
    assert ice_servers([], None, "ada", 5) == []
    with pytest.raises(ValueError, match="secret"):
        ice_servers(["turn:b"], None, "ada", 5)


def test_the_credential_is_not_shown() -> None:
    (relay,) = ice_servers(["turn:b"], SECRET, "ada", 5)
    assert relay.credential is not None
    assert relay.credential not in repr(relay)


@pytest.mark.parametrize(
    "url",
    [
        "turn:a",
        "turns:turn.example.org:443?transport=tcp",
        "turn:192.0.2.1:3478?transport=udp",
        "turn:[2001:db8::1]:3478",
        "stun:a:19302",
    ],
)
def test_urls(url: str) -> None:
    assert check_urls([url, url]) == [url]


@pytest.mark.parametrize(
    "url",
    ["", "a", "turn:", "turn://a", "turn:a:x", "turn:a?transport=sctp", "stun:a?transport=udp"],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError, match="no TURN or STUN URL"):
        check_urls(["turn:a", url])
