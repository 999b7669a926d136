"""A file of results: what was measured, on which machine, of which commit, by which command."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Result = dict[str, Any]
PROVENANCE = ("machine", "version", "commit")


def command() -> str:
    """What the user typed, as it can be typed again."""
    arguments = sys.orig_argv[1:]
    return shlex.join(["python", *arguments])


def load(path: Path) -> list[Result]:
    """The results of a file, none when there is no such file; ValueError when it is another's."""
    if not path.exists():
        return []
    content = json.loads(path.read_text())
    if not isinstance(content, dict) or "results" not in content:
        raise ValueError(f"{path} is not a file of benchmark results")
    results: list[Result] = content["results"]
    return results


def save(path: Path, results: Sequence[Result], *, add: bool = False) -> list[Result]:
    """Write them; with `add`, in place of those of the same shapes that the file has. All it has.

    Each result keeps what it was measured with; the head of the file names the last.
    """
    replaced = {result["shape"] for result in results}
    kept = [one for one in load(path) if one["shape"] not in replaced] if add else []
    everything = [*kept, *results]
    head = {name: results[-1][name] for name in PROVENANCE}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**head, "command": command(), "results": everything}, indent=1)
    path.write_text(text + "\n")
    return everything
