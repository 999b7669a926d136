"""Error answers, `{"error": "kebab-case-type", "info": "one sentence"}`; safe reading."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse

from fastsfu.errors import FastSFUError

# What an error's type means as a status, for all HTTP faces.
STATUS = {
    "not-allowed": 403,
    "exp-token": 401,
    "nbf-token": 401,
    "no-room": 404,
    "meeting-full": 409,
    "exp-room": 410,
    "nbf-room": 403,
    "bad-offer": 400,
    "bad-request": 400,
    "too-large": 413,
    "no-capacity": 503,
    "end-of-life": 503,
    "unavailable": 503,
    "rate-limit": 429,
}


class HttpError(Exception):
    """Ends a request with this error."""

    def __init__(
        self, status: int, error: str, info: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(info)
        self.status, self.error, self.info, self.headers = status, error, info, headers

    @classmethod
    def of(cls, error: FastSFUError) -> "HttpError":
        """The HTTP form of a domain error."""
        return cls(STATUS.get(error.type, 400), error.type, error.info)

    def response(self) -> JSONResponse:
        """401 says which credentials are wanted (RFC 6750 section 3), 503 when to come back."""
        headers = dict(self.headers or {})
        if self.status == 401:
            headers.setdefault("WWW-Authenticate", "Bearer")
        if self.status == 503:
            headers.setdefault("Retry-After", "5")
        return JSONResponse({"error": self.error, "info": self.info}, self.status, headers)


def bearer(request: Request) -> str | None:
    """The credentials of `Authorization: Bearer ...` (RFC 6750), None when there are none."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None


async def read_text(request: Request, content_type: str, limit: int) -> str:
    """The body, checked for its type and size; raises HttpError 400, 413, 415."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != content_type:
        raise HttpError(415, "bad-request", f"the body has to be {content_type}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HttpError(413, "bad-request", f"the body may have {limit} bytes at most")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise HttpError(400, "bad-request", "the body has to be UTF-8") from None
