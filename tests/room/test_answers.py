"""room/answers: what is kept in memory is bounded, and the newest of it."""

import pytest

from fastsfu.room import answers
from fastsfu.room.answers import AnswersInMemory, KeptAnswer


def answer(key: str, size: int = 10) -> KeptAnswer:
    return KeptAnswer("owner", key, b"", 200, {}, bytes(size))


async def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST", 3)
    monkeypatch.setattr(answers, "MOST_BYTES", 100)
    kept = AnswersInMemory()
    for key in "abcd":
        await kept.keep_answer(answer(key))
    assert await kept.find_answer("owner", "a") is None, "too many"
    await kept.keep_answer(answer("b"))
    await kept.keep_answer(answer("e", 85))
    found = [key for key in "abcde" if await kept.find_answer("owner", key)]
    assert found == ["b", "e"], "too large; b was kept anew"
    await kept.keep_answer(answer("f", 101))
    assert await kept.find_answer("owner", "f") is None
    await kept.keep_answer(answer("g", 100))
    assert await kept.find_answer("owner", "g") is not None, "what is forgotten counts no more"
