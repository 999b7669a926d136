"""Webhooks: which servers are told what happens, and what did not reach them."""

import time
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Query, Response, status
from pydantic import Field

from fastsfu.http.answers import HttpError
from fastsfu.http.api.route import Answer, Body, SecretsRoute, Sfu, router
from fastsfu.http.api.turns import InTurn
from fastsfu.room.outbox import Endpoint, Letter, Outbox, TellType, new_secret
from fastsfu.sfu import SFU
from fastsfu.transport.targets import LONGEST, Targets

MOST = 32  # endpoints
EXCHANGE_SECONDS = 86_400.0  # that a former secret signs too
TURN = "webhooks"  # all of them: how many there may be concerns each

webhooks = router("webhooks", SecretsRoute)
Number = Annotated[int, Field(ge=1, lt=2**63)]  # of a letter
Types = Annotated[list[TellType], Field(max_length=32, description="which events; empty: all")]


class NewWebhook(Body):
    """Where things are to be told to."""

    url: str = Field(max_length=LONGEST, description="https, and public unless it was allowed")
    types: Types = []


class WebhookUpdate(Body):
    """What is to be different."""

    url: str | None = Field(None, max_length=LONGEST)
    types: Types | None = None


class WebhookAnswer(Answer):
    """An endpoint that is told what happens."""

    id: str
    url: str
    types: list[str]
    created_at: float = Field(description="seconds since 1970")


class WebhookWithSecret(WebhookAnswer):
    """The same with its secret, which is shown this once."""

    secret: str = Field(repr=False, description="whsec_ and a key in base64: signs what is sent")


class WebhookList(Answer):
    """All endpoints."""

    total_count: int
    data: list[WebhookAnswer]


class DeletedWebhook(Answer):
    """An endpoint that is told nothing more."""

    deleted: bool = True
    id: str


class DeadLetter(Answer):
    """What was tried for a day and did not arrive."""

    number: int
    message_id: str
    type: str
    body: str = Field(description="JSON, as it was to be sent")
    attempts: int
    error: str | None = Field(description="of the last attempt")


class DeadLetterPage(Answer):
    """Some of them, the oldest first."""

    total_count: int = Field(description="in this answer")
    data: list[DeadLetter]


class Replay(Body):
    """Which dead letters are to be tried again."""

    numbers: Annotated[list[Number], Field(max_length=1000)] | None = Field(
        None, description="default: all"
    )


class Replayed(Answer):
    """How many are tried again."""

    replayed: int


async def _outbox(sfu: Sfu) -> Outbox:
    if sfu.records.outbox is None:
        info = "this is switched off: webhooks need a database (FASTSFU_DATABASE)"
        raise HttpError(403, "not-allowed", info)
    return sfu.records.outbox


TheOutbox = Annotated[Outbox, Depends(_outbox)]


async def _endpoint(outbox: TheOutbox, webhook_id: str) -> Endpoint:
    for each in outbox.endpoints():
        if each.id == webhook_id:
            return each
    raise HttpError(404, "no-webhook", "there is no such webhook")


TheEndpoint = Annotated[Endpoint, Depends(_endpoint)]


@webhooks.get("/webhooks")
async def list_webhooks(outbox: TheOutbox) -> WebhookList:
    """Who is told."""
    found = [_answer(each) for each in outbox.endpoints()]
    return WebhookList(total_count=len(found), data=found)


@webhooks.post("/webhooks", status_code=status.HTTP_201_CREATED)
async def make_webhook(
    sfu: Sfu, turns: InTurn, outbox: TheOutbox, wanted: NewWebhook, answer: Response
) -> WebhookWithSecret:
    """Tell this server too, from now on."""
    _check_url(sfu, wanted.url)
    endpoint = Endpoint(wanted.url, tuple(wanted.types))
    async with turns.of(TURN):
        if len(outbox.endpoints()) >= MOST:
            raise HttpError(409, "too-many", f"there are {MOST} webhooks already")
        await outbox.put_endpoint(endpoint)
    return _with_secret(endpoint, answer)


@webhooks.get("/webhooks/{webhook_id}")
async def get_webhook(endpoint: TheEndpoint) -> WebhookAnswer:
    """One of them."""
    return _answer(endpoint)


@webhooks.patch("/webhooks/{webhook_id}")
async def update_webhook(
    sfu: Sfu, turns: InTurn, outbox: TheOutbox, webhook_id: str, wanted: WebhookUpdate
) -> WebhookAnswer:
    """Tell it something else, or at another URL, where what waits goes too."""
    if wanted.url is not None:
        _check_url(sfu, wanted.url)
    async with turns.of(TURN):
        endpoint = await _endpoint(outbox, webhook_id)
        if wanted.url is not None:
            endpoint = replace(endpoint, url=wanted.url)
        if wanted.types is not None:
            endpoint = replace(endpoint, types=tuple(wanted.types))
        await outbox.put_endpoint(endpoint)
    return _answer(endpoint)


webhooks.post("/webhooks/{webhook_id}", name="post_webhook")(update_webhook)


@webhooks.delete("/webhooks/{webhook_id}")
async def delete_webhook(turns: InTurn, outbox: TheOutbox, webhook_id: str) -> DeletedWebhook:
    """Tell it nothing more; what waits for it is dropped."""
    async with turns.of(TURN):
        endpoint = await _endpoint(outbox, webhook_id)
        await outbox.remove_endpoint(endpoint.id)
    return DeletedWebhook(id=endpoint.id)


@webhooks.post("/webhooks/{webhook_id}/rotate-secret")
async def rotate_secret(
    turns: InTurn, outbox: TheOutbox, webhook_id: str, answer: Response
) -> WebhookWithSecret:
    """Sign with another secret. For a day the one before signs too, in the same header."""
    async with turns.of(TURN):
        endpoint = await _endpoint(outbox, webhook_id)
        rotated = replace(
            endpoint,
            secret=new_secret(),
            former_secret=endpoint.secret,
            former_until=time.time() + EXCHANGE_SECONDS,
        )
        await outbox.put_endpoint(rotated)
    return _with_secret(rotated, answer)


@webhooks.get("/webhooks/{webhook_id}/dead-letters")
async def list_dead_letters(
    outbox: TheOutbox,
    endpoint: TheEndpoint,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
    starting_after: Annotated[int, Query(ge=0, lt=2**63, description="a letter's number")] = 0,
) -> DeadLetterPage:
    """What has not reached it."""
    found = await outbox.dead_letters(endpoint.id, starting_after, limit)
    return DeadLetterPage(total_count=len(found), data=[_dead(each) for each in found])


@webhooks.post("/webhooks/{webhook_id}/replay")
async def replay(outbox: TheOutbox, endpoint: TheEndpoint, wanted: Replay) -> Replayed:
    """Try dead letters again, for another day."""
    return Replayed(replayed=await outbox.replay(endpoint.id, wanted.numbers))


def _check_url(sfu: SFU, url: str) -> None:
    try:
        Targets(sfu.config.webhook_allowed_networks).check_url(url)
    except ValueError as error:
        raise HttpError(400, "bad-request", f"url: {error}") from None


def _answer(endpoint: Endpoint) -> WebhookAnswer:
    return WebhookAnswer(**_shown(endpoint))


def _with_secret(endpoint: Endpoint, answer: Response) -> WebhookWithSecret:
    answer.headers["Cache-Control"] = "no-store"
    return WebhookWithSecret(**_shown(endpoint), secret=endpoint.secret)


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "types": list(endpoint.types),
        "created_at": endpoint.created_at,
    }


def _dead(letter: Letter) -> DeadLetter:
    return DeadLetter(
        number=letter.number,
        message_id=letter.message_id,
        type=letter.type,
        body=letter.body,
        attempts=letter.attempts,
        error=letter.error,
    )
