"""Who may use what is for applications alone: whoever shows an API key that has the scope for it.

A key may ask so much at once and so much on average; beyond that it is told when to come back.
"""

import math
import time

from starlette.requests import Request

from fastsfu.allowance import Allowance
from fastsfu.auth.api_keys import ApiKey, Keyring, Scope
from fastsfu.config import Config
from fastsfu.http.answers import HttpError, bearer
from fastsfu.sfu import SFU

READS = ("GET", "HEAD")
SECONDS_AT_ONCE = 2.0  # of its rate


class KeyCheck:
    """One application's (app.py). All of it belongs to the event loop's thread."""

    def __init__(self, sfu: SFU) -> None:
        self._sfu = sfu
        self._follow(sfu.config)

    def _follow(self, config: Config) -> None:
        self._config = config
        self._keys = Keyring(config.all_api_keys)
        self._rate = config.api_requests_per_second
        self._allowances: dict[str, Allowance] = {}

    def check(self, request: Request, scope: Scope) -> ApiKey:
        """The key that the request shows; raises HttpError 401, 403 or 429."""
        if self._sfu.config is not self._config:  # it was exchanged
            self._follow(self._sfu.config)
        if not self._keys:
            info = "this is switched off: the server has no API key (FASTSFU_API_KEY)"
            raise HttpError(403, "not-allowed", info)
        key = self._keys.find(bearer(request) or "")
        if key is None:
            raise HttpError(401, "not-allowed", "the API key is missing or wrong")
        if not key.may(scope, reads=request.method in READS):
            raise HttpError(403, "not-allowed", f"the API key {key.id} is not for this: {scope}")
        self._count(key)
        return key

    def _count(self, key: ApiKey) -> None:
        allowance = self._allowances.get(key.id)
        if allowance is None:
            allowance = Allowance(self._rate, self._rate * SECONDS_AT_ONCE)
            self._allowances[key.id] = allowance
        now = time.monotonic()
        wait = allowance.take(now, 0)  # what is refused does not count
        if wait:
            info = f"the API key {key.id} asks for more than {self._rate:g} times a second"
            raise HttpError(429, "rate-limit", info, {"Retry-After": f"{math.ceil(wait)}"})
        allowance.take(now)
