"""Signatures, checked by the library that Standard Webhooks offers to receivers."""

import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from fastsfu.room.outbox import new_secret
from fastsfu.webhooks.signing import headers

BODY = '{"a": "é"}'


def test_a_receiver_that_has_either_secret_is_convinced() -> None:
    new, old = new_secret(), new_secret()
    said = headers("msg_1", BODY, time.time(), [new, old])
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, said) == {"a": "é"}
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, said)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_nothing_of_it_can_be_changed(name: str) -> None:
    secret = new_secret()
    said = headers("msg_1", BODY, time.time(), [secret])
    changed = {"webhook-id": "msg_2", "webhook-timestamp": str(int(time.time()) + 1)}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, {**said, name: changed.get(name, "v1,AAAA")})
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY + " ", said)
