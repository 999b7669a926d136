"""When sessions are asked for another offer."""

import asyncio

from fastsfu.room.requests import ASKED_AT_ONCE, SectionRequests
from tests.support.virtual_time import virtually


class Watcher:
    """As much of a session as is asked for an offer."""

    def __init__(self) -> None:
        self.asked = 0

    def ask(self) -> bool:
        self.asked += 1
        return True


@virtually
async def test_no_turn_of_the_loop_asks_more_than_a_few() -> None:
    requests, watchers = SectionRequests(), [Watcher() for _ in range(2 * ASKED_AT_ONCE + 1)]
    for each in watchers:
        requests.add(each)
    turns = []
    while sum(each.asked for each in watchers) < len(watchers):
        before = sum(each.asked for each in watchers)
        await asyncio.sleep(0)
        turns.append(sum(each.asked for each in watchers) - before)
    assert [asked for asked in turns if asked] == [ASKED_AT_ONCE, ASKED_AT_ONCE, 1]
    assert {each.asked for each in watchers} == {1}
