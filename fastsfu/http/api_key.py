"""Who may use what is for the application alone: whoever shows the configured key."""

import hmac

from starlette.requests import Request

from fastsfu.http.answers import HttpError, bearer
from fastsfu.sfu import SFU


def check_api_key(sfu: SFU, request: Request) -> None:
    """Raises HttpError unless the request carries the configured key."""
    key = sfu.config.api_key
    if key is None:
        info = "this is switched off: the server has no API key (FASTSFU_API_KEY)"
        raise HttpError(403, "not-allowed", info)
    given = (bearer(request) or "").encode()
    if not hmac.compare_digest(given, key.get_secret_value().encode()):
        raise HttpError(401, "not-allowed", "the API key is missing or wrong")
