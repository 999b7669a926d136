"""Logs of the server process: a line of text for people, or an object of JSON for programs.

What a line is about (session, room, user, seconds, bytes, ...) is given to the logger as `extra`:
text shows it behind the message, JSON as members.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

LEVELS = ("debug", "info", "warning", "error")
_OF_EVERY_RECORD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def start(level: str, form: str) -> None:
    """Log to stderr from now on; `level` is one of LEVELS, `form` one of FORMATTERS."""
    handler = logging.StreamHandler()
    handler.setFormatter(FORMATTERS[form]())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    if level == "info":
        logging.getLogger("alembic").setLevel("WARNING")  # a dozen lines at each start


class TextFormatter(logging.Formatter):
    """`2026-01-31 12:00:00,000 INFO fastsfu.tls: message name=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        shown = [f"{name}={_plain(value)}" for name, value in about(record).items()]
        return " ".join([super().formatMessage(record), *shown])


class JsonFormatter(logging.Formatter):
    """One object a line: `time` (RFC 3339, UTC), `level`, `logger`, `message`, what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        members: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **about(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            members["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(members, default=str)


FORMATTERS: dict[str, type[logging.Formatter]] = {"text": TextFormatter, "json": JsonFormatter}


def about(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`; members that are None are left out."""
    return {
        name: value
        for name, value in vars(record).items()
        if name not in _OF_EVERY_RECORD and value is not None
    }


def _plain(value: Any) -> str:
    """A value of text, in quotes where it would be taken for several."""
    text = str(value)
    return text if text.isascii() and text.isprintable() and " " not in text else json.dumps(text)
