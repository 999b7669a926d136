"""Reads a session description (RFC 8866) line by line, within bounds; meaning is negotiate.py's.

Most sections of a large call's offer are alike but for their mid: those are read once. Most lines
are the same in all offers of one browser: those are remembered, and nothing that is one client's.

Lines end with CRLF or LF. What clients get wrong without harm is taken: blanks at the end of a
line, lines of nothing else, capitals in an attribute's name. Whatever the text, the only error is
OfferError. Errors quote at most a few characters, and no attribute's value: it may be an ICE
password.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from fastsfu.errors import OfferError
from fastsfu.sdp.model import MediaDescription, SessionDescription

MAX_SIZE = 2 * 1024 * 1024  # characters: 500 media sections of a browser
MAX_SECTIONS = 512
MAX_LINE = 8192
MAX_LINES = 100_000
MAX_KEPT_LINE = 256  # characters of a line that is remembered
# And how it begins: what browsers share. No client's secrets, addresses or names among them.
KEPT = tuple(
    f"a={name}"
    for name in (
        *("rtpmap:", "fmtp:", "rtcp-fb:", "extmap:", "rtcp-mux", "rtcp-rsize"),
        *("sendrecv", "sendonly", "recvonly", "inactive"),
    )
)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PLAIN_MID = re.compile(r"[A-Za-z0-9_-]{1,64}(?=\r?\n)")  # and nothing else in its line
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")  # RFC 8866 section 9
_MID = "\na=mid:"
_SECTION = "m="  # begins a section, and the line of its media
_BLANKS = " \t"
_BLANKS_AND_ENDS = f"{_BLANKS}\r\n"
_SHOWN = 24


def parse(text: str, most_sections: int = MAX_SECTIONS) -> SessionDescription:
    """The description in `text`; of MAX_SECTIONS in any case. Raises OfferError."""
    if len(text) > MAX_SIZE:
        raise OfferError(f"A description has at most {MAX_SIZE} characters, this one {len(text)}.")
    reader = _Reader(text if text.endswith("\n") else f"{text}\n")
    level, number = reader.next_level()
    _check_first(level.strip(_BLANKS_AND_ENDS).partition("\n")[0].rstrip(_BLANKS_AND_ENDS))
    description = SessionDescription()
    _read_level(description, _lines(level, number))
    most = min(most_sections, MAX_SECTIONS)
    while reader.has_more:
        if len(description.media) == most:
            raise OfferError(f"At most {most} media sections are taken.")
        description.media.append(reader.read_section())
    return description


class _Line(NamedTuple):
    kind: str
    value: str
    attribute: tuple[str, str | None] | None  # (name, value) of a=


class _BadLineError(Exception):
    """What is wrong with it, to be said after its number."""


class _Shape(NamedTuple):
    """A section that was read, and the text around its mid: what has the same is like it."""

    before: str
    after: str
    lines: int
    section: MediaDescription
    position: int  # of the mid among the attributes


class _Reader:
    """Goes through a description. Of a section that is like one before, only the mid is read: the
    rest of it is compared, and its end is where that one's was.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._shapes: dict[str, _Shape] = {}  # the last one of each that begins with this line

    @property
    def has_more(self) -> bool:
        return self._at < len(self._text)

    def read_section(self) -> MediaDescription:
        shape = self._shapes.get(self._text[self._at : self._text.index("\n", self._at)])
        mid = shape and self._mid_in(shape)
        if shape is None or mid is None:
            return self._read_new()
        self._pass(self._at + len(shape.before) + len(mid) + len(shape.after), shape.lines)
        return shape.section.with_mid(mid, shape.position)

    def next_level(self) -> tuple[str, int]:
        """The text until the next section, and the number of its first line."""
        start, number = self._at, self._line
        found = self._text.find(f"\n{_SECTION}", start)
        end = len(self._text) if found == -1 else found + 1
        self._pass(end, self._text.count("\n", start, end))
        return self._text[start:end], number

    def _mid_in(self, shape: _Shape) -> str | None:
        """That of what comes next, if it is like this."""
        text = self._text
        if not text.startswith(shape.before, self._at):
            return None
        found = _PLAIN_MID.match(text, self._at + len(shape.before))
        if found is None or not text.startswith(shape.after, found.end()):
            return None
        end = found.end() + len(shape.after)
        return found[0] if end == len(text) or text.startswith(_SECTION, end) else None

    def _read_new(self) -> MediaDescription:
        text, number = self.next_level()
        lines = _lines(text, number)
        section = _media(lines[0].value, number)
        _read_level(section, lines[1:])
        mids = [i for i, (name, _) in enumerate(section.attributes) if name == "mid"]
        section.mids = tuple(section.attributes[i][1] or "" for i in mids)
        found = _PLAIN_MID.match(text, text.find(_MID) + len(_MID))
        if found is not None and section.mids == (found[0],):
            shape = text[: found.start()], text[found.end() :], self._line - number
            self._shapes[text[: text.index("\n")]] = _Shape(*shape, section, mids[0])
        return section

    def _pass(self, end: int, lines: int) -> None:
        self._at, self._line = end, self._line + lines
        if self._line > MAX_LINES + 1:
            raise OfferError(f"A description has at most {MAX_LINES} lines.")


def _check_first(line: str) -> None:
    if line != "v=0":
        came = shown(line) if line else "nothing"
        raise OfferError(f"A description begins with v=0, this one with {came}.")


def _read_level(level: SessionDescription | MediaDescription, lines: list[_Line]) -> None:
    level.lines += [(line.kind, line.value) for line in lines if line.attribute is None]
    level.attributes += [line.attribute for line in lines if line.attribute is not None]


def shown(text: str) -> str:
    """A piece of an offer as it may stand in an error."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _lines(text: str, first: int) -> list[_Line]:
    """The lines that say something; the number of the first is for errors."""
    lines = []
    for number, line in enumerate(text.split("\n"), start=first):
        try:
            kept = len(line) <= MAX_KEPT_LINE and line.startswith(KEPT)
            found = _kept_line(line) if kept else _line(line)
        except _BadLineError as error:
            raise OfferError(f"Line {number}{error}") from None
        if found is not None:
            lines.append(found)
    return lines


def _line(line: str) -> _Line | None:
    """None for one that says nothing."""
    line = line.removesuffix("\r").rstrip(_BLANKS)
    if not line:
        return None
    if _CONTROL.search(line):
        raise _BadLineError(" has a control character in it.")
    if len(line) > MAX_LINE:
        raise _BadLineError(f" is longer than {MAX_LINE} characters.")
    if len(line) < 2 or line[1] != "=" or not ("a" <= line[0] <= "z"):
        raise _BadLineError(f": x=value was expected, {shown(line[:4])} came.")
    return _Line(line[0], line[2:], _attribute(line[2:]) if line[0] == "a" else None)


_kept_line = lru_cache(maxsize=1024)(_line)


def _media(value: str, number: int) -> MediaDescription:
    """m=<media> <port>["/" <count>] <proto> <fmt> ... (RFC 8866 section 5.14)"""
    kind, _, rest = value.partition(" ")
    port, _, rest = rest.partition(" ")
    protocol, *formats = rest.split(" ")
    number_of_port = _port(port)
    if number_of_port is None or not all(map(_TOKEN.fullmatch, (kind, *protocol.split("/")))):
        raise OfferError(
            f"Line {number}: m=media port protocol formats was expected, {shown(value)} came."
        )
    if not all(map(_TOKEN.fullmatch, formats)):
        raise OfferError(f"Line {number}: a format in the m= line is no token.")
    if not formats:
        raise OfferError(f"Line {number}: the m= line names no format.")
    return MediaDescription(kind, number_of_port, protocol, formats)


def _port(text: str) -> int | None:
    if re.fullmatch(r"[0-9]{1,5}", text) and int(text) <= 65535:
        return int(text)
    return None


def _attribute(value: str) -> tuple[str, str | None]:
    name, colon, rest = value.partition(":")
    if not _TOKEN.fullmatch(name):
        raise _BadLineError(": a=name or a=name:value was expected.")
    return name.lower(), rest if colon else None
