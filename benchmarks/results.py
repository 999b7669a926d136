"""A file of results: what was measured, on which machine, of which commit, by which command."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report

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


def described(shape: str, case: str, result: Result) -> Result:
    """With its place in the suite, and where and by what it was measured."""
    named = {"shape": shape, "case": case, **result}
    return report.complete(named) | {"command": command()}


def add(path: Path, results: Sequence[Result]) -> list[Result]:
    """Write them in place of those of the same cases that the file has; all that it has then."""
    replaced = {(result["shape"], result["case"]) for result in results}
    kept = [one for one in load(path) if (one["shape"], one["case"]) not in replaced]
    return save(path, [*kept, *results])


def save(path: Path, results: Sequence[Result]) -> list[Result]:
    """Write them. Each keeps what it was measured with; the head of the file names the last."""
    head = {name: results[-1][name] for name in PROVENANCE}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**head, "command": command(), "results": results}, indent=1)
    path.write_text(text + "\n")
    return list(results)
