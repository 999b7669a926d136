"""What an option can be: types of pydantic that check their value and say what is wrong with it."""

import re
from collections.abc import Iterable
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from fastsfu.auth.origins import ANY, normalised
from fastsfu.sdp.codecs import AUDIO_CODECS, VIDEO_CODECS
from fastsfu.transport.addresses import ip_address, ip_network
from fastsfu.transport.turn import check_urls

LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"  # of a domain
SECRET_BYTES = 32  # at least: the output of HMAC-SHA256 (RFC 7518 section 3.2)


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


AUTO = "auto"  # in the place of addresses: they are found out when the server starts


def _check_source(value: str) -> str:
    if value not in ("aws", "google", "azure") and not re.fullmatch(r"stun:.+:[0-9]{1,5}", value):
        raise ValueError(f"{value!r} is none of stun:host:port, aws, google, azure")
    return value


def _check_media_addresses(value: list[str]) -> list[str]:
    if value == [AUTO]:
        return value
    addresses = [ip_address(each) for each in value]
    for address in addresses:
        if address.is_unspecified or address.is_multicast:
            raise ValueError(f"{address} is no address that a client can send to")
    return list(dict.fromkeys(str(address) for address in addresses))


def _known(value: list[str], known: Iterable[str]) -> list[str]:
    names = {name.lower(): name for name in known}
    if unknown := [each for each in value if each.lower() not in names]:
        raise ValueError(f"unknown: {', '.join(unknown)}; known are {', '.join(known)}")
    if not value:
        raise ValueError(f"none is given; known are {', '.join(known)}")
    return list(dict.fromkeys(names[each.lower()] for each in value))


def _check_origin(value: str) -> str:
    return value if value == ANY else normalised(value)


def _check_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{value!r} is no base URL; one is like https://b.example/")
    return value.rstrip("/") + "/"


def _check_secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().encode()) < SECRET_BYTES:
        raise ValueError(
            f"must be at least {SECRET_BYTES} bytes; make one with: openssl rand -base64 32"
        )
    return value


Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Secret = Annotated[SecretStr, AfterValidator(_check_secret)]
Secrets = Annotated[list[Secret], NoDecode, BeforeValidator(_split), Field(max_length=8)]
Address = Annotated[str, AfterValidator(lambda value: str(ip_address(value)))]


def _check_domain(value: str) -> str:
    name = value.lower().rstrip(".")
    if len(name) > 253 or not re.fullmatch(rf"({LABEL}\.)+{LABEL}", name):
        raise ValueError(f"{value!r} is no domain; one is like calls.example.org")
    return name


Url = Annotated[str, AfterValidator(_check_url)]

Domain = Annotated[str, AfterValidator(_check_domain)]

# Lists are separated by commas in the environment, where pydantic would take JSON.
Names = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Origin = Annotated[str, AfterValidator(_check_origin)]
Domains = Annotated[list[Domain], NoDecode, BeforeValidator(_split)]
Origins = Annotated[list[Origin], NoDecode, BeforeValidator(_split)]
Urls = Annotated[list[Url], NoDecode, BeforeValidator(_split)]
AddressSource = Annotated[str, AfterValidator(_check_source)]
MediaAddresses = Annotated[Names, AfterValidator(_check_media_addresses)]
Networks = Annotated[Names, AfterValidator(lambda value: [ip_network(each) for each in value])]
TurnUrls = Annotated[Names, AfterValidator(check_urls)]
VideoCodecs = Annotated[Names, AfterValidator(lambda value: _known(value, VIDEO_CODECS))]
AudioCodecs = Annotated[Names, AfterValidator(lambda value: _known(value, AUDIO_CODECS))]
