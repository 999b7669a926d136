"""A session's statistics with the real engine, also where its room spreads over two workers."""

from typing import Literal

import pytest

from fastsfu.sfu import SFU
from tests.support.domain_peer import CONFIG, DomainPeer, until
from tests.support.lossy import lossy


@pytest.mark.parametrize("workers", [1, 2])
async def test_two_get_all_that_the_other_sends(workers: int) -> None:
    config = CONFIG.model_copy(update={"workers": workers, "spread_at": 0.0, "topology": "sfu"})
    async with SFU(config) as sfu:
        ada, bob = await DomainPeer().join(sfu), await DomainPeer().join(sfu)
        assert len({peer.session.engine for peer in (ada, bob)}) == workers
        for peer in (ada, bob):
            await peer.receives("audio")
            await peer.receives("video")
        before = bob.session.stats()
        assert before.path.stage == "media"
        assert before.path.is_own_address

        def flows() -> bool:
            now = bob.session.stats(before)
            return all(
                each.state == "flowing" and each.stream and each.stream.bits_per_second
                for each in now.receives
            ) and all(
                one.bits_per_second and (one.height or each.source == "audio")
                for each in (*now.receives, *now.sends)
                for one in each.encodings
            )

        await until("all to flow both ways", flows)
        after = bob.session.stats(before)
        assert {(each.session_id, each.source) for each in after.receives} == {
            (ada.session.id, "audio"),
            (ada.session.id, "video"),
        }
        assert [each.limit for each in after.receives] == [None, None]
        assert [each.encoding for each in after.receives] == [0, 0]
        [picture] = [each for each in after.receives if each.source == "video"]
        assert picture.height == picture.encodings[0].height
        assert picture.height
        assert all(one.bits_per_second for each in after.sends for one in each.encodings)
        assert after.why == []
        for peer in (ada, bob):
            await peer.close()
        await until("both to be gone", lambda: bool(ada.ended and bob.ended))


@pytest.mark.parametrize("way", ["up", "down"])
async def test_what_is_lost_shows_on_the_side_where_it_is(way: Literal["up", "down"]) -> None:
    async with SFU(CONFIG.model_copy(update={"topology": "sfu", "workers": 1})) as sfu:
        (engine,) = sfu.engines
        host = next(each.address for each in engine.candidates if ":" not in each.address)
        ada, bob = DomainPeer(), DomainPeer()
        async with lossy(engine.port, 0.2, host=host, only=way) as wire:
            ada.alter_answer = wire.through
            for peer in (ada, bob):
                await peer.join(sfu)

            def lost(peer: DomainPeer) -> tuple[float, float]:
                path = peer.session.stats().path
                return path.fraction_lost_up, path.fraction_lost_down

            side = ("up", "down").index(way)
            await until("the loss", lambda: lost(ada)[side] > 0.05, 30)
            assert lost(ada)[1 - side] == 0
            assert lost(bob) == (0, 0)
            between = ("the client and the server", "the server and the client")[side]
            assert any(f"lost between {between}" in each for each in ada.session.stats().why)
            for peer in (ada, bob):
                await peer.close()
