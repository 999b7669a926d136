"""Reads a session description (RFC 8866) line by line, within bounds; meaning is negotiate.py's.

Most sections of a large call's offer are alike but for their mid: those are read once.

Lines end with CRLF or LF. What clients get wrong without harm is taken: blanks at the end of a
line, lines of nothing else, capitals in an attribute's name. Whatever the text, the only error is
OfferError. Errors quote at most a few characters, and no attribute's value: it may be an ICE
password.
"""

import re

from fastsfu.errors import OfferError
from fastsfu.sdp.model import MediaDescription, SessionDescription

MAX_SIZE = 2 * 1024 * 1024  # characters: 500 media sections of a browser
MAX_SECTIONS = 512
MAX_LINE = 8192
MAX_LINES = 100_000

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LIKELY_MID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # looked at apart from its section
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")  # RFC 8866 section 9
_SECTION = "\nm="  # is before each section's first line
_BLANKS = " \t"
_SHOWN = 24


def parse(text: str, most_sections: int = MAX_SECTIONS) -> SessionDescription:
    """The description in `text`; of MAX_SECTIONS in any case. Raises OfferError."""
    most = min(most_sections, MAX_SECTIONS)
    text = _bounded(text)
    head, *sections = text.split(_SECTION)
    if len(sections) > most:
        raise OfferError(f"At most {most} media sections are taken.")
    lines = _lines(head, 1)
    _check_first(lines or _lines("".join(sections[:1]), 1))
    description = SessionDescription()
    _read_level(description, lines)
    reader = _SectionReader(text)
    start = len(head) + len(_SECTION)
    for section in sections:
        description.media.append(reader.read(section, start))
        start += len(section) + len(_SECTION)
    return description


class _SectionReader:
    """Reads the sections of one description; those that are alike share what is read."""

    def __init__(self, description: str) -> None:
        self._description = description
        # By their text without the mid; with the place of the mid among the attributes.
        self._known: dict[str, tuple[MediaDescription, int]] = {}

    def read(self, text: str, start: int) -> MediaDescription:
        """The section that begins with "m=" before `text`, which is at `start`."""
        before, _, rest = text.partition("\na=mid:")
        mid, _, after = rest.partition("\n")
        mid = mid.removesuffix("\r").rstrip(_BLANKS)
        alike = f"{before}\n{after}" if _LIKELY_MID.fullmatch(mid) else None
        if alike in self._known:
            like, position = self._known[alike]
            return like.with_mid(mid, position)
        number = self._description.count("\n", 0, start) + 1
        lines = _lines(f"m={text}", number)
        section = _media(_split(lines[0][1], number)[1], number)
        _read_level(section, lines[1:])
        mids = [i for i, (name, _) in enumerate(section.attributes) if name == "mid"]
        section.mids = tuple(section.attributes[i][1] or "" for i in mids)
        if alike is not None and len(mids) == 1:
            self._known[alike] = section, mids[0]
        return section


def _check_first(lines: list[tuple[int, str]]) -> None:
    first = lines[0][1] if lines else ""
    if first != "v=0":
        came = shown(first) if first else "nothing"
        raise OfferError(f"A description begins with v=0, this one with {came}.")


def _read_level(level: SessionDescription | MediaDescription, lines: list[tuple[int, str]]) -> None:
    for number, line in lines:
        kind, value = _split(line, number)
        if kind == "a":
            level.attributes.append(_attribute(value, number))
        else:
            level.lines.append((kind, value))


def shown(text: str) -> str:
    """A piece of an offer as it may stand in an error."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def _bounded(text: str) -> str:
    """`text` within the bounds of a description, without the end of its last line."""
    if len(text) > MAX_SIZE:
        raise OfferError(f"A description has at most {MAX_SIZE} characters, this one {len(text)}.")
    text = text.rstrip("\n")
    if (count := text.count("\n") + 1) > MAX_LINES:
        raise OfferError(f"A description has at most {MAX_LINES} lines, this one {count}.")
    return text


def _lines(text: str, first: int) -> list[tuple[int, str]]:
    """The lines that say something, with their numbers from `first` on."""
    stripped = (line.removesuffix("\r").rstrip(_BLANKS) for line in text.split("\n"))
    lines = [(number, line) for number, line in enumerate(stripped, start=first) if line]
    if control := next((number for number, line in lines if _CONTROL.search(line)), None):
        raise OfferError(f"Line {control} has a control character in it.")
    return lines


def _split(line: str, number: int) -> tuple[str, str]:
    if len(line) > MAX_LINE:
        raise OfferError(f"Line {number} is longer than {MAX_LINE} characters.")
    if len(line) < 2 or line[1] != "=" or not ("a" <= line[0] <= "z"):
        raise OfferError(f"Line {number}: x=value was expected, {shown(line[:4])} came.")
    return line[0], line[2:]


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


def _attribute(value: str, number: int) -> tuple[str, str | None]:
    name, colon, rest = value.partition(":")
    if not _TOKEN.fullmatch(name):
        raise OfferError(f"Line {number}: a=name or a=name:value was expected.")
    return name.lower(), rest if colon else None
