"""The public address: of a STUN server, and of the metadata services of clouds."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from fastsfu import public_address
from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.public_address import located
from tests.support.server import live_server
from tests.test_doctor import found

LOOPBACK = "127.0.0.1"
PUBLIC = "203.0.113.7"
OWN = {"host": LOOPBACK, "media_ips": ["auto"]}


async def test_a_server_says_it_by_stun_and_another_one_takes_it() -> None:
    async with live_server() as other:
        source = f"stun:{LOOPBACK}:{other.sfu.engines[0].port}"
        async with live_server(media_ips=["auto"], public_address_from=source) as live:
            assert live.sfu.config.media_ips == [LOOPBACK]
            again = Config(**OWN, public_address_from=source, port=live.sfu.config.port)
            assert "media_ips" not in live.sfu.reconfigure(again)
        assert found("addresses", **OWN, public_address_from=source).level == "bad"  # it is private


class Cloud(BaseHTTPRequestHandler):
    """All three, each of which answers only to who asks as it wants."""

    def do_PUT(self) -> None:
        is_asked = "X-aws-ec2-metadata-token-ttl-seconds" in self.headers
        self._say("secret" if is_asked and self.path == "/latest/api/token" else None)

    def do_GET(self) -> None:
        headers = ("X-aws-ec2-metadata-token", "Metadata-Flavor", "Metadata")
        shown = next((self.headers[each] for each in headers if each in self.headers), None)
        self._say(PUBLIC if WAYS.get(self.path) == shown else None)

    def _say(self, text: str | None) -> None:
        self.send_response(404 if text is None else 200)
        self.end_headers()
        self.wfile.write((text or "").encode())

    def log_message(self, *_: Any) -> None: ...


WAYS = {
    "/latest/meta-data/public-ipv4": "secret",
    "/computeMetadata/v1/instance/network-interfaces/0/access-configs/0/external-ip": "Google",
    "/metadata/instance/network/interface/0/ipv4/ipAddress/0/publicIpAddress"
    "?api-version=2021-02-01&format=text": "true",
}


@contextmanager
def cloud() -> Iterator[str]:
    with HTTPServer((LOOPBACK, 0), Cloud) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("name", ["aws", "google", "azure"])
def test_a_cloud_says_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with cloud() as url:
        monkeypatch.setattr(public_address, "METADATA", url)
        config = located(Config(**OWN, public_address_from=name))
    assert config.media_ips == [PUBLIC, LOOPBACK]
    assert located(config) is config


def test_nobody_who_says_it_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_address, "PATIENCE", (0.01,))
    for source in (f"stun:{LOOPBACK}:9", "stun:nowhere.invalid:3478"):
        with pytest.raises(ConfigError, match=f"media_ips: auto: {source} says no address"):
            located(Config(**OWN, public_address_from=source))
    assert found("addresses", **OWN, public_address_from=source).level == "bad"


@pytest.mark.parametrize(
    "options",
    [
        {"media_ips": ["auto"]},
        {"media_ips": [PUBLIC], "public_address_from": "aws"},
        {"media_ips": ["auto", PUBLIC], "public_address_from": "aws"},
        {"media_ips": ["auto"], "public_address_from": "somebody"},
    ],
)
def test_what_cannot_be_meant(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"belong together|no IP address|none of stun"):
        Config(**options)
