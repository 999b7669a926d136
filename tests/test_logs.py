"""What the server's log looks like to people and to programs."""

import json
import logging
import subprocess
import sys

import pytest

from fastsfu.logs import FORMATTERS


def record(message: str, **about: object) -> logging.LogRecord:
    made = logging.LogRecord("fastsfu.test", logging.INFO, __file__, 1, message, (), None)
    vars(made).update(about)
    return made


def test_text_shows_what_a_line_is_about() -> None:
    line = FORMATTERS["text"]().format(
        record("joined", room="standup", user_name="Ada L", user_id=None)
    )
    assert line.endswith(' INFO fastsfu.test: joined room=standup user_name="Ada L"')


@pytest.mark.parametrize("form", FORMATTERS)
def test_a_name_cannot_forge_a_line(form: str) -> None:
    line = FORMATTERS[form]().format(record("joined", user_name="x\n2026 INFO root: all is well"))
    assert "\n" not in line


def test_json_is_an_object_a_line() -> None:
    line = FORMATTERS["json"]().format(record("left", room="standup", seconds=1.5, path={"a"}))
    read = json.loads(line)
    assert read["time"].endswith("+00:00")
    del read["time"]
    assert read == {
        "level": "info",
        "logger": "fastsfu.test",
        "message": "left",
        "room": "standup",
        "seconds": 1.5,
        "path": "{'a'}",
    }


def test_json_keeps_exceptions_in_their_line() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        failed = record("failed")
        failed.exc_info = sys.exc_info()
    line = FORMATTERS["json"]().format(failed)
    assert "\n" not in line
    assert json.loads(line)["exception"].endswith("ValueError: no\n")


LIBRARY = """
import logging, sys
from fastsfu import logs
logs.start(sys.argv[1], "text")
logging.getLogger("alembic.runtime.plugins").info("setup plugin")
logging.getLogger("fastsfu.server").info("ours")
"""


@pytest.mark.parametrize(("level", "shown"), [("info", 1), ("debug", 2)])
def test_what_the_database_library_says_of_itself_is_for_debugging(level: str, shown: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIBRARY, level], capture_output=True, text=True, check=True
    )
    assert len(done.stderr.splitlines()) == shown
    assert "ours" in done.stderr
