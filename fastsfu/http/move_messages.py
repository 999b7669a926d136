"""The message of the protocol that sends a client to another server."""

from typing import Literal

from pydantic import Field

from fastsfu.http.model import Model


class Moved(Model):
    """The call goes on elsewhere: join there with `replaces`, and `leave` here once all is there.

    No error: the session goes on meanwhile. Only for who said `moves`.
    """

    type: Literal["moved"] = "moved"
    url: str | None = Field(
        description="base URL of the server to join at; null: where we are, by another process"
    )
    alternates: list[str] = Field(description="where to join when nobody answers there")
