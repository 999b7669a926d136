"""The Data Channel Establishment Protocol (RFC 8832): DATA_CHANNEL_OPEN and DATA_CHANNEL_ACK."""

import struct
from dataclasses import dataclass

PPID = 50
PPID_TEXT, PPID_BINARY, PPID_TEXT_EMPTY, PPID_BINARY_EMPTY = 51, 53, 56, 57  # RFC 8831 section 8

ACK = b"\x02"
_OPEN = 0x03
_HEADER = struct.Struct("!BBHIHH")  # type, channel type, priority, reliability, two lengths
_UNORDERED = 0x80
_RELIABLE, _REXMIT, _TIMED = range(3)
MAX_NAME_BYTES = 1024  # of a label or a protocol


class DcepError(ValueError):
    """A message that is no DCEP; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class ChannelOpen:
    """How a channel is to be. At most one of the last two has a value: then it is lossy."""

    label: str
    protocol: str = ""
    ordered: bool = True
    max_retransmits: int | None = None
    lifetime_ms: int | None = None
    priority: int = 256  # RFC 8831 section 6.4: normal

    @property
    def reliable(self) -> bool:
        return self.max_retransmits is None and self.lifetime_ms is None


def read(message: bytes) -> ChannelOpen | None:
    """A DATA_CHANNEL_OPEN, or None for a DATA_CHANNEL_ACK. Raises DcepError."""
    if message[:1] == ACK:
        return None
    if len(message) < _HEADER.size or message[0] != _OPEN:
        raise DcepError("DATA_CHANNEL_OPEN or DATA_CHANNEL_ACK was expected")
    _, kind, priority, limit, label_size, protocol_size = _HEADER.unpack_from(message)
    if _HEADER.size + label_size + protocol_size != len(message):
        raise DcepError("the lengths of label and protocol are not those of the message")
    if max(label_size, protocol_size) > MAX_NAME_BYTES:
        raise DcepError(f"label and protocol have at most {MAX_NAME_BYTES} bytes each")
    reliability = kind & ~_UNORDERED
    if reliability > _TIMED:
        raise DcepError(f"channel type {kind:#04x} is none of RFC 8832 section 5.1")
    try:
        label = message[_HEADER.size :][:label_size].decode()
        protocol = message[_HEADER.size + label_size :].decode()
    except UnicodeDecodeError:
        raise DcepError("label and protocol have to be UTF-8") from None
    limit = min(limit, 2**31 - 1)
    return ChannelOpen(
        label,
        protocol,
        ordered=not kind & _UNORDERED,
        max_retransmits=limit if reliability == _REXMIT else None,
        lifetime_ms=limit if reliability == _TIMED else None,
        priority=priority,
    )


def write(channel: ChannelOpen) -> bytes:
    """The DATA_CHANNEL_OPEN that `read` reads."""
    label, protocol = channel.label.encode(), channel.protocol.encode()
    kind, limit = _RELIABLE, 0
    if channel.max_retransmits is not None:
        kind, limit = _REXMIT, channel.max_retransmits
    elif channel.lifetime_ms is not None:
        kind, limit = _TIMED, channel.lifetime_ms
    kind |= 0 if channel.ordered else _UNORDERED
    header = _HEADER.pack(_OPEN, kind, channel.priority, limit, len(label), len(protocol))
    return header + label + protocol
