"""What it costs the event loop that people come into a call, one after the other, each with camera
and microphone, and each received by all who are there.

They are clients of docs/signaling.md over WSS, with the sections that Chromium offers, real ICE and
DTLS; each waits until everybody receives the one before. CPU is that of the server's first thread,
which is the event loop's; `--no-maps` is a client that knows nothing of empty sections. The longest
turn of the loop is measured by `--watch`, which costs a little itself.
"""

import asyncio
import time
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.forward import SERVER_CORE, keep_apart
from benchmarks.load.certificate import Identity
from benchmarks.load.peer import Peer
from benchmarks.load.person import OURS, Person
from benchmarks.load.server import SECRET, ServerProcess
from benchmarks.load.watched import longest_turn_ms
from fastsfu.auth.tokens import Tokens

ROOM = "joining"
LOOK_SECONDS = 0.01
PATIENCE = 30.0


async def all_receive(people: list[Person]) -> None:
    """Wait until everybody receives everybody else."""
    deadline = time.monotonic() + PATIENCE
    wanted = len(OURS) * (len(people) - 1)
    while any(len(one.subscriptions) < wanted or not one.connected.is_set() for one in people):
        if time.monotonic() > deadline:
            raise TimeoutError("somebody does not receive everybody")
        await asyncio.sleep(LOOK_SECONDS)


async def come(server: ServerProcess, count: int, maps: bool) -> list[int]:
    """Let them all come; the event loop's CPU time of each join, in ns, and the offers made."""
    url = server.url.replace("https:", "wss:") + "/v1/signal"
    identity = Identity.generate()
    people: list[Person] = []
    spent = []
    async with asyncio.TaskGroup() as tasks:
        running = []
        for number in range(count):
            before = server.usage().main_thread_ns
            peer = Peer(identity, ssrcs=(1 + 4 * number, 2 + 4 * number))
            people.append(Person(peer, maps=maps))
            token = Tokens(SECRET).sign(ROOM)
            running.append(tasks.create_task(people[-1].run(url, ROOM, token)))
            running.append(tasks.create_task(people[-1].stay()))
            await all_receive(people)
            spent.append(server.usage().main_thread_ns - before)
        for task in running:
            task.cancel()
    for person in people:
        person.peer.socket.close()
    return [*spent, sum(person.offers for person in people)]


def run(
    people: int, maps: bool, core: int | None = None, *, watched: bool = False
) -> dict[str, Any]:
    """One storm."""
    settings = {"FASTSFU_MAX_STREAMS": str(4 * (people + 2) ** 2)}
    with ServerProcess(core=core, environment=settings, watched=watched) as server:
        begun = time.monotonic()
        *spent, offers = asyncio.run(come(server, people, maps))
        ended = time.monotonic()
    turn_ms = longest_turn_ms(server.final_output, begun, ended) if watched else None
    return {
        "scenario": "joining",
        "params": {"people": people, "maps": maps},
        "event_loop_s": round(sum(spent) / 1e9, 3),
        "last_join_ms": round(spent[-1] / 1e6, 1),
        "most_join_ms": round(max(spent) / 1e6, 1),
        "offers": offers,
        "longest_turn_ms": None if turn_ms is None else round(turn_ms, 1),
    }


def main(
    people: Annotated[int, typer.Option(help="How many come.")] = 40,
    maps: Annotated[bool, typer.Option(help="They take what `sections` says.")] = True,
    watch: Annotated[bool, typer.Option(help="Measure the loop's longest turn.")] = False,
) -> None:
    """Measure on this machine: the server on core 0, the load on core 1."""
    keep_apart()
    report.print_json(report.complete(run(people, maps, SERVER_CORE, watched=watch)))


if __name__ == "__main__":
    typer.run(main)
