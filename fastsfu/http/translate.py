"""The domain's events and values as messages of the protocol."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypedDict, cast

from fastsfu import events
from fastsfu.http import (
    host_messages,
    messages,
    move_messages,
    participant_messages,
    peer_messages,
    values,
)
from fastsfu.http.model import Model
from fastsfu.http.protocol import CloseCode
from fastsfu.http.refusals import FATAL_ERRORS
from fastsfu.session.session import Session
from fastsfu.terms import Source
from fastsfu.tracks import Wish


def to_message(event: events.Event) -> Model | None:
    """The message that tells `event`; None when the client needs none.

    What is told to everybody in a room is one message.
    """
    if type(event) in _TOLD_TO_ALL:
        return _latest.message_of(event)
    return _MESSAGES[type(event)](event)


def close_code(event: events.Event) -> CloseCode | None:
    """How the WebSocket closes after `event`; None when it stays open."""
    if isinstance(event, events.Replaced):
        return CloseCode.REPLACED
    if isinstance(event, events.Ended):
        return _CLOSE_CODES.get(event.reason, CloseCode.NORMAL)
    return None


def room_info(room: events.RoomState) -> values.RoomInfo:
    """A room as clients see it."""
    return values.RoomInfo(
        name=room.name,
        max_participants=room.max_participants,
        ends_at=room.ends_at,
        locked=room.locked,
        enable_knocking=room.enable_knocking,
    )


class Scene(TypedDict):
    """What `joined` and `resumed` have in common."""

    room: values.RoomInfo
    session_data: Any
    waiting_participants: list[values.WaitingParticipant]
    you: values.Participant
    participants: list[values.Participant]
    hidden_participants: int
    active_speaker: str | None
    sections: values.Sections
    ice_servers: list[values.IceServer]
    topology: peer_messages.Topology


def scene(session: Session) -> Scene:
    """How the call looks from a session now."""
    wanted = session.wanted_sections()
    return {
        "room": room_info(session.room.state),
        "session_data": session.room.session_data,
        "waiting_participants": to_waiting(
            session.room.waiting if session.permissions.owner else ()
        ),
        "you": to_participant(session.participant),
        "participants": [to_participant(other) for other in session.others()],
        "hidden_participants": session.room.hidden_count,
        "active_speaker": session.room.active_speaker,
        "sections": values.Sections(audio=wanted["audio"], video=wanted["video"]),
        "ice_servers": [
            values.IceServer(
                urls=list(each.urls),
                username=each.username,
                credential=each.credential,
                peer_only=each.peer_only,
            )
            for each in session.ice_servers()
        ],
        "topology": peer_messages.Topology(**_topology(session.room.peering.view(session.id))),
    }


def to_waiting(
    participants: Iterable[events.WaitingParticipant],
) -> list[values.WaitingParticipant]:
    """Who asks to be let in, as owners see it."""
    return [
        values.WaitingParticipant(
            id=each.id, user_name=each.name, user_id=each.user_id, since=each.since
        )
        for each in participants
    ]


def to_participant(participant: events.Participant) -> values.Participant:
    """A participant as clients see it."""
    return values.Participant(
        session_id=participant.session_id,
        user_name=participant.name,
        owner=participant.owner,
        user_data=participant.user_data,
        audio="audio" in participant.sources,
        video="video" in participant.sources,
        screenVideo="screenVideo" in participant.sources,
        screenAudio="screenAudio" in participant.sources,
        revision=participant.revision,
        joined_at=participant.joined_at,
        origin=participant.origin,
        user_id=participant.user_id,
        permissions=values.Permissions(
            publish=sorted(participant.permissions.publish),
            subscribe=participant.permissions.subscribe,
            messages=participant.permissions.messages,
        ),
        held=sorted(participant.held),
        limited_by=sorted(participant.limited_by),
    )


def to_subscribed(
    subscriptions: Mapping[str, events.SubscriptionInfo],
) -> dict[str, values.Subscribed]:
    """Whose source each section carries, by mid."""
    return {mid: _subscribed(each.session_id, each.source) for mid, each in subscriptions.items()}


@lru_cache(maxsize=4096)
def _subscribed(session_id: str, source: Source) -> values.Subscribed:
    """One for all who receive it, since a model takes ten times as long to make as to find."""
    return values.Subscribed(session_id=session_id, source=source)


def to_signal(
    message: peer_messages.PeerDescriptionMessage | peer_messages.PeerCandidateMessage,
) -> events.PeerSignal:
    """What one client has to say to the other one of a P2P connection."""
    if isinstance(message, peer_messages.PeerDescriptionMessage):
        return events.PeerDescription(message.number, message.kind, message.sdp)
    return events.PeerCandidate(
        message.number,
        message.candidate,
        message.sdp_mid,
        message.sdp_mline_index,
        message.username_fragment,
    )


def to_previous(join: messages.Join) -> tuple[str, str] | None:
    """The session that the client lost, as `Arrival` has it."""
    if join.replaces is None:
        return None
    return join.replaces.session_id, join.replaces.resume_key


def to_sources(update: messages.Update) -> dict[Source, bool]:
    """The sources that the message says something of."""
    said: dict[Source, bool | None] = {
        "audio": update.audio,
        "video": update.video,
        "screenVideo": update.screenVideo,
        "screenAudio": update.screenAudio,
    }
    return {source: value for source, value in said.items() if value is not None}


def to_wishes(settings: values.ReceiveSettings) -> dict[Source, bool | Wish]:
    """The same, with how much of a picture is wanted."""
    said: dict[Source, bool | values.VideoWish | None] = {
        "audio": settings.audio,
        "video": settings.video,
        "screenVideo": settings.screenVideo,
        "screenAudio": settings.screenAudio,
    }
    return {source: _wish(value) for source, value in said.items() if value is not None}


def _wish(value: bool | values.VideoWish) -> bool | Wish:
    if isinstance(value, bool):
        return value
    return Wish(value.max_height, value.layer, value.priority, value.last_n)


def _topology(event: events.TopologyChanged) -> dict[str, Any]:
    connection = event.connection
    peer = connection and peer_messages.PeerConnection(
        number=connection.number,
        session_id=connection.session_id,
        polite=connection.polite,
        relay=connection.relayed,
    )
    return {"topology": event.carrier, "sending": list(event.sending), "peer": peer}


def _ended(event: events.Ended) -> Model | None:
    """Fatal reasons are errors, others an ejection; who left by itself needs no word."""
    if event.reason == "left":
        return None
    if event.reason in FATAL_ERRORS:
        return messages.Error(fatal=True, error=event.reason, info=event.info)
    return messages.Ejected(reason=event.reason)


class _Latest:
    """The message of the last event that went to a whole room."""

    def __init__(self) -> None:
        # One value, which the thread of another event loop may replace at any time.
        self._known: tuple[events.Event | None, Model | None] = (None, None)

    def message_of(self, event: events.Event) -> Model | None:
        known, message = self._known
        if event is not known:
            message = _MESSAGES[type(event)](event)
            self._known = event, message
        return message


_latest = _Latest()
_TOLD_TO_ALL = frozenset(
    {events.ParticipantJoined, events.ParticipantUpdated, events.ParticipantLeft, events.Batch}
)
_CLOSE_CODES = {"end-of-life": CloseCode.GOING_AWAY, "timeout": CloseCode.TIMEOUT}

_MESSAGES: Mapping[type, Callable[[Any], Model | None]] = {
    events.ParticipantJoined: lambda event: participant_messages.ParticipantJoined(
        participant=to_participant(event.participant)
    ),
    events.ParticipantUpdated: lambda event: participant_messages.ParticipantUpdated(
        participant=to_participant(event.participant)
    ),
    events.ParticipantLeft: lambda event: participant_messages.ParticipantLeft(
        session_id=event.session_id, reason=event.reason
    ),
    events.Batch: lambda event: participant_messages.Batch(
        messages=[cast(Any, _MESSAGES[type(each)](each)) for each in event.events]
    ),
    events.Muted: lambda event: host_messages.Muted(sources=sorted(event.sources)),
    events.RoomChanged: lambda event: host_messages.RoomUpdated(room=room_info(event.room)),
    events.WaitingParticipants: lambda event: host_messages.WaitingParticipantsMessage(
        participants=to_waiting(event.participants)
    ),
    events.SessionData: lambda event: host_messages.SessionData(data=event.data),
    events.HiddenParticipants: lambda event: participant_messages.HiddenParticipants(
        count=event.count
    ),
    events.LimitsChanged: lambda event: messages.LimitsMessage(
        sources=[
            values.ReceivingLimit(session_id=session_id, source=source, limit=limit)
            for session_id, source, limit in event.limits
        ]
    ),
    events.VideoSuspended: lambda event: messages.VideoSuspended(
        session_id=event.session_id, source=event.source, suspended=event.suspended
    ),
    events.ActiveSpeaker: lambda event: messages.ActiveSpeaker(session_id=event.session_id),
    events.SectionsWanted: lambda event: messages.SectionsMessage(
        audio=event.audio,
        video=event.video,
        offer=event.offer,
        subscriptions=to_subscribed(event.carries),
        revision=event.revision,
    ),
    events.EncodingsWanted: lambda event: messages.Encodings(
        source=event.source,
        encodings=[
            values.WantedEncoding(rid=rid, active=wanted, max_height=event.max_height)
            for rid, wanted in event.encodings
        ],
    ),
    events.ConnectionChanged: lambda event: messages.Connection(state=event.state),
    events.TopologyChanged: lambda event: peer_messages.TopologyMessage(**_topology(event)),
    events.PeerDescription: lambda event: peer_messages.PeerDescriptionMessage(
        number=event.connection, kind=event.kind, sdp=event.sdp
    ),
    events.PeerCandidate: lambda event: peer_messages.PeerCandidateMessage(
        number=event.connection,
        candidate=event.candidate,
        sdp_mid=event.sdp_mid,
        sdp_mline_index=event.sdp_mline_index,
        username_fragment=event.username_fragment,
    ),
    events.Failure: lambda event: messages.Error(fatal=False, error=event.error, info=event.info),
    events.Moved: lambda event: move_messages.Moved(
        url=event.url, alternates=list(event.alternates)
    ),
    events.Replaced: lambda event: None,
    events.Ended: _ended,
}
