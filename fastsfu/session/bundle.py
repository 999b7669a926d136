"""One session's transport as its offers and answers made it: a BUNDLE (RFC 9143) over ICE and DTLS.

It keeps what must stay the same from one description to the next (credentials, fingerprints, SSRCs)
and sees what may change (an ICE restart). An SSRC that we send is equal to no other in use on the
transport, in either direction (RFC 3550 section 8).
"""

import random
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from fastsfu.engine.media import MediaEngine
from fastsfu.engine.owners import TransportOwner
from fastsfu.errors import OfferError
from fastsfu.events import SubscriptionInfo
from fastsfu.sdp.negotiate import Offer, SentStream, write_answer
from fastsfu.transport.ice import new_password, new_ufrag


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to an offer, and whose source each of its receiving sections carries, by mid."""

    sdp: str = field(repr=False)
    subscriptions: Mapping[str, SubscriptionInfo]
    revision: int  # for `Session.confirm`


@dataclass(frozen=True, slots=True)
class IceParameters:
    """Our side of ICE, for WHIP's fragments (RFC 9725 section 4.3). The repr hides the password."""

    ufrag: str
    password: str
    remote_ufrag: str  # the client's, which they answer
    candidates: tuple[str, ...]  # values of `a=candidate` attributes, "candidate:..."

    def __repr__(self) -> str:
        return f"IceParameters(ufrag={self.ufrag!r})"


class Bundle:
    """A transport in the engine. Made by the first offer; closing it frees its streams too."""

    def __init__(
        self, engine: MediaEngine, owner: TransportOwner, offer: Offer, max_message_bytes: int
    ) -> None:
        """`max_message_bytes` is what we take of a data channel's message."""
        self._engine = engine
        self._max_message_bytes = max_message_bytes
        self._fingerprints = frozenset(offer.fingerprints)
        self._remote = (offer.ice_ufrag, offer.ice_pwd)
        self._ufrag, self._password = new_ufrag(), new_password()
        self._description_id = secrets.randbits(62)  # RFC 9429 section 5.2.1
        self._version = 0
        self._sent: set[int] = set()
        self._received: frozenset[int] = frozenset()
        self._colliding: frozenset[int] = frozenset()  # sent and received, none as a rule
        self.handle = engine.create_transport(
            owner,
            local_ufrag=self._ufrag,
            local_password=self._password,
            remote_ufrag=offer.ice_ufrag,
            remote_password=offer.ice_pwd,
            dtls_client=offer.dtls_client,
            fingerprints=offer.fingerprints,
        )

    def __repr__(self) -> str:
        return f"Bundle(handle={self.handle:#x})"

    @property
    def ice(self) -> IceParameters:
        """Our credentials and candidates, as the next answer will carry them."""
        candidates = tuple(each.candidate_line() for each in self._engine.candidates)
        return IceParameters(self._ufrag, self._password, self._remote[0], candidates)

    def check(self, offer: Offer) -> None:
        """Raise OfferError when `offer` cannot follow the ones before it on this transport."""
        if frozenset(offer.fingerprints) != self._fingerprints:
            raise OfferError(
                "a=fingerprint must stay that of the session's first offer; another certificate "
                "needs a new session"
            )

    def follow(self, offer: Offer, learnt: Iterable[int]) -> None:
        """Restart ICE when the credentials are new; note the client's extensions and SSRCs.

        `learnt` are those of streams that the descriptions do not name.
        """
        self.restart_ice(offer.ice_ufrag, offer.ice_pwd)
        self._engine.set_extensions(self.handle, offer.extensions)
        named = (ssrc for section in offer.sections for ssrc in section.ssrcs)
        self._received = frozenset(named).union(learnt)
        self._colliding = self._received & self._sent

    def restart_ice(self, remote_ufrag: str, remote_password: str) -> None:
        """Answer new remote credentials by new ones of ours (RFC 8445 section 9); else nothing."""
        if (remote_ufrag, remote_password) == self._remote:
            return
        self._remote = (remote_ufrag, remote_password)
        self._ufrag, self._password = new_ufrag(), new_password()
        self._engine.restart_ice(
            self.handle,
            local_ufrag=self._ufrag,
            local_password=self._password,
            remote_ufrag=remote_ufrag,
            remote_password=remote_password,
        )

    def allocate_ssrc(self) -> int:
        """A random SSRC for a stream that we send, never one of before.

        The transport's SRTP key outlives the stream: the same SSRC with new packets would repeat
        nonces (RFC 3711 section 9.1). It is no secret, so the kernel need not be asked for it.
        """
        while True:
            ssrc = random.getrandbits(32)
            if ssrc and ssrc not in self._sent and ssrc not in self._received:
                self._sent.add(ssrc)
                return ssrc

    def collides(self, *ssrcs: int | None) -> bool:
        """True when the client has come to use one that we send: ours must change."""
        return bool(self._colliding) and not self._colliding.isdisjoint(ssrcs)

    def answer(
        self,
        offer: Offer,
        sending: Mapping[str, SentStream],
        receiving: Collection[str],
        dtx: Collection[str],
    ) -> str:
        """The SDP of the answer; by mid what we send, what we receive, and which of that pauses."""
        self._version += 1
        return write_answer(
            offer,
            ice_ufrag=self._ufrag,
            ice_pwd=self._password,
            fingerprint=self._engine.fingerprint,
            candidates=self._engine.candidates,
            sending=sending,
            receiving=receiving,
            max_message_bytes=self._max_message_bytes,
            dtx=dtx,
            session_id=self._description_id,
            version=self._version,
        )

    def close(self) -> None:
        self._engine.close_transport(self.handle)
