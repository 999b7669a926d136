"""All resources of the REST interface."""

from fastsfu.http.api.meetings import meetings
from fastsfu.http.api.messages import messages
from fastsfu.http.api.moderation import moderation
from fastsfu.http.api.participants import participants
from fastsfu.http.api.presence import presence
from fastsfu.http.api.rooms import rooms
from fastsfu.http.api.sessions import sessions
from fastsfu.http.api.tokens import tokens
from fastsfu.http.api.waiting import waiting
from fastsfu.http.api.webhooks import webhooks

ROUTERS = (
    rooms, presence, participants, moderation, waiting, sessions, messages, meetings, tokens,
    webhooks,
)  # fmt: skip
