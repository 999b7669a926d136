"""What an aiortc client knows of its connection and nobody else may: its keys and its media."""

from aiortc import RTCPeerConnection
from aiortc.rtcdtlstransport import SRTP_PROFILES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MARK = 40  # bytes of a payload that no other memory holds by chance


def keys_of(connection: RTCPeerConnection) -> dict[str, bytes]:
    """What the client knows: the TLS master secret (RFC 5246), SRTP's master keys (RFC 5764
    section 4.2) and the session keys for RTP and RTCP that come of them (RFC 3711 section 4.3).
    """
    ssl = connection.getTransceivers()[0].sender.transport._ssl
    selected = ssl.get_selected_srtp_profile()
    profile = next(each for each in SRTP_PROFILES if each.openssl_profile == selected)
    size = 2 * (profile.key_length + profile.salt_length)
    material = ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", size)
    keys = {f"{id(ssl)} TLS master secret": ssl.master_key()}
    for side in (0, 1):
        both = profile.get_key_and_salt(material, side)
        key, salt = both[: profile.key_length], both[profile.key_length :]
        keys[f"{id(ssl)} master key {side}"] = key
        keys[f"{id(ssl)} RTP session key {side}"] = session_key(key, salt, 0)
        keys[f"{id(ssl)} RTCP session key {side}"] = session_key(key, salt, 3)
    return keys


def session_key(key: bytes, salt: bytes, label: int) -> bytes:
    """RFC 3711 section 4.3.1, with a salt of 96 bits as RFC 7714 section 11 has it, or of 112."""
    x = int.from_bytes(salt.ljust(14, b"\0")) ^ (label << 48)
    stream = Cipher(algorithms.AES(key), modes.CTR((x << 16).to_bytes(16))).encryptor()
    return stream.update(bytes(len(key)))


def media_of(connection: RTCPeerConnection) -> dict[str, bytes]:
    """Pieces of what the client has sent of late, as they were before SRTP."""
    pieces = {}
    for transceiver in connection.getTransceivers():
        history = transceiver.sender._RTCRtpSender__rtp_history
        for packet in list(history.values())[-12:]:
            piece = packet.payload[-MARK - 10 : -10]
            if len(set(piece)) > MARK // 2:  # not just zeros
                pieces[f"payload {packet.ssrc} {packet.sequence_number}"] = piece
    assert pieces
    return pieces
