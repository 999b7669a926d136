"""A session's end of its channel of app messages: frames in, checked and taken over, frames out.

A sender beyond its rate is read more slowly, never refused: its channel is paused until the rate
allows what it has sent, SCTP's window closes, and the messages wait where they come from.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from pydantic import ValidationError

from fastsfu.config import Config
from fastsfu.errors import RequestError
from fastsfu.messages.exchange import AppMessage, Exchange
from fastsfu.messages.mailbox import Mailbox
from fastsfu.transport import frames

ACK_SECONDS = 0.1
ACK_MESSAGES = 32
MAX_REPLIES = 64  # frames that wait besides messages; beyond, the client is not read


class MailChannel(Protocol):
    """The stream that carries the frames."""

    def send_frame(self, frame: bytes) -> bool: ...
    def pause(self, why: str, paused: bool) -> None: ...


class Mail:
    """Between a session's channel and its mailbox; it is the mailbox's Link."""

    def __init__(
        self,
        mailbox: Mailbox,
        exchange: Exchange,
        config: Config,
        *,
        may_send: Callable[[], bool],
        check: Callable[[AppMessage], None],
        describe: Callable[[frames.Metadata], None],
    ) -> None:
        """`check` sees each message before it is given on; it raises RequestError to refuse it.
        `describe` gets what the client says of itself, whatever `may_send` says at that time.
        """
        self._mailbox = mailbox
        self._exchange = exchange
        self._rate = config.app_messages_per_second
        self._may_send = may_send
        self._check = check
        self._describe = describe
        self._loop = asyncio.get_running_loop()
        self._channel: MailChannel | None = None
        self._replies: list[bytes] = []
        self._taken = self._told = 0  # messages over this channel
        self._ack_timer: asyncio.TimerHandle | None = None
        self._resume_timer: asyncio.TimerHandle | None = None
        self._burst = config.app_message_burst
        self._credit = float(self._burst)
        self._credited_at = self._loop.time()

    def open(self, channel: MailChannel) -> None:
        """The association stands; nothing is written before the client's hello."""
        self._channel = channel

    def close(self) -> None:
        self._channel = None
        for timer in (self._ack_timer, self._resume_timer):
            if timer is not None:
                timer.cancel()

    def receive(self, frame: bytes) -> None:
        """A frame of the client. One that is none is refused, and the channel goes on: what its
        client counts as sent, we count as taken.
        """
        if self._exchange.packed:
            return  # it is the other process that has the mailboxes now
        try:
            parsed = frames.read(frame)
        except ValidationError:
            self._refuse(0, "bad-message", "The frame is none of docs/app-messages.md.")
            count = frames.unreadable_messages(frame)
            self._taken += count
            self._charge(max(1, count))
            self._owe()
            return
        if isinstance(parsed, frames.Messages):
            for message in parsed.messages:
                if self._channel is None:
                    return  # the application has ended the session over one before
                self._take(message)
            self._charge(max(1, len(parsed.messages)))
            self._owe()
        elif isinstance(parsed, frames.Metadata):
            self._describe(parsed)
            self._charge(1)
        elif isinstance(parsed, frames.Ack):
            self._mailbox.acknowledge(parsed.count)
        elif isinstance(parsed, frames.Hello):
            self._mailbox.when_whole(self._welcome)

    def too_large(self) -> None:
        """A message of the channel that was larger than any frame."""
        self._refuse(0, "too-large", "The frame was larger than a=max-message-size.")
        self._charge(1)

    def write(self, frame: bytes) -> bool:
        """As `messages.Link`: replies go first."""
        if not self._send_replies() or self._channel is None:
            return False
        return self._channel.send_frame(frame)

    def flush(self) -> None:
        """There is room in the channel again."""
        if self._send_replies():
            self._mailbox.flush()

    def _welcome(self) -> None:
        if self._channel is not None:
            self._reply(frames.Welcome(received=self._mailbox.received))
            self._mailbox.open(self)
            self._mailbox.flush()

    def _take(self, message: frames.WireMessage) -> None:
        self._taken += 1
        if message.number <= self._mailbox.received:
            return  # it came before, over another channel
        self._mailbox.received = message.number
        to = message.to if message.to == "*" else tuple(message.to)
        passed = AppMessage(message.data, to, self._mailbox.session_id)
        try:
            if not self._may_send():
                raise RequestError("There is no permission to send app messages.", "not-allowed")
            if message.kind != "app":
                raise RequestError("Only messages of kind app go through the server.")
            self._exchange.check(message.data)
            self._check(passed)
            self._exchange.relay(self._mailbox, message.number, passed)
        except RequestError as error:
            self._refuse(message.number, error.type, error.info)

    def _charge(self, count: int) -> None:
        """Pay for messages that were read; in debt, nothing is read until it is paid off."""
        now = self._loop.time()
        earned = (now - self._credited_at) * self._rate
        self._credit = min(self._burst, self._credit + earned) - count
        self._credited_at = now
        if self._credit < 0 and self._channel is not None and self._resume_timer is None:
            self._channel.pause("rate", True)
            self._resume_timer = self._loop.call_later(-self._credit / self._rate, self._resume)

    def _resume(self) -> None:
        self._resume_timer = None
        if self._channel is not None:
            self._channel.pause("rate", False)

    def _owe(self) -> None:
        """An acknowledgement is due: at once when many messages wait for it, else soon."""
        if self._taken - self._told >= ACK_MESSAGES:
            self._acknowledge()
        elif self._ack_timer is None:
            self._ack_timer = self._loop.call_later(ACK_SECONDS, self._acknowledge)

    def _acknowledge(self) -> None:
        if self._ack_timer is not None:
            self._ack_timer.cancel()
            self._ack_timer = None
        if self._taken > self._told:
            self._told = self._taken
            self._reply(frames.Ack(count=self._taken))

    def _refuse(self, number: int, error: str, info: str) -> None:
        self._reply(frames.Refused(number=number, error=error, info=info))

    def _reply(self, frame: frames.Model) -> None:
        self._replies.append(frames.write(frame))
        self._send_replies()

    def _send_replies(self) -> bool:
        """True when none waits any more."""
        if self._channel is None:
            return False
        sent = 0
        while sent < len(self._replies) and self._channel.send_frame(self._replies[sent]):
            sent += 1
        del self._replies[:sent]
        self._channel.pause("replies", len(self._replies) > MAX_REPLIES)
        return not self._replies
