"""An ICE agent and the checks that a controlling one sends it, by aioice's STUN messages."""

from aioice.stun import Class, Message, Method

from tests.native.faces.ice import Ice

UFRAG, PASSWORD, REMOTE = b"abcdefgh", b"p" * 24, b"r3mote"
OLD = (UFRAG, PASSWORD, REMOTE)
NEW = (b"ijklmnop", b"q" * 24, b"rem0te+/")
HOME, CAFE = ("192.0.2.7", 50_000), ("2001:db8::7", 50_001)
HOLDS_US = 250_000
TIMEOUT_US = 700_000


def agent(now_us=0):
    return Ice(*OLD, now_us)


def check(credentials=OLD, *, kind=Class.REQUEST, username=None, password=None, **attributes):
    """A connectivity check as a controlling agent sends it; `nominate=True`: with USE-CANDIDATE."""
    ufrag, own_password, remote = credentials
    message = Message(Method.BINDING, kind)
    message.attributes["USERNAME"] = username or f"{ufrag.decode()}:{remote.decode()}"
    message.attributes["PRIORITY"] = attributes.pop("priority", 1_000)
    message.attributes[attributes.pop("role", "ICE-CONTROLLING")] = 77
    if attributes.pop("nominate", False):
        message.attributes["USE-CANDIDATE"] = None
    message.attributes |= attributes
    message.add_message_integrity(password or own_password)
    return bytes(message)


def without(datagram, attribute):
    """The message without one attribute and what lies behind it."""
    at = 20
    while int.from_bytes(datagram[at : at + 2], "big") != attribute:
        at += 4 + (int.from_bytes(datagram[at + 2 : at + 4], "big") + 3) // 4 * 4
    return datagram[:2] + (at - 20).to_bytes(2, "big") + datagram[4:at]
