"""Writes a session description (RFC 8866); what `parse` reads comes back line by line.

Within a level, attributes stand last, in the order of section 5.
"""

from collections.abc import Iterable

from fastsfu.sdp.model import MediaDescription, SessionDescription

LINE_END = "\r\n"


def write(description: SessionDescription) -> str:
    """The text of `description`, with CRLF at the end of each line."""
    session = _lines(description.lines) + written_attributes(description.attributes)
    return session + "".join(map(written_section, description.media))


def written_section(media: MediaDescription) -> str:
    """The text of one media section."""
    first = f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}{LINE_END}"
    return first + _lines(media.lines) + written_attributes(media.attributes)


def written_attributes(attributes: Iterable[tuple[str, str | None]]) -> str:
    """Each attribute's line."""
    return "".join(
        f"a={name}{LINE_END}" if value is None else f"a={name}:{value}{LINE_END}"
        for name, value in attributes
    )


def _lines(lines: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{kind}={value}{LINE_END}" for kind, value in lines)
