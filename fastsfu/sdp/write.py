"""Writes a session description (RFC 8866); what `parse` reads comes back line by line.

Within a level, attributes stand last, in the order of section 5.
"""

from collections.abc import Iterator

from fastsfu.sdp.model import Attributes, SessionDescription

LINE_END = "\r\n"


def write(description: SessionDescription) -> str:
    """The text of `description`, with CRLF at the end of each line."""
    return "".join(line + LINE_END for line in _lines(description))


def write_attributes(attributes: Attributes) -> Iterator[str]:
    """Each attribute's line, without its end."""
    for name, value in attributes:
        yield f"a={name}" if value is None else f"a={name}:{value}"


def _lines(description: SessionDescription) -> Iterator[str]:
    yield from (f"{kind}={value}" for kind, value in description.lines)
    yield from write_attributes(description.attributes)
    for media in description.media:
        yield f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}"
        yield from (f"{kind}={value}" for kind, value in media.lines)
        yield from write_attributes(media.attributes)
