"""Signs JSON Web Tokens (RFC 7519) by HS256, in the compact form of RFC 7515 section 7.1.

Those that come are read by PyJWT. It loads all that other algorithms need, which takes longer than
all the rest of `fastsfu token`, and signing needs none of it.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

ALGORITHM = "HS256"
MIN_SECRET_BYTES = 32  # RFC 7518 section 3.2: a key at least as long as the hash


def sign(claims: Mapping[str, Any], key: bytes) -> str:
    """The token, whose header names the key."""
    header = {"alg": ALGORITHM, "kid": key_id(key), "typ": "JWT"}
    signed = b".".join(map(_written, (header, claims)))
    return (signed + b"." + _encoded(hmac.digest(key, signed, "sha256"))).decode()


def key_id(key: bytes) -> str:
    """The name of a secret: enough of its hash to tell some apart."""
    return hashlib.sha256(b"fastsfu key id" + key).hexdigest()[:8]


def key_of(secret: str) -> bytes:
    """Its bytes; raises ValueError for too few."""
    key = secret.encode()
    if len(key) < MIN_SECRET_BYTES:
        raise ValueError(
            f"the token secret must be at least {MIN_SECRET_BYTES} bytes (RFC 7518 3.2), "
            f"this one has {len(key)}; make one with: openssl rand -base64 32"
        )
    return key


def _written(part: Mapping[str, Any]) -> bytes:
    return _encoded(json.dumps(part, separators=(",", ":")).encode())


def _encoded(octets: bytes) -> bytes:
    return urlsafe_b64encode(octets).rstrip(b"=")
