"""App messages through a real server: who gets what, what is refused, and what a slow one costs."""

import asyncio
from typing import Any

import pytest

from fastsfu.errors import RequestError
from fastsfu.messages.exchange import AppMessage
from fastsfu.session.session import Session
from tests.messages.conftest import API_KEY, Joins
from tests.support.server import LiveServer


async def test_to_all_and_to_some(joined: Joins) -> None:
    ada, ben, cyd = [await joined() for _ in range(3)]
    ada.send("all", {"x": [1, None]})
    ada.send("cyd alone", to=[cyd.session_id, "nobody"])
    ben.send("both", to=[ada.session_id, cyd.session_id])
    await ada.until(lambda: ada.data() == ["both"])
    await ben.until(lambda: ben.data() == ["all", {"x": [1, None]}])
    await cyd.until(lambda: len(cyd.got) == 4)
    assert [each for each in cyd.got if each[0] == ada.session_id] == [
        (ada.session_id, data) for data in ("all", {"x": [1, None]}, "cyd alone")
    ]
    await ada.until(lambda: ada.of("ack")[-1:] == [{"type": "ack", "count": 3}])


async def test_a_message_sent_again_is_given_on_once(joined: Joins) -> None:
    ada, ben = await joined(), await joined()
    ada.send("one")
    ada.number = 0
    ada.send("one", "two")
    await ben.until(lambda: len(ben.got) == 2)
    assert ben.data() == ["one", "two"]


async def test_what_is_wrong_is_refused_and_the_channel_goes_on(joined: Joins) -> None:
    ada, ben = await joined(), await joined()
    ada.send("x" * 4095)
    ada.channel.send("no frame")
    ada.write({"type": "messages", "messages": [{"number": 7, "kind": "else", "data": 1}]})
    ada.number = 7
    ada.channel.send(b"\0" * 60_000)
    ada.send("x" * 4094)
    await ben.until(lambda: bool(ben.got))
    assert ben.data() == ["x" * 4094]
    await ada.until(lambda: len(ada.of("refused")) == 4)
    refused = [(each["number"], each["error"]) for each in ada.of("refused")]
    assert refused == [
        (1, "too-large"),
        (0, "bad-message"),
        (7, "bad-request"),
        (0, "bad-message"),
    ]


async def test_the_application_sees_changes_and_says(server: LiveServer, joined: Joins) -> None:
    seen: list[tuple[str, Any]] = []

    def hook(session: Session, message: AppMessage) -> None:
        seen.append((session.id, message.data))
        if message.data == "curse":
            raise RequestError("Mind your language.", "rude")
        message.data = {"said": message.data}

    ada, ben = await joined(), await joined()
    room = server.sfu.rooms.get("r")
    assert room is not None
    room.on_app_message = hook
    ada.send("curse", "blessing")
    await ben.until(lambda: ben.data() == [{"said": "blessing"}])
    await ada.until(lambda: bool(ada.of("refused")))
    assert ada.of("refused")[0]["error"] == "rude"
    assert seen == [(ada.session_id, "curse"), (ada.session_id, "blessing")]
    room.send_app_message([1], to=[ben.session_id])
    await ben.until(lambda: ben.got[-1] == ("server", [1]))
    with pytest.raises(RequestError, match="at most 4096 bytes"):
        room.send_app_message("x" * 5000)
    with pytest.raises(RequestError, match="JSON"):
        room.send_app_message(object())


async def test_rest(server: LiveServer, joined: Joins) -> None:
    ada = await joined()
    path, key = "/v1/rooms/r/send-app-message", {"Authorization": f"Bearer {API_KEY}"}
    said = await server.http.post(path, json={"data": {"a": 1}}, headers=key)
    assert said.status_code == 204
    await ada.until(lambda: ada.got == [("server", {"a": 1})])
    for body, headers, status in (
        ({"data": 1}, {}, 401),
        ({"data": "x" * 5000}, key, 413),
        ({"to": "*"}, key, 400),
        ({"data": 1, "to": "ada"}, key, 400),
    ):
        answer = await server.http.post(path, json=body, headers=headers)
        assert answer.status_code == status, answer.text
    key["Content-Type"] = "application/json"
    answer = await server.http.post(path, content='{"data": [NaN]}', headers=key)
    assert (answer.status_code, "JSON" in answer.json()["info"]) == (400, True)
    elsewhere = path.replace("/r/", "/else/")
    answer = await server.http.post(elsewhere, json={"data": 1}, headers=key)
    assert (answer.status_code, answer.json()["error"]) == (404, "no-room")


async def test_a_client_that_joins_anew_misses_nothing(joined: Joins) -> None:
    ada, ben = await joined(), await joined()
    ben.reads = False
    ada.send("one", "two")
    await ben.until(lambda: len(ben.got) == 2)
    await ben.connection.close()
    ada.send("while he was away")
    await ada.until(lambda: ada.of("ack")[-1:] == [{"type": "ack", "count": 3}])
    previous = {"session_id": ben.session_id, "resume_key": ben.resume_key}
    again = await joined(replaces=previous)
    assert again.origin == ben.session_id != again.session_id
    ada.send("to his old name", to=[ben.session_id])
    await again.until(lambda: len(again.got) == 4)
    assert again.data() == ["one", "two", "while he was away", "to his old name"]
    ben.number, again.number = 5, 5
    again.send("here again")
    await ada.until(lambda: bool(ada.got))
    assert ada.got == [(again.session_id, "here again")]
    thief = await joined(replaces={**previous, "resume_key": "guessed"})
    assert thief.origin == thief.session_id


@pytest.mark.parametrize("options", [{"app_message_burst": 100_000}])
async def test_a_slow_receiver_costs_the_others_nothing(server: LiveServer, joined: Joins) -> None:
    ada, ben, slow = [await joined() for _ in range(3)]
    slow.reads = False
    for number in range(1500):
        ada.send(number)
    await ben.until(lambda: len(ben.got) == 1500)
    assert ben.data() == list(range(1500))
    await slow.until(lambda: len(slow.got) == 1000)
    slow.reads = True
    slow.write({"type": "ack", "count": 1000})
    await slow.until(lambda: bool(slow.of("lost")))
    ada.send("later")
    await slow.until(lambda: len(slow.got) == 1001)
    assert slow.data() == [*range(1000), "later"]
    assert slow.of("lost") == [{"type": "lost", "count": 500}]
    counts = server.sfu.rooms.message_counts
    assert (counts.received, counts.missed) == (1501, 500)
    metrics = await server.http.get("metrics", headers={"Authorization": f"Bearer {API_KEY}"})
    assert "fastsfu_app_messages_missed_total 500.0" in metrics.text
    assert f"fastsfu_app_messages_delivered_total {float(counts.delivered)}" in metrics.text
    assert counts.delivered >= 1000


@pytest.mark.parametrize("options", [{"app_messages_per_second": 100, "app_message_burst": 10}])
async def test_a_flood_waits_at_its_sender(joined: Joins) -> None:
    flood, ada, ben = [await joined() for _ in range(3)]
    flood.send(*range(60))
    flood.send(*range(60, 120))
    started = asyncio.get_running_loop().time()
    ada.send("not held up")
    await ben.until(lambda: "not held up" in ben.data())
    assert len(ben.got) <= 61, "the second frame was not read yet"
    await ben.until(lambda: len(ben.got) == 121)
    assert asyncio.get_running_loop().time() - started >= 0.4
    assert [data for data in ben.data() if data != "not held up"] == list(range(120))
