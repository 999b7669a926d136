"""Messages of the protocol about who is in the room."""

from typing import Literal

from fastsfu.http.model import Model, SessionId
from fastsfu.http.values import Participant


class ParticipantJoined(Model):
    """Somebody is new in the room."""

    type: Literal["participant-joined"] = "participant-joined"
    participant: Participant


class ParticipantUpdated(Model):
    """Name, user data or mute state of a participant (also of oneself) changed."""

    type: Literal["participant-updated"] = "participant-updated"
    participant: Participant


class ParticipantLeft(Model):
    """A participant has gone."""

    type: Literal["participant-left"] = "participant-left"
    session_id: SessionId
    reason: str


class Batch(Model):
    """Several messages in one, to a client that takes `batches`: while a room is busy, what happens
    within 0.15 s.
    """

    type: Literal["batch"] = "batch"
    messages: list[ParticipantJoined | ParticipantUpdated | ParticipantLeft]


class HiddenParticipants(Model):
    """How many watch hidden now: their token has the right to, and they can do nothing else."""

    type: Literal["hidden-participants"] = "hidden-participants"
    count: int
