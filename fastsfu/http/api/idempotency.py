"""`Idempotency-Key`: who does not know whether its POST has arrived may send it again.

The answer of the first is kept for a day, in memory, and given again to the same request
(draft-ietf-httpapi-idempotency-key-header). What failed is not kept: it has changed nothing.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fastsfu.http.answers import HttpError

HEADER = "Idempotency-Key"
LONGEST = 255  # characters of a key
KEPT_SECONDS = 86_400.0
MOST = 10_000  # answers; the oldest are forgotten


@dataclass(slots=True)
class _First:
    """The request that came first with a key, and its answer when there is one."""

    fingerprint: bytes
    at: float  # of the event loop's clock
    answer: Response | None = None


class Idempotency:
    """One application's."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], _First] = OrderedDict()

    async def once(
        self,
        key_id: str,
        request: Request,
        body: bytes,
        answer: Callable[[], Awaitable[Response]],
    ) -> Response:
        """What `answer` says, or said before to the same request.

        Raises HttpError: 409 while the first is in work, 422 when that was another request.
        """
        given = request.headers.get(HEADER)
        if given is None:
            return await answer()
        if not 0 < len(given) <= LONGEST:
            raise HttpError(400, "bad-request", f"{HEADER} has 1 to {LONGEST} characters")
        fingerprint = hashlib.sha256(f"{request.url.path}\n".encode() + body).digest()
        first = self._find((key_id, given))
        if first is None:
            return await self._keep((key_id, given), fingerprint, answer)
        if first.fingerprint != fingerprint:
            raise HttpError(422, "bad-request", f"another request had this {HEADER} before")
        if first.answer is None:
            info = f"the first request with this {HEADER} is in work"
            raise HttpError(409, "in-progress", info, {"Retry-After": "1"})
        return _again(first.answer)

    async def _keep(
        self, key: tuple[str, str], fingerprint: bytes, answer: Callable[[], Awaitable[Response]]
    ) -> Response:
        first = self._known[key] = _First(fingerprint, asyncio.get_running_loop().time())
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        try:
            first.answer = await answer()
        finally:
            if first.answer is None and self._known.get(key) is first:
                del self._known[key]
        return first.answer

    def _find(self, key: tuple[str, str]) -> _First | None:
        oldest = asyncio.get_running_loop().time() - KEPT_SECONDS
        while self._known and next(iter(self._known.values())).at < oldest:
            self._known.popitem(last=False)
        return self._known.get(key)


def _again(answer: Response) -> Response:
    headers = {**answer.headers, "Idempotent-Replayed": "true"}
    return Response(bytes(answer.body), answer.status_code, headers)
