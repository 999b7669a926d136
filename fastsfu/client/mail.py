"""App messages over their data channel, each once and in order; docs/app-messages.md has it."""

import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from fastsfu.client.errors import CallError

CHANNEL = {"label": "fastsfu.messages", "protocol": "fastsfu.messages.v1", "negotiated": True}
CHANNEL_ID = 127
MOST_WAITING = 1000

Frame = dict[str, Any]


class Mail:
    """One call's, over one channel after the other."""

    def __init__(
        self,
        deliver: Callable[[Any, str], None],
        problem: Callable[[CallError], None],
    ) -> None:
        """`deliver` gets the data and the sender's session id."""
        self._deliver = deliver
        self._problem = problem
        self._channel: Any = None
        self._welcomed = False
        self._number = 0
        self._unacknowledged: deque[Frame] = deque()
        self._written = 0  # of those, over this channel
        self._acknowledged = 0  # over this channel
        self._received = 0  # over this channel
        self._last: dict[str, int] = {}  # number of each sender

    def open(self, connection: Any) -> None:
        """A channel on a new aiortc connection; what is not acknowledged goes over this one."""
        self._channel = connection.createDataChannel(id=CHANNEL_ID, **CHANNEL)
        self._welcomed = False
        self._written = self._acknowledged = self._received = 0
        self._channel.on("open", lambda: self._write({"type": "hello"}))
        self._channel.on("message", self._on_frame)

    def send(self, data: Any, to: str | Sequence[str] = "*") -> None:
        """Put a message on its way; raises CallError, and then nobody gets it."""
        if len(self._unacknowledged) >= MOST_WAITING:
            info = f"{MOST_WAITING} messages wait to be sent already."
            raise CallError("too-many-messages", info)
        try:
            json.dumps(data, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise CallError("bad-request", f"An app message has to be JSON: {error}.") from None
        self._number += 1
        receivers = "*" if to == "*" else [to] if isinstance(to, str) else list(to)
        message = {"number": self._number, "to": receivers, "kind": "app", "data": data}
        self._unacknowledged.append(message)
        self._flush()

    def _flush(self) -> None:
        if not self._welcomed:
            return
        for message in list(self._unacknowledged)[self._written :]:
            self._write({"type": "messages", "messages": [message]})
            self._written += 1

    def _write(self, frame: Frame) -> None:
        if self._channel.readyState == "open":
            self._channel.send(json.dumps(frame))

    def _on_frame(self, text: str | bytes) -> None:
        frame = json.loads(text)
        if handle := _HANDLERS.get(frame["type"]):
            handle(self, frame)

    def _on_welcome(self, frame: Frame) -> None:
        while self._unacknowledged and self._unacknowledged[0]["number"] <= frame["received"]:
            self._unacknowledged.popleft()
        self._welcomed = True
        self._flush()

    def _on_ack(self, frame: Frame) -> None:
        for _ in range(frame["count"] - self._acknowledged):
            if self._written and self._unacknowledged:
                self._unacknowledged.popleft()
                self._written -= 1
        self._acknowledged = max(self._acknowledged, frame["count"])

    def _on_messages(self, frame: Frame) -> None:
        for message in frame["messages"]:
            sender = message.get("origin") or message["from"]
            self._received += 1
            if message["number"] > self._last.get(sender, 0):
                self._last[sender] = message["number"]
                self._deliver(message["data"], message["from"])
        self._write({"type": "ack", "count": self._received})

    def _on_refused(self, frame: Frame) -> None:
        self._problem(CallError(frame["error"], frame["info"]))

    def _on_lost(self, frame: Frame) -> None:
        info = f"{frame['count']} app messages were lost: they were not read in time."
        self._problem(CallError("messages-lost", info))


_HANDLERS: dict[str, Callable[[Mail, Frame], None]] = {
    "welcome": Mail._on_welcome,
    "ack": Mail._on_ack,
    "messages": Mail._on_messages,
    "refused": Mail._on_refused,
    "lost": Mail._on_lost,
}
