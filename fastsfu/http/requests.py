"""What a client may ask for once it is in: a message of the protocol is a call of its session."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastsfu.auth.tokens import Tokens
from fastsfu.errors import RequestError
from fastsfu.http import host_messages, hosting, messages, peer_messages, translate
from fastsfu.http.model import Model
from fastsfu.session.metadata import UNSET
from fastsfu.session.session import Session


class Requests:
    """One client's."""

    def __init__(self, tokens: Tokens, put: Callable[[Model], None]) -> None:
        """`put` sends the client a message."""
        self._tokens = tokens
        self._put = put

    async def handle(self, session: Session | None, message: Model) -> None:
        """Do it; raises FastSFUError, and then nothing has changed."""
        if session is None:
            raise RequestError("the session has ended")
        await _HANDLERS[type(message)](self, session, message)

    async def _again(self, session: Session, message: Model) -> None:
        raise RequestError("this WebSocket has its session already")

    async def _offer(self, session: Session, offer: messages.Offer) -> None:
        answer = await session.offer(offer.sdp, offer.tracks)
        self._put(
            messages.Answer(
                id=offer.id,
                sdp=answer.sdp,
                subscriptions=translate.to_subscribed(answer.subscriptions),
                revision=answer.revision,
            )
        )

    async def _confirm(self, session: Session, message: messages.Confirm) -> None:
        session.confirm(message.revision)

    async def _update(self, session: Session, update: messages.Update) -> None:
        session.update_local(
            translate.to_sources(update),
            name=update.name,
            user_data=update.user_data if "user_data" in update.model_fields_set else UNSET,
            revision=update.revision,
        )
        if update.limited_by is not None:
            session.limit_sending(update.limited_by)

    async def _receive_settings(
        self, session: Session, message: messages.ReceiveSettingsMessage
    ) -> None:
        session.update_receive_settings(
            {who: translate.to_wishes(settings) for who, settings in message.settings.items()}
        )

    async def _peer_signal(
        self,
        session: Session,
        message: peer_messages.PeerDescriptionMessage | peer_messages.PeerCandidateMessage,
    ) -> None:
        session.room.peering.relay(session, translate.to_signal(message))

    async def _peer_state(self, session: Session, message: peer_messages.PeerState) -> None:
        session.room.peering.report(session, message.number, message.state)

    async def _carried(self, session: Session, message: peer_messages.CarriedMessage) -> None:
        session.room.peering.carried(session, message.number, message.by)

    async def _set_topology(self, session: Session, message: peer_messages.SetTopology) -> None:
        if not session.permissions.owner:
            raise RequestError("only an owner may set the topology", "not-allowed")
        session.room.peering.wish(message.topology)

    async def _unmute(self, session: Session, message: host_messages.Unmute) -> None:
        session.unmute(message.sources)

    async def _host(self, session: Session, message: Model) -> None:
        self._put(hosting.handle(session, message))

    async def _refresh_token(self, session: Session, message: messages.RefreshToken) -> None:
        session.renew(self._tokens.verify(message.token, session.room.name))
        expires_at = session.grant.expires_at
        self._put(messages.TokenRefreshed(id=message.id, expires_at=expires_at))

    async def _ping(self, session: Session, ping: messages.Ping) -> None:
        self._put(messages.Pong(id=ping.id))

    async def _leave(self, session: Session, leave: messages.Leave) -> None:
        session.leave()


_HANDLERS: Mapping[type[Model], Callable[[Requests, Session, Any], Awaitable[None]]] = {
    messages.Join: Requests._again,
    messages.Resume: Requests._again,
    host_messages.RequestAccess: Requests._again,
    messages.Offer: Requests._offer,
    messages.Confirm: Requests._confirm,
    messages.Update: Requests._update,
    messages.ReceiveSettingsMessage: Requests._receive_settings,
    peer_messages.PeerDescriptionMessage: Requests._peer_signal,
    peer_messages.PeerCandidateMessage: Requests._peer_signal,
    peer_messages.PeerState: Requests._peer_state,
    peer_messages.CarriedMessage: Requests._carried,
    peer_messages.SetTopology: Requests._set_topology,
    host_messages.Unmute: Requests._unmute,
    **dict.fromkeys(hosting.HANDLERS, Requests._host),
    messages.RefreshToken: Requests._refresh_token,
    messages.Ping: Requests._ping,
    messages.Leave: Requests._leave,
}
