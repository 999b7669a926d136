"""The address by which the world reaches this machine, where `media_ips` is `auto`.

A STUN server sees it (RFC 8489), or the cloud that the machine is in says it.
"""

import ipaddress
import secrets
import socket
import struct
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.options import AUTO
from fastsfu.transport.addresses import reachable_addresses

PATIENCE: Final = (0.5, 1.0, 2.0)  # seconds for an answer, each time that a STUN server is asked
METADATA_SECONDS: Final = 2.0
METADATA: Final = "http://169.254.169.254"
COOKIE: Final = 0x2112A442
BINDING, SUCCESS, XOR_MAPPED = 0x0001, 0x0101, 0x0020


def is_asked_for(config: Config) -> bool:
    """Somebody else has to say the address."""
    return config.media_ips == [AUTO] and config.public_address_from is not None


def located(config: Config) -> Config:
    """The same, with the addresses in the place of `auto`: the public one, then the machine's own.

    Blocks for some seconds at most. Raises ConfigError when it cannot be found out.
    """
    source = config.public_address_from
    if source is None or not is_asked_for(config):
        return config
    try:
        text = CLOUDS[source]() if source in CLOUDS else _by_stun(source.removeprefix("stun:"))
        found = str(ipaddress.ip_address(text))
    except (OSError, ValueError) as error:
        raise ConfigError(f"media_ips: auto: {source} says no address: {error}") from None
    own = reachable_addresses(config.host)
    return config.model_copy(update={"media_ips": list(dict.fromkeys([found, *own]))})


def _by_stun(server: str) -> str:
    """`server` is "host:port". Raises OSError, ValueError."""
    host, _, port = server.rpartition(":")
    family, kind, protocol, _, address = socket.getaddrinfo(
        host.strip("[]"), int(port), type=socket.SOCK_DGRAM
    )[0]
    question = struct.pack(">HHI", BINDING, 0, COOKIE) + secrets.token_bytes(12)
    with socket.socket(family, kind, protocol) as asking:
        asking.connect(address)
        for seconds in PATIENCE:
            asking.send(question)
            asking.settimeout(seconds)
            with suppress(TimeoutError):
                while not (found := _mapped(asking.recv(2048), question)):
                    pass
                return found
    raise TimeoutError("no answer")


def _mapped(answer: bytes, question: bytes) -> str | None:
    """The XOR-MAPPED-ADDRESS of its answer (RFC 8489 section 14.2); None: it is none."""
    if len(answer) < 20 or answer[:2] != struct.pack(">H", SUCCESS) or answer[4:20] != question[4:]:
        return None
    place = 20
    while place + 4 <= len(answer):
        kind, size = struct.unpack_from(">HH", answer, place)
        value = answer[place + 4 : place + 4 + size]
        if kind == XOR_MAPPED and len(value) in (8, 20):
            masked = zip(value[4:], question[4:], strict=False)
            return str(ipaddress.ip_address(bytes(a ^ b for a, b in masked)))
        place += 4 + size + -size % 4
    return None


def _get(path: str, method: str = "GET", **headers: str) -> str:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{METADATA}{path}", method=method, headers=named)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=METADATA_SECONDS) as answer:
        return str(answer.read(256).decode("ascii").strip())


def _of_aws() -> str:
    """Instance metadata service, version 2."""
    lasting = {"X_aws_ec2_metadata_token_ttl_seconds": "60"}
    token = _get("/latest/api/token", "PUT", **lasting)
    return _get("/latest/meta-data/public-ipv4", X_aws_ec2_metadata_token=token)


def _of_google() -> str:
    interface = "/computeMetadata/v1/instance/network-interfaces/0"
    return _get(f"{interface}/access-configs/0/external-ip", Metadata_Flavor="Google")


def _of_azure() -> str:
    interface = "/metadata/instance/network/interface/0/ipv4/ipAddress/0/publicIpAddress"
    return _get(f"{interface}?api-version=2021-02-01&format=text", Metadata="true")


CLOUDS: Final[dict[str, Callable[[], str]]] = {
    "aws": _of_aws,
    "google": _of_google,
    "azure": _of_azure,
}
