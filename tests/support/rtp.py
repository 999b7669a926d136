"""RTP headers and extensions read slowly, to compare with (RFC 3550 section 5.1, RFC 8285)."""

from fastsfu._native.packet.rtp import ExtensionKind

KINDS = int(ExtensionKind.EXT_KINDS)  # of header extensions that have a meaning


def slow_parse(packet: bytes) -> dict[str, int | bool] | None:
    if not 12 <= len(packet) <= 0xFFFF or packet[0] >> 6 != 2:
        return None
    end = 12 + 4 * (packet[0] & 15)
    profile = offset = size = 0
    if packet[0] & 0x10:
        if len(packet) < end + 4:
            return None
        profile = int.from_bytes(packet[end : end + 2], "big")
        size = 4 * int.from_bytes(packet[end + 2 : end + 4], "big")
        offset = end + 4
        end = offset + size
    if end > len(packet):
        return None
    return {
        "pt": packet[1] & 127,
        "marker": packet[1] > 127,
        "has_padding": bool(packet[0] & 0x20),
        "seq": int.from_bytes(packet[2:4], "big"),
        "ts": int.from_bytes(packet[4:8], "big"),
        "ssrc": int.from_bytes(packet[8:12], "big"),
        "header_size": end,
        "extension_profile": profile,
        "extension_offset": offset,
        "extension_size": size,
    }


def slow_extensions(packet: bytes, kinds: dict[int, int]) -> tuple[dict[int, bytes], bool]:
    """({kind: value}, whether every element was whole) of a packet that slow_parse reads."""
    header = slow_parse(packet)
    assert header is not None
    end = header["extension_offset"] + header["extension_size"]
    rest = packet[header["extension_offset"] : end]
    one_byte = header["extension_profile"] == 0xBEDE
    found: dict[int, bytes] = {}
    if not one_byte and header["extension_profile"] >> 4 != 0x100:
        return found, True
    while rest:
        if rest[0] == 0:
            rest = rest[1:]
            continue
        if one_byte:
            element_id, size, head = rest[0] >> 4, (rest[0] & 15) + 1, 1
            if element_id in (0, 15):
                return found, True
        else:
            element_id, size, head = rest[0], rest[1] if len(rest) > 1 else 256, 2
        value, rest = rest[head : head + size], rest[head + size :]
        if len(value) < size:
            return found, False
        kind = kinds.get(element_id, 255)
        if kind < KINDS and value:
            found.setdefault(kind, value)
    return found, True
