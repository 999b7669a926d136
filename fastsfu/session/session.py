"""A session: one participant's live connection, from joining to leaving.

The client always offers (RFC 9429 with fixed roles): `offer` takes its description and returns the
answer; when there is more to receive, the session asks for another offer by a `SectionsWanted`
event. Media goes on without a signaling connection for `resume_timeout` seconds. However a session
ends, everything that it had in the engine is freed at once.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from weakref import proxy

from fastsfu.auth.permissions import Permissions
from fastsfu.auth.tokens import Grant
from fastsfu.config import Config
from fastsfu.engine.media import MediaEngine
from fastsfu.engine.relays import session_ice_servers
from fastsfu.errors import RequestError
from fastsfu.events import Ended, Event, Participant, Signaler
from fastsfu.messages.mailbox import Mailbox
from fastsfu.names import shown
from fastsfu.session.arrival import Arrival
from fastsfu.session.bundle import Answer, IceParameters
from fastsfu.session.callbacks import leaving, tell_demand
from fastsfu.session.channels import SessionChannels
from fastsfu.session.deadlines import Deadlines
from fastsfu.session.home import Home
from fastsfu.session.limits import Limits
from fastsfu.session.line import Line
from fastsfu.session.measured import Measured
from fastsfu.session.metadata import UNSET, Metadata
from fastsfu.session.negotiation import Negotiation
from fastsfu.session.path import Path
from fastsfu.session.publisher import Publisher
from fastsfu.session.quotas import Account
from fastsfu.session.receive_settings import EVERYBODY, ReceiveSettings, Settings
from fastsfu.session.resumable import LOST, Resumable
from fastsfu.session.rights import Rights
from fastsfu.session.subscriber import Subscriber
from fastsfu.terms import Kind, Publishable, Source
from fastsfu.transport.turn import IceServer

__all__ = ["Answer", "IceParameters", "Session"]


class Session(Measured, Resumable):
    """One participant's connection. Made by `SFU.open_session`; use it in the event loop's thread.

    Attributes: `id` (the participant's session_id), `room` (the Room), `grant`, `name`,
    `metadata` (what it says of itself), `rights` (what it may do now), `joined_at` (seconds since
    1970), `hidden` (it watches unseen: everybody is told how many do, nobody who), `ended` (why it
    has ended, or None), `engine` (the worker that it is placed on), `account` (what it has had).
    """

    def __init__(
        self,
        room: Home["Session"],
        engine: MediaEngine,
        config: Config,
        arrival: Arrival,
        account: Account,
    ) -> None:
        self.id = arrival.session_id
        self.room = room
        self.grant = grant = arrival.grant
        self.name = shown(grant.name or arrival.name)
        self.metadata = Metadata(arrival.user_data if grant.permissions.may_speak else None)
        self.joined_at = arrival.joined_at
        self.hidden = grant.hidden
        self._knows_p2p = arrival.p2p and arrival.watch is None
        self.replaces, self.invited = arrival.replaces, arrival.invited
        self.moves, self.batches = arrival.moves, arrival.batches
        self.mailbox = Mailbox(self.id) if arrival.listens else None
        # What it consists of does not keep it alive: once it has ended it is freed without a search
        # for cycles, which would have to look at all sessions.
        self.channels = SessionChannels(engine, config, self)
        self.ended: str | None = None
        self._config = config
        self._deadlines = Deadlines()
        lost = leaving(self, "timeout", "The client did not come back in time.")
        self.line = Line(self._deadlines, config.resume_timeout, lost)
        self.path = Path(engine, proxy(self), config, self._deadlines)
        self.publisher = Publisher(engine, self.id, room, account, partial(tell_demand, self.line))
        self.publisher.on_media = self.path.diary.heard
        end = leaving(self, "no-publisher", "All that the client received has ended.")
        self.receive_settings = ReceiveSettings(self.id, arrival.watch, lambda: room.cameras)
        self.subscriber = Subscriber(
            engine,
            account,
            self.receive_settings,
            holds=arrival.confirms,
            maps=arrival.maps,
            on_nothing_left=end if arrival.offers_once else None,
            on_picture=self.path.diary.shown,
            limits=Limits(self.line.tell, takes_all=arrival.limits),
        )
        self.rights = Rights(grant.permissions, self.metadata, self.publisher, self.subscriber)
        self.engine, self.account = engine, account
        engine.sessions += 1
        tell = self.line.tell
        self._negotiation = Negotiation(
            config, self.path, self.publisher, self.subscriber, self.channels, account, tell
        )
        self._leave_with_token()

    def __repr__(self) -> str:
        return f"Session(id={self.id!r}, room={self.room.name!r}, ended={self.ended!r})"

    @property
    def participant(self) -> Participant:
        """The participant as the others see them now."""
        return Participant(
            session_id=self.id,
            name=self.name,
            owner=self.permissions.owner,
            user_data=self.user_data,
            sources=frozenset(self.publisher.sources),
            permissions=self.permissions,
            held=self.rights.held,
            revision=self.metadata.revision,
            joined_at=self.joined_at,
            origin=self.origin,
            limited_by=self.metadata.limited_by,
            user_id=self.grant.user_id,
        )

    @property
    def permissions(self) -> Permissions:
        """Its rights now; at first those of its token."""
        return self.rights.permissions

    @property
    def p2p(self) -> bool:
        """It may be connected to another client: it knows how to, and nothing is to be enforced."""
        return self._knows_p2p and self.rights.unrestricted

    @property
    def user_data(self) -> Any:
        """JSON value."""
        return self.metadata.user_data

    def others(self) -> list[Participant]:
        """The other participants of the room, in order of joining."""
        return self.room.others_than(self)

    @property
    def connected(self) -> bool:
        """True while media can flow: ICE and DTLS are done."""
        return self.path.connected

    @property
    def ice(self) -> IceParameters | None:
        """Our side of ICE now; None before the first offer."""
        return self.path.ice

    def ice_servers(self) -> list[IceServer]:
        """TURN and STUN servers for the client, with credentials that end with the session."""
        return session_ice_servers(self._config, self.engine.relay_for(self.id), self.id)

    def wanted_sections(self) -> dict[Kind, int]:
        """How many receiving sections the client's next offer should have in all, by kind.

        Tell the client: it is not asked again as long as that stays so.
        """
        return self._negotiation.wanted_sections()

    async def offer(
        self, sdp: str, tracks: Mapping[str, Source] | None = None, *, whole: bool = False
    ) -> Answer:
        """Take an offer, the first or a later one, and answer it.

        `tracks` names the source of sending sections by mid; others get the first free source of
        their kind. New ICE credentials in a later offer restart ICE. `whole`: refuse an offer of
        which a section cannot be taken, rather than take the others. One that publishes anew again
        and again is answered later. Raises OfferError or RequestError, and then the session is as
        it was before. A stream that is one too many does not come (`Failure` no-capacity). When the
        engine is out of transports, the session ends.
        """
        async with self._negotiation.turns:
            self._require_live()
            offer, sources = await self._negotiation.read(sdp, tracks or {}, whole=whole)
            self._require_live()  # it may have taken a while
            try:
                outcome = self._negotiation.follow(offer, sources, dtx=self.room.opus_dtx)
            except Exception:
                self.leave("connection-error", "The server could not set up the media.")
                raise
        if outcome.is_news:
            self.room.changed(self)
        if self._negotiation.wants_more:
            self.room.asks(self)
        return outcome.answer

    def confirm(self, revision: int | None = None) -> None:
        """What it was told until `revision` (None: the last answer) is in force at the client."""
        self._require_live()
        self.subscriber.release(revision)

    def renew(self, token: Grant) -> None:
        """Go on with a newer token's time limits; raises TokenError when it gives other rights."""
        self._require_live()
        self.grant = self.grant.renewed(token)
        self._leave_with_token()

    def restart_ice(self, remote_ufrag: str, remote_password: str) -> IceParameters:
        """Restart ICE without an offer (WHIP, WHEP).

        Raises RequestError before the first offer, and OfferError for what are no ICE credentials.
        """
        self._require_live()
        return self.path.restart_ice(remote_ufrag, remote_password)

    def update_local(
        self,
        sources: Mapping[Source, bool] | None = None,
        *,
        name: str | None = None,
        user_data: Any = UNSET,
        revision: int | None = None,
    ) -> None:
        """Change what others see: whether each source is on (not muted), the name, the user data.

        A `revision` of sources and user data that is no greater than the last one changes nothing.
        Raises RequestError, and then nothing changes: `not-allowed` for a name when the token gives
        one, and for both when it may only watch, `bad-request` for user data that is no JSON.
        """
        self._require_live()
        if name is not None and self.grant.name and name != self.grant.name:
            raise RequestError("The name is given by the token or a host.", "not-allowed")
        if name is not None or user_data not in (UNSET, self.user_data):
            self.rights.require_speech()
        is_news = self.metadata.update(sources or {}, user_data, revision)
        if name is not None:
            self.name = shown(name)
        self.rights.follow()
        if is_news or name is not None:
            self.room.changed(self, metadata=is_news)

    def pin(self, pinned: bool = True) -> None:
        """Pass on its voice however many are louder, as an owner's always is; or no longer."""
        self.rights.pin(pinned)

    def unmute(self, names: Iterable[Publishable]) -> None:
        """Its user turns on again what a host has turned off."""
        self.rights.unmute(names)
        self.room.rights_changed(self)

    def update_receive_settings(self, settings: Settings) -> None:
        """Decline (False) or take back (True) sources of a session id, or of all others by "*"; a
        `Wish` takes back a picture as far as it says. With `last_n`, of "*", those of the cameras
        of all others are received whose participants spoke last.

        What is said of a session id wins over "*". Unknown ids are ignored: they may have left.
        """
        self._require_live()
        known = {participant.session_id for participant in self.others()} | {EVERYBODY}
        relevant = {key: sources for key, sources in settings.items() if key in known}
        self.receive_settings.update(relevant)
        others = self.receive_settings.choose()
        concerned = known if EVERYBODY in relevant else others.union(relevant)
        if self.subscriber.review(self.room.publications_for(self, concerned)):
            self.room.asks(self)

    def attach(self, signaler: Signaler) -> None:
        """Talk to the client through `signaler` from now on; the one before gets `Replaced`."""
        self._require_live()
        self.line.attach(signaler)
        if self.subscriber.tell_again():
            self.room.asks(self)
        self.publisher.tell_demand()
        self.subscriber.tell_limits()

    def detach(self, signaler: Signaler) -> None:
        """`signaler` is lost: the session ends in `resume_timeout` unless another one is attached.

        Does nothing when `signaler` is not the attached one.
        """
        self.line.detach(signaler)

    def leave(self, reason: str = "left", info: str = "") -> None:
        """End the session: media stops, everything is freed, the room hears of it. Idempotent.

        The attached signaler gets `Ended`, always and last.
        """
        if self.ended is not None:
            return
        self.ended = reason
        self.engine.vacate(self.id)
        if reason in LOST:
            self.may_return_for = self._config.resume_timeout
        self._deadlines.clear_all()
        self._negotiation.close()
        self.room.left(self, reason)
        self.line.end(Ended(reason, info))

    # What its room calls.

    def tell(self, event: Event) -> None:
        """Send an event if there is a signaling connection; one that resumes is told of it all."""
        self.line.tell(event)

    def ask(self) -> bool:
        return self._negotiation.ask()

    # What its path needs.

    @property
    def is_direct(self) -> bool:
        return self.room.peering.connects(self)

    def part(self, info: str) -> None:
        self.may_return_for = self._config.resume_timeout
        self.leave("left", info)

    def _leave_with_token(self) -> None:
        at, info = self.grant.ejects_at, "The token has expired."
        self._deadlines.set_at("expiry", at, self.leave, "exp-token", info)

    def _require_live(self) -> None:
        if self.ended is not None:
            raise RequestError(f"The session has ended: {self.ended}.")
