"""What `error.error` can be. The fatal ones are the browser library's `error.type` too."""

FATAL_ERRORS = {
    "not-allowed": "the token or resume key is missing or wrong, or lacks the right",
    "exp-token": "the token has expired",
    "nbf-token": "the token is not valid yet",
    "bad-origin": "pages of this origin may not connect: it is none of `allowed_origins`",
    "no-room": "there is no such room, or no such session to resume",
    "meeting-full": "the room has as many participants as it may",
    "exp-room": "the room has ended",
    "nbf-room": "the room has not started yet",
    "bad-message": "the first message was no join or resume, or too many were malformed",
    "timeout": "no join in time, no ping in time, or the client does not read",
    "rate-limit": "the client goes on sending too many messages",
    "connection-error": "media did not come through within the consent timeout",
    "no-capacity": "the server is full: its calls go on, and nobody comes in until others leave",
    "end-of-life": "the server stops and takes no new calls",
}
OTHER_ERRORS = {
    "bad-message": "not JSON, no known type, or a member of the wrong type; info names it",
    "bad-offer": "the SDP cannot be answered; info says what was expected and what came",
    "bad-request": "the message makes no sense now",
    "not-allowed": "the token does not carry the right, or the new one other rights",
    "exp-token": "the new token has expired",
    "nbf-token": "the new token is not valid yet",
    "rate-limit": "too many messages or publications, so they are taken later; or more signals "
    "for a P2P connection than any needs",
    "sfu-unreachable": "a direct call runs, but media would not reach the server if a third came",
    "no-capacity": "a stream is one too many for the session, its token, its room or the server",
    "no-common-codec": "a publication cannot be received: the client knows none of its codecs",
    "end-of-life": "the server is about to stop; fatal when it does",
}
