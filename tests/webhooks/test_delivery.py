"""One POST, to a real server: what counts as arrived, and where nothing may go."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from fastsfu.room.outbox import Endpoint, Letter
from fastsfu.transport.targets import Targets
from fastsfu.webhooks import delivery
from fastsfu.webhooks.delivery import Deliveries, Refused
from tests.support.receiver import Receiver, receiving

LETTER = Letter(1, "msg_1", "room.started", '{"id": "msg_1", "é": 1}', 0.0)
LOOPBACK = Targets(["127.0.0.0/8", "::1/128"])


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with receiving(tmp_path) as found:
        yield found


async def post(receiver: Receiver, targets: Targets = LOOPBACK, **options: Any) -> None:
    deliveries = Deliveries(targets, options.get("trust", receiver.trust))
    try:
        await deliveries.post(Endpoint(options.get("url", receiver.url)), LETTER)
    finally:
        await deliveries.close()


async def test_what_arrives_is_signed_and_whole(receiver: Receiver) -> None:
    endpoint = Endpoint(receiver.url)
    receiver.secret = endpoint.secret
    deliveries = Deliveries(LOOPBACK, receiver.trust)
    for _ in range(3):
        await deliveries.post(endpoint, LETTER)
    await deliveries.close()
    assert receiver.taken == [{"id": "msg_1", "é": 1}] * 3


@pytest.mark.parametrize(
    ("said", "connections"), [(0, 1), (1000, 1), (10_000_000, 3)], ids=["silent", "short", "long"]
)
async def test_a_connection_serves_until_an_answer_is_too_long_to_read(
    receiver: Receiver, said: int, connections: int
) -> None:
    receiver.says = bytes(said)
    if said:
        receiver.answer = lambda _: asyncio.sleep(0, 200)  # 204 has no body
    deliveries = Deliveries(LOOPBACK, receiver.trust)
    for _ in range(3):
        await deliveries.post(Endpoint(receiver.url), LETTER)
    await deliveries.close()
    assert len(receiver.taken) == 3
    assert len(receiver.clients) == connections


@pytest.mark.parametrize("status", [301, 307, 400, 410, 500])
async def test_any_other_status_is_a_failure(receiver: Receiver, status: int) -> None:
    async def answers(_: object) -> int:
        return status

    receiver.answer = answers
    with pytest.raises(Refused, match=str(status)):
        await post(receiver)
    assert receiver.refused == 1, "a redirection is not followed"


async def test_a_name_that_leads_inside_is_refused(receiver: Receiver) -> None:
    with pytest.raises(Refused, match="no address that is public"):
        await post(receiver, Targets())
    with pytest.raises(Refused, match="not public"):
        await post(receiver, Targets(), url=receiver.url.replace("localhost", "127.0.0.1"))
    assert not receiver.taken


async def test_a_stranger_s_certificate_is_refused(receiver: Receiver) -> None:
    with pytest.raises(Refused):
        await post(receiver, trust=ssl.create_default_context())
    assert not receiver.taken


async def test_one_that_does_not_answer_is_given_up(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = asyncio.Event()

    async def never(_: object) -> int:
        await held.wait()
        return 204

    receiver.answer = never
    monkeypatch.setattr(delivery, "SECONDS", 0.3)
    with pytest.raises(Refused, match="no answer"):
        await post(receiver)
    held.set()


async def test_one_that_is_not_there_is_a_failure(
    receiver: Receiver, unused_tcp_port_factory: Callable[[], int]
) -> None:
    url = f"https://localhost:{unused_tcp_port_factory()}/told"
    with pytest.raises(Refused):
        await post(receiver, url=url)


async def test_the_next_address_is_tried_when_nobody_answers_at_the_first(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a name with an IPv6 address whose server listens on IPv4 alone."""
    loop = asyncio.get_running_loop()
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    found = [(0, 0, 0, "", (address, port)) for address in ("127.0.0.77", "127.0.0.1")]

    async def look_up(*_arguments: Any, **_options: Any) -> Any:
        return found

    monkeypatch.setattr(loop, "getaddrinfo", look_up)
    await post(receiver)
    assert len(receiver.taken) == 1
    found.pop()
    with pytest.raises(Refused, match="connection failed"):
        await post(receiver)
