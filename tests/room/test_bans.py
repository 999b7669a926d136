"""Who is ejected or banned stays out, also while the way in takes its time."""

import asyncio
from dataclasses import replace

import pytest

from fastsfu.auth.tokens import Grant
from fastsfu.errors import JoinError
from fastsfu.room import bans
from fastsfu.room.departure import Estate
from fastsfu.room.records import InMemory
from fastsfu.sfu import SFU
from tests.room.test_moderation import ADA, EVE, room_of
from tests.support.sessions import Client, Join


async def test_an_ejected_token_stays_out_also_of_the_room_made_anew(join: Join) -> None:
    eve = await join("Eve", grant=EVE)
    room_of(eve).eject(eve.session.id)
    assert eve.session.ended == "ejected"
    assert "standup" not in join.sfu.rooms
    with pytest.raises(JoinError) as refused:
        await join("Eve", grant=EVE)
    assert refused.value.type == "not-allowed"
    await join("Ada", grant=ADA)
    await Join(join.sfu, "elsewhere")("Eve", grant=EVE)
    await join("Eve", grant=replace(EVE, token_id="e2"))


async def test_all_tokens_with_which_a_session_went_on_stay_out(join: Join) -> None:
    eve = await join("Eve", grant=EVE)
    eve.session.renew(replace(EVE, token_id="e2"))
    eve.session.renew(replace(EVE, token_id="e3"))
    room_of(eve).eject(eve.session.id)
    for token_id in ("e1", "e2", "e3"):
        with pytest.raises(JoinError, match="asked to leave"):
            await join("Eve", grant=replace(EVE, token_id=token_id))


async def test_an_ejected_session_does_not_come_back_by_its_resume_key(join: Join) -> None:
    anybody = Grant("standup")
    await join("Ada")
    eve = await join("Eve", grant=anybody, listens=True)
    replaced = (eve.session.id, eve.session.resume_key)
    room_of(eve).eject(eve.session.id)
    with pytest.raises(JoinError, match="asked to leave"):
        await join("Eve", grant=anybody, listens=True, replaces=replaced)
    with pytest.raises(JoinError):
        join.sfu.resume(*replaced, Client())
    await join("Eve", grant=anybody, replaces=(eve.session.id, "of somebody else's making"))


async def test_a_user_is_ejected_everywhere_and_banned_for_a_time(
    join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("Ada", grant=ADA)
    eves = [await join("Eve", grant=replace(EVE, token_id=each)) for each in ("e1", "e2")]
    clock = 1000.0
    monkeypatch.setattr("time.time", lambda: clock)
    room_of(eves[0]).eject("eve", ban=60)
    assert [each.session.ended for each in eves] == ["ejected"] * 2
    with pytest.raises(JoinError, match="This user"):
        await join("Eve", grant=replace(EVE, token_id="e3"))
    clock += 61
    eve = await join("Eve", grant=replace(EVE, token_id="e3"))
    room_of(eve).eject(eve.session.id, ban=True)
    clock += 1e9
    with pytest.raises(JoinError):
        await join("Eve", grant=replace(EVE, token_id="e4"))


async def test_a_ban_ends_with_its_room(sfu: SFU, join: Join) -> None:
    room = sfu.rooms.create("standup")
    eve = await join("Eve", grant=EVE)
    room.eject("eve", ban=True)
    sfu.rooms.delete("standup")
    assert eve.session.ended == "ejected"
    await join("Eve", grant=EVE)


async def test_bans_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "MOST", 2)
    kept = bans.Bans(InMemory())
    for name, until in (("a", None), ("b", 1.0), ("c", None)):
        kept.ban("r", name, until)
    for name in ("a", "c"):
        with pytest.raises(JoinError):
            kept.check("r", Grant("r", user_id=name))
    kept.check("r", Grant("r", user_id="b"))


async def test_no_room_costs_another_its_bans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "MOST", 10)
    kept = bans.Bans(InMemory())
    kept.ban("r", "eve", None)
    for number in range(100):
        kept.ban("other", f"somebody-{number}", None)
    assert [each.whom for each in kept.all()] == ["sub eve"] + [
        f"sub somebody-{number}" for number in range(91, 100)
    ]


async def test_those_of_before_are_bounded_too_and_stay_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another server, whose database it is too, may have room for them."""
    monkeypatch.setattr(bans, "MOST", 10)
    forgotten: list[object] = []
    monkeypatch.setattr(InMemory, "forget_bans", lambda _, *which: forgotten.append(which))
    kept = bans.Bans(InMemory())
    rooms = {"a": 2, "b": 30, "c": 30}
    kept.adopt(
        bans.Ban(room, f"sub {n}", None) for room, many in rooms.items() for n in range(many)
    )
    assert kept.all() == [
        *(bans.Ban("a", f"sub {n}", None) for n in range(2)),
        *(bans.Ban(room, f"sub {n}", None) for room in "bc" for n in range(26, 30)),
    ]
    assert forgotten == []


async def test_a_room_that_the_process_before_has_not_keeps_its_bans_where_they_are_kept(
    sfu: SFU, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be one of another server, whose database it is too."""
    forgotten: list[object] = []
    monkeypatch.setattr(InMemory, "forget_bans", lambda _, *which: forgotten.append(which))
    for name in ("theirs", "ours"):
        sfu.rooms.create(name)
        sfu.rooms.bans.ban(name, "eve", None)
    ours = [each for each in sfu.rooms.states() if each.name == "ours"]
    await sfu.handover.expect(Estate(rooms=ours, bans=[bans.Ban("ours", "sub eve", None)]))
    assert [room.name for room in sfu.rooms] == ["ours"]
    assert forgotten == []
    assert sfu.rooms.bans.all() == [bans.Ban("ours", "sub eve", None)]
    sfu.rooms.delete("ours")
    assert forgotten == [("ours",)]


@pytest.mark.parametrize("ban", [False, True])
async def test_who_is_ejected_while_a_hook_decides_about_another_session_stays_out(
    join: Join, ban: bool
) -> None:
    asked, decided = asyncio.Event(), asyncio.Event()

    async def decide(_: object) -> None:
        asked.set()
        await decided.wait()

    eve = await join("Eve", grant=EVE)
    room = room_of(eve)
    room.on_join = decide
    again = asyncio.create_task(join("Eve", grant=replace(EVE, token_id="e2") if ban else EVE))
    await asked.wait()
    room.eject(eve.session.id, ban=ban)
    decided.set()
    with pytest.raises(JoinError, match="asked to leave"):
        await again
