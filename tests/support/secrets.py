"""What an aiortc client knows of its connection and nobody else may: its keys and its media."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from aiortc import RTCPeerConnection, RTCRtpTransceiver
from aiortc.rtcdtlstransport import SRTP_PROFILES, SRTPProtectionProfile
from aiortc.rtp import RtpPacket
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pylibsrtp import Error, Policy, Session

MARK = 40  # bytes of a payload that no other memory holds by chance


@dataclass(frozen=True)
class Master:
    """SRTP's master key and salt of one direction."""

    profile: SRTPProtectionProfile
    key: bytes
    salt: bytes

    def opens(self, packets: Iterable[bytes]) -> dict[int, bytes]:
        """Those of one sender's SRTP packets, in their order, that it decrypts: their payloads by
        sequence number.
        """
        session = Session(
            Policy(
                key=self.key + self.salt,
                ssrc_type=Policy.SSRC_ANY_INBOUND,
                srtp_profile=self.profile.libsrtp_profile,
            )
        )
        payloads = {}
        for packet in packets:
            with suppress(Error):
                opened = RtpPacket.parse(session.unprotect(packet))
                payloads[opened.sequence_number] = opened.payload
        return payloads


def masters_of(connection: RTCPeerConnection) -> tuple[Master, Master]:
    """What DTLS's client encrypts with, and what its server does (RFC 5764 section 4.2)."""
    ssl = connection.getTransceivers()[0].sender.transport._ssl
    selected = ssl.get_selected_srtp_profile()
    profile = next(each for each in SRTP_PROFILES if each.openssl_profile == selected)
    size = 2 * (profile.key_length + profile.salt_length)
    material = ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", size)
    client, server = (profile.get_key_and_salt(material, side) for side in (0, 1))
    cut = profile.key_length
    return Master(profile, client[:cut], client[cut:]), Master(profile, server[:cut], server[cut:])


def keys_of(connection: RTCPeerConnection) -> dict[str, bytes]:
    """What the client knows: the TLS master secret (RFC 5246), SRTP's master keys, and the session
    keys for RTP and RTCP that come of them (RFC 3711 section 4.3).

    The second half of each: memory that was freed without being wiped may begin with a link.
    """
    ssl = connection.getTransceivers()[0].sender.transport._ssl
    keys = {f"{id(ssl)} TLS master secret": ssl.master_key()}
    for side, master in enumerate(masters_of(connection)):
        keys[f"{id(ssl)} master key {side}"] = master.key
        keys[f"{id(ssl)} RTP session key {side}"] = session_key(master.key, master.salt, 0)
        keys[f"{id(ssl)} RTCP session key {side}"] = session_key(master.key, master.salt, 3)
    return {name: key[len(key) // 2 :] for name, key in keys.items()}


def session_key(key: bytes, salt: bytes, label: int) -> bytes:
    """RFC 3711 section 4.3.1, with a salt of 96 bits as RFC 7714 section 11 has it, or of 112."""
    x = int.from_bytes(salt.ljust(14, b"\0")) ^ (label << 48)
    stream = Cipher(algorithms.AES(key), modes.CTR((x << 16).to_bytes(16))).encryptor()
    return stream.update(bytes(len(key)))


def media_of(connection: RTCPeerConnection) -> dict[str, bytes]:
    """Pieces of what the client has sent of late, as they were before SRTP."""
    pieces = {}
    for transceiver in connection.getTransceivers():
        for packet in sent_by(transceiver)[-12:]:
            piece = packet.payload[-MARK - 10 : -10]
            if len(set(piece)) > MARK // 2:  # not just zeros
                pieces[f"payload {packet.ssrc} {packet.sequence_number}"] = piece
    assert pieces
    return pieces


def sent_by(transceiver: RTCRtpTransceiver) -> list[RtpPacket]:
    """Its latest packets, as they were before SRTP."""
    return list(transceiver.sender._RTCRtpSender__rtp_history.values())
