"""A session's way for media: its transport, and what becomes of the session when nothing gets
through.

Without a path for `consent_timeout` the session ends, unless a direct call runs: there the server
is needed only once a third one comes, so the client restarts ICE for as long as it takes, and is
told so once.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from fastsfu.config import Config
from fastsfu.engine.media import MediaEngine
from fastsfu.errors import RequestError
from fastsfu.events import ConnectionChanged, Event, Failure
from fastsfu.sdp.negotiate import Offer, read_ice_credentials
from fastsfu.session.bundle import Bundle, IceParameters
from fastsfu.session.deadlines import Deadlines
from fastsfu.session.diary import NO_DTLS, Diary, Subject, dtls_failed, no_check
from fastsfu.session.stats import Stage
from fastsfu.terms import PathKind
from fastsfu.transport.addresses import ip_address


class Traveller(Subject, Protocol):
    """What a path needs of its session."""

    @property
    def is_direct(self) -> bool:
        """A connection to another client carries its media."""

    def tell(self, event: Event) -> None: ...
    def leave(self, reason: str, info: str) -> None: ...
    def part(self, info: str) -> None:
        """Its client went without a word: it may come back."""


class Path:
    """One session's; the `TransportOwner` of its transport, which the first offer makes."""

    def __init__(
        self, engine: MediaEngine, session: Traveller, config: Config, deadlines: Deadlines
    ) -> None:
        self._engine = engine
        self._session = session
        self.diary = Diary(session)
        self._patience = config.consent_timeout
        self._deadlines = deadlines
        self._bundle: Bundle | None = None
        self.on_up: Callable[[], None] = lambda: None  # the client's address is proven
        self._has_path = self._is_secured = self._told_unreachable = False
        self.address: str | None = None  # the client's, "ip:port", on its last path
        self.kind: PathKind | None = None  # how what comes from there has come
        self.srtp_profile: str | None = None

    @property
    def connected(self) -> bool:
        """True while media can flow: ICE and DTLS are done."""
        return self._has_path and self._is_secured

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self._bundle is None:
            return "no-offer"
        if not self._has_path:
            return "no-ice"
        return "media" if self._is_secured else "no-dtls"

    @property
    def is_own_address(self) -> bool:
        """Its address is this machine's, as of who comes by the server's relay."""
        if self.address is None:
            return False
        ip = self.address.rpartition(":")[0].strip("[]")
        own = {each.address for each in self._engine.candidates}
        return ip in own or ip_address(ip).is_loopback

    @property
    def handle(self) -> int | None:
        """The transport's in the engine, which names its row in a snapshot; None: it has none."""
        return None if self._bundle is None else self._bundle.handle

    @property
    def ice(self) -> IceParameters | None:
        """Our side of ICE now; None before the first offer."""
        return None if self._bundle is None else self._bundle.ice

    def check(self, offer: Offer) -> None:
        """Raise OfferError when `offer` cannot follow the ones before it."""
        if self._bundle is not None:
            self._bundle.check(offer)

    def follow(self, offer: Offer, learnt: Iterable[int], max_message_bytes: int) -> Bundle:
        """Make the transport, or bring it to what the offer says; as `Bundle` describes it."""
        if self._bundle is None:
            self._bundle = Bundle(self._engine, self, offer, max_message_bytes)
            self._expect_path()
        self._bundle.follow(offer, learnt)
        return self._bundle

    def restart_ice(self, remote_ufrag: str, remote_password: str) -> IceParameters:
        """Take new credentials; raises RequestError before the first offer, and OfferError."""
        if self._bundle is None:
            raise RequestError("There is no media path yet that ICE could be restarted for.")
        self._bundle.restart_ice(*read_ice_credentials([remote_ufrag], [remote_password]))
        return self._bundle.ice

    def close(self) -> None:
        """Free the transport, and its streams with it."""
        self._has_path = False
        if self._bundle is not None:
            self._bundle.close()

    # What the engine tells of the transport.

    def on_path(self, address: str, local: str) -> None:
        kind, found = self._engine.way_of(address)
        if self._has_path and found == self.address:  # nominated after DTLS was done there
            return
        self.diary.path_found(found, local, kind)
        self._has_path, self.address, self.kind = True, found, kind
        self.on_up()
        self._connected()

    def on_path_lost(self) -> None:
        if self._session.is_direct:
            self._has_path = False
            self._session.tell(ConnectionChanged("interrupted"))
            self._no_path()
        else:
            self.diary.path_lost(self._patience)
            self._session.leave("connection-error", "Nothing came from the client any more.")

    def on_secured(self, profile: str) -> None:
        self.diary.secured(profile)
        self._is_secured, self.srtp_profile = True, profile
        self._connected()

    def on_security_closed(self) -> None:
        self._session.part("The client closed its connection.")

    def on_security_failed(self, detail: str) -> None:
        self.diary.failed(dtls_failed(detail))
        self._session.leave("connection-error", f"DTLS failed: {detail}.")

    def on_worker_lost(self) -> None:
        info = "The server's media worker has stopped; join again."
        self._session.leave("connection-error", info)

    def _connected(self) -> None:
        if self.connected:
            self._deadlines.clear("connect")
            self.diary.connected()
            self._told_unreachable = False
            self._session.tell(ConnectionChanged("connected"))

    def _expect_path(self) -> None:
        self._deadlines.set("connect", self._patience, self._no_path)

    def _no_path(self) -> None:
        if not self._session.is_direct:
            addresses = [each.address for each in self._engine.candidates]
            self.diary.failed(NO_DTLS if self._has_path else no_check(addresses))
            self._session.leave("connection-error", "No media path came about.")
            return
        if not self._told_unreachable:
            self._told_unreachable = True
            info = "No media reaches the server: only two can talk."
            self._session.tell(Failure("sfu-unreachable", info))
        self._expect_path()
