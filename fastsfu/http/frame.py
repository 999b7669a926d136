"""Frames of WebSocket as a server sends them: whole and unmasked, so the same to all clients."""

TEXT = 0x81  # FIN and the opcode (RFC 6455 section 5.2)
TWO_BYTES, EIGHT_BYTES = 126, 127  # what stands for the length, and how long it then is


def text_frame(payload: bytes) -> bytes:
    """The frame of a text in UTF-8."""
    size = len(payload)
    if size < TWO_BYTES:
        return bytes((TEXT, size)) + payload
    if size < 1 << 16:
        return bytes((TEXT, TWO_BYTES)) + size.to_bytes(2, "big") + payload
    return bytes((TEXT, EIGHT_BYTES)) + size.to_bytes(8, "big") + payload
