"""docs/interop.md: what was seen of each client, written by the tests that see it."""

import fcntl
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "interop.md"
COLUMNS = ("version", "publishes", "watches", "data channels", "trickle", "ICE restart", "4 % loss")
INTRODUCTION = """# Clients that were tried

<!-- Written by the tests in tests/interop, each cell by the one that saw it. -->

By WHIP and WHEP, over UDP on the loopback (GStreamer, whose ICE takes no address of the loopback,
over TCP there, and by another address with loss). Frames are counted at the far end: what a client
publishes is decoded by aiortc, and what it watches it gets from this server. A data channel that
the application takes is answered; one that it does not take is closed, and the client notices. With
loss, 4 % of all datagrams are lost each way between the client and the server. Where no ICE restart
was seen it is the client that lacks it: libdatachannel and webrtcbin have none, werift sends no
checks after one, and whip-whep puts commas between the candidates that it is answered with.

"""


def note(client: str, **cells: str) -> None:
    """What was just seen of a client, by column (`_` for a blank); the other cells stay."""
    with DOCUMENT.open("a") as alone:  # the tests may run in several processes
        fcntl.flock(alone, fcntl.LOCK_EX)
        rows = _read()
        row = rows.setdefault(client, {})
        row.update({name.replace("_", " "): cell for name, cell in cells.items()})
        text = INTRODUCTION + _written(rows)
        if DOCUMENT.read_text() != text:
            DOCUMENT.write_text(text)


def _read() -> dict[str, dict[str, str]]:
    lines = DOCUMENT.read_text().splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    return {row[0]: dict(zip(COLUMNS, row[1:], strict=True)) for row in rows[2:]}


def _written(rows: dict[str, dict[str, str]]) -> str:
    cells = [[name, *(rows[name].get(each, "") for each in COLUMNS)] for name in sorted(rows)]
    table = [["client", *COLUMNS], ["---"] * (1 + len(COLUMNS)), *cells]
    return "".join(f"| {' | '.join(row)} |\n" for row in table)
