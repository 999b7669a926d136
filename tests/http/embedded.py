"""An application as a user would write it, for the tests that run it by another server."""

import fastapi

import fastsfu
from tests.support.server import DEFAULTS

app = fastapi.FastAPI()
app.mount("/calls", fastsfu.asgi_app(fastsfu.SFU(fastsfu.Config(**DEFAULTS))))
