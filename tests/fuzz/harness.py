"""Feeds a parser mutated and random input and keeps what led to something new.

A run is decided by its seed and the corpus alone. Short by default (a fixed number of inputs);
FASTSFU_FUZZ_SECONDS makes it long and FASTSFU_FUZZ_SEED repeats one. `make fuzz` lets libFuzzer do
it instead (coverage.py). The input being tried stands
in build/fuzz/NAME, so that it is known even when the process dies of it.
"""

import os
import random
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from mmap import mmap
from pathlib import Path

from tests.fuzz import coverage

FOLDER = Path("build/fuzz")
SHORT_INPUTS = 12_000
LARGEST_INPUT = 1 << 16
LARGEST_CORPUS = 2000
TELLING_BYTES = b"\x00\x01\x03\x04\x07\x0f\x10\x14\x1f\x20\x3f\x40\x7f\x80\xbf\xc0\xfe\xff"

Target = Callable[[bytes], Hashable]


def fuzz(
    name: str,
    target: Target,
    corpus: Sequence[bytes],
    largest: int = 1500,
    inputs: int = SHORT_INPUTS,
) -> None:
    """`target` asserts what must hold for any input and returns what it made of it: an input with
    an outcome not seen before joins the corpus. `largest`: bytes of an input. `inputs`: how many a
    short run has, fewer where the slow reference takes its time."""
    if coverage.runner is not None:
        coverage.runner(name, target, corpus, largest)
        return
    seed = int(os.environ.get("FASTSFU_FUZZ_SEED") or _fresh_seed())
    chance = random.Random(seed)
    known = [*corpus, *coverage.kept(name, largest)]
    outcomes = {target(data) for data in known}
    tried = 0
    with _Record(name) as record:
        for tried in _turns(inputs):
            data = mutate(chance, known, largest)
            record.write(data)
            try:
                outcome = target(data)
            except BaseException as failure:
                failure.add_note(f"fuzz {name}: seed {seed}, input {tried}: {data.hex()}")
                raise
            if outcome not in outcomes and len(known) < LARGEST_CORPUS:
                outcomes.add(outcome)
                known.append(data)
    print(f"fuzz {name}: seed {seed}, {tried} inputs, {len(outcomes)} outcomes")  # noqa: T201


def mutate(chance: random.Random, corpus: Sequence[bytes], largest: int) -> bytes:
    """One of the corpus, changed in one to five places; now and then bytes that mean nothing."""
    if chance.random() < 0.02:
        return chance.randbytes(chance.randrange(min(largest, 200)))
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.randint(1, 5)):
        chance.choice(_MUTATIONS)(chance, data, corpus)
    return bytes(data[:largest])


def _flip(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _telling_byte(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice(TELLING_BYTES)


def _small_number(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    """A 16-bit length, a little more or less than it was or than what is left."""
    if len(data) >= 2:
        place = chance.randrange(len(data) - 1)
        was = int.from_bytes(data[place : place + 2], "big")
        base = chance.choice([was, len(data) - place - 2, (len(data) - place - 2) // 4])
        value = max(0, base + chance.randint(-4, 4)) & 0xFFFF
        data[place : place + 2] = value.to_bytes(2, "big")


def _cut(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    start = chance.randrange(len(data) + 1)
    del data[start : start + chance.choice([1, 2, 4, 8, 64, 10_000])]


def _insert(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    place = chance.randrange(len(data) + 1)
    data[place:place] = chance.randbytes(chance.choice([1, 2, 4, 8, 20]))


def _repeat(chance: random.Random, data: bytearray, _: Sequence[bytes]) -> None:
    start = chance.randrange(len(data) + 1)
    place = chance.randrange(len(data) + 1)
    data[place:place] = data[start : start + chance.choice([1, 4, 12, 24])]


def _splice(chance: random.Random, data: bytearray, corpus: Sequence[bytes]) -> None:
    other = chance.choice(corpus)
    data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other) + 1) :]


_MUTATIONS = (
    _flip,
    _flip,
    _telling_byte,
    _telling_byte,
    _small_number,
    _cut,
    _insert,
    _repeat,
    _splice,
)


def _fresh_seed() -> int:
    """The short run is the same every time; a long one is not, and says its seed."""
    return int.from_bytes(os.urandom(6), "big") if "FASTSFU_FUZZ_SECONDS" in os.environ else 1


def _turns(inputs: int) -> Iterator[int]:
    seconds = os.environ.get("FASTSFU_FUZZ_SECONDS")
    if seconds is None:
        yield from range(inputs)
        return
    end = time.monotonic() + float(seconds)
    turn = 0
    while time.monotonic() < end:
        yield turn
        turn += 1


class _Record:
    """The input being tried, in a file that outlives the process; removed when all went well."""

    def __init__(self, name: str) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._path = FOLDER / name

    def __enter__(self) -> "_Record":
        self._path.write_bytes(bytes(4 + LARGEST_INPUT))
        with self._path.open("r+b") as file:
            self._map = mmap(file.fileno(), 0)
        return self

    def write(self, data: bytes) -> None:
        self._map[: 4 + len(data)] = len(data).to_bytes(4, "big") + data

    def __exit__(self, kind: object, *_: object) -> None:
        self._map.close()
        if kind is None:
            self._path.unlink()
