"""Signatures as Standard Webhooks has them (standardwebhooks.com, version 1.0.0).

The signed content is `ID.TIMESTAMP.BODY`; the key is what follows `whsec_` in the secret, in
base64. While a secret is being exchanged both sign, and a receiver may check by either.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable

from fastsfu.room.outbox import SECRET_PREFIX


def headers(message_id: str, body: str, now: float, secrets: Iterable[str]) -> dict[str, str]:
    """What a receiver needs to know that it is from us, and from when."""
    timestamp = str(int(now))
    signed = f"{message_id}.{timestamp}.{body}".encode()
    signatures = (f"v1,{_sign(signed, each)}" for each in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def _sign(signed: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
