"""All resources of the REST interface."""

from fastsfu.http.api.messages import messages
from fastsfu.http.api.tokens import tokens

ROUTERS = (messages, tokens)
