"""How an application tests its calls, with pytest: `pytest examples/test_an_application.py`.

The first two tests need no network; the third has two participants in the application as it is
served, who could also send and hear.
"""

import asyncio

import fastapi
import pytest

import fastsfu
import fastsfu.client
from fastsfu import testing

pytest_plugins = ["fastsfu.testing.fixtures"]  # in a conftest.py, where there are several files


async def test_a_full_room_takes_nobody_more(sfu: fastsfu.SFU) -> None:
    sfu.rooms.create("standup", max_participants=1)
    async with testing.guest(sfu, "standup", "Ada"):
        with pytest.raises(fastsfu.JoinError, match="takes 1"):
            async with testing.guest(sfu, "standup", "Bob"):
                pass


async def test_who_is_ejected_is_told_and_stays_out(sfu: fastsfu.SFU) -> None:
    token = sfu.token("standup", user_id="eve")
    async with testing.guest(sfu, "standup", "Eve", token=token) as eve:
        eve.session.room.eject("eve")
        assert (await eve.expect(fastsfu.events.Ended)).reason == "ejected"
    with pytest.raises(fastsfu.JoinError):
        async with testing.guest(sfu, "standup", token=token):
            pass


async def test_what_one_says_the_other_hears() -> None:
    sfu = fastsfu.SFU(testing.loopback())
    app = fastapi.FastAPI()
    app.mount("/calls", fastsfu.asgi_app(sfu))
    async with sfu, testing.serving(app) as served:
        joining = [
            fastsfu.client.join(
                f"{served.url}calls", room="standup", token=sfu.token("standup"), name=name,
                ssl=served.ssl,
            )
            for name in ("Ada", "Bob")
        ]  # fmt: skip
        async with joining[0] as ada, joining[1] as bob:
            heard: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()
            bob.once("app-message", heard.set_result)
            ada.send_app_message({"hello": "all"})
            assert (await heard)["data"] == {"hello": "all"}
