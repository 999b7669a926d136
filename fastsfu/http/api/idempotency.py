"""`Idempotency-Key`: who does not know whether its POST has arrived may send it again.

The answer of the first is kept for a day with all that outlives the rooms, and given again to the
same request (draft-ietf-httpapi-idempotency-key-header); one with a secret in it, in memory alone.
What failed is not kept: it has changed nothing.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fastsfu.errors import RecordError
from fastsfu.http.answers import HttpError
from fastsfu.room.answers import AnswersInMemory, KeptAnswer
from fastsfu.room.records import Records

logger = logging.getLogger("fastsfu.http")

HEADER = "Idempotency-Key"
LONGEST = 255  # characters of a key


class Idempotency:
    """One application's."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._secrets = AnswersInMemory()
        self._under_way: dict[tuple[str, str], bytes] = {}

    async def once(
        self,
        key_id: str,
        request: Request,
        body: bytes,
        answer: Callable[[], Awaitable[Response]],
        *,
        is_secret: bool = False,
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
        if (first := self._under_way.get((key_id, given))) is not None:
            _require_same(first, fingerprint)
            info = f"the first request with this {HEADER} is in work"
            raise HttpError(409, "in-progress", info, {"Retry-After": "1"})
        self._under_way[key_id, given] = fingerprint
        try:
            where = self._secrets if is_secret else self._records
            return await _kept(where, key_id, given, fingerprint, answer)
        finally:
            del self._under_way[key_id, given]


async def _kept(
    where: AnswersInMemory | Records,
    owner: str,
    key: str,
    fingerprint: bytes,
    answer: Callable[[], Awaitable[Response]],
) -> Response:
    """The answer that is there, or else a new one, which then is."""
    first = await where.find_answer(owner, key)
    if first is not None:
        _require_same(first.fingerprint, fingerprint)
        headers = {**first.headers, "Idempotent-Replayed": "true"}
        return Response(first.body, first.status, headers)
    given = await answer()
    headers, body = dict(given.headers), bytes(given.body)
    kept = KeptAnswer(owner, key, fingerprint, given.status_code, headers, body)
    try:
        await where.keep_answer(kept)
    except RecordError:  # it has happened, so that is what the client has to hear
        logger.error("an answer could not be kept: sent again, the request would be done again")
    return given


def _require_same(first: bytes, fingerprint: bytes) -> None:
    if first != fingerprint:
        raise HttpError(422, "bad-request", f"another request had this {HEADER} before")
