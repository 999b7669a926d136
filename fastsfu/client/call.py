"""A call: what is known of those in it, and what its participant does."""

import asyncio
import ssl as tls
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from fastsfu.client.access import Access
from fastsfu.client.errors import CallError
from fastsfu.client.events import Events, Handler
from fastsfu.client.line import Line, Message, text_of
from fastsfu.client.mail import Mail
from fastsfu.client.media import Media
from fastsfu.client.people import SOURCES, People
from fastsfu.client.tracks import Track

SDK = "python/0.1"
UNDER = {"audio": ("audio",), "video": ("video",), "screen": ("screenVideo", "screenAudio")}


def join(
    url: str,
    *,
    room: str,
    token: str | None = None,
    name: str = "",
    user_data: Any = None,
    receive: Mapping[str, Mapping[str, Any]] | None = None,
    ssl: tls.SSLContext | None = None,
) -> "Call":
    """A call to be entered by `async with`; `url` is where the server is mounted, https or http.

    `receive` are receive settings: `{"*": {"video": False}}` decodes no pictures. `ssl` is for
    servers whose certificate is of no known authority. Entering raises CallError; where a host has
    to let it in, it asks and waits for as long as that takes.
    """
    said = {"room": room, "token": token, "name": name, "user_data": user_data}
    return Call(url, said, dict(receive or {}), ssl)


class Call:
    """Made by `join`; all methods belong to the event loop's thread."""

    def __init__(
        self, url: str, said: Message, receive: Mapping[str, Any], ssl: tls.SSLContext | None
    ) -> None:
        self._said = said
        self._receive = receive
        self._events = Events()
        self._mail = Mail(self._on_app_message, self._on_problem)
        if ssl is None and url.startswith("https://"):
            ssl = tls.create_default_context()
        self._access = Access(
            self._ask_for_access,
            lambda access: self._events.emit("access-state-updated", access=access),
        )
        self._line = Line(
            url, ssl, self._join_message, self._access.waits, self._on_welcome, self._on_message
        )
        self._media = Media(
            self._line.send,
            self._mail.open,
            self._on_track,
            lambda track: self._tell_track("track-stopped", track),
            self._on_problem,
        )
        self._people = People()
        self._room: Message = {}
        self._data: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._sends: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[None] | None = None
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._ended = asyncio.get_running_loop().create_future()
        self._ended.add_done_callback(lambda ended: ended.exception())
        try:
            await self._line.open()
        except BaseException:
            self._access.end(granted=False)
            await self.leave()
            raise
        self._tasks = [
            asyncio.create_task(self._run(self._line.run)),
            asyncio.create_task(self._run(self._media.run)),
        ]
        self._events.emit("joined-meeting", participants=self.participants())
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.leave()

    async def leave(self) -> None:
        """End it; nothing of it is left behind. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self._line.close()
        await self._media.close()
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        self._events.emit("left-meeting")
        for send in self._sends:
            send.cancel()
        await asyncio.gather(*self._sends, return_exceptions=True)
        await self._events.close()

    async def ended(self) -> None:
        """Wait for the end; raises the CallError (`ejected`, ...) that ended it."""
        assert self._ended is not None
        await asyncio.shield(self._ended)

    def on(self, name: str, handler: Handler) -> None:
        """Call `handler` with each event of this name: a dict, as in the browser library."""
        self._events.on(name, handler)

    def once(self, name: str, handler: Handler) -> None:
        self._events.once(name, handler)

    def off(self, name: str, handler: Handler) -> None:
        self._events.off(name, handler)

    async def request_access(self, name: str | None = None) -> Message:
        """Ask again to be let in, under another name if one is given, while entering waits for that
        (`access-state-updated` has said `waiting`); `{"granted": bool}`. Raises CallError.
        """
        return await self._access.request(name)

    def participants(self) -> dict[str, Message]:
        """Keyed by `local` and the session ids of the others."""
        others = {key: self._shown(each) for key, each in self._people.others.items()}
        return {"local": self._shown(self._people.you), **others}

    def room(self) -> Message:
        """`{name, max_participants, ends_at, locked, enable_knocking}`."""
        return dict(self._room)

    def meeting_session_state(self) -> Message:
        return {"data": self._data}

    async def track(self, session_id: str, source: str = "audio") -> Track:
        """What is received of a source of somebody, as soon as it is; raises CallError `left`."""
        while (found := self._media.tracks.get((session_id, source))) is None:
            if session_id in self._people.gone or self._ended is None or self._ended.done():
                raise CallError("left", f"{session_id} is not in the call.")
            self._news.clear()
            await self._news.wait()
        return found

    def publish(self, **tracks: Any) -> None:
        """Send aiortc tracks from now on, by source: `audio`, `video`, `screenVideo`,
        `screenAudio`. None stops one.
        """
        for source, track in tracks.items():
            if source not in SOURCES:
                raise CallError("bad-request", f"Sources are {', '.join(SOURCES)}.")
            self._media.publish(source, track)
        self._say_sources()

    def unmute(self, *names: str) -> None:
        """Turn on again what a host has turned off: `audio`, `video`, `screen`."""
        self._media.hold(self._media.held - _sources(names))
        self._soon({"type": "unmute", "sources": list(names)})

    def send_app_message(self, data: Any, to: str | Sequence[str] = "*") -> None:
        """Give JSON to everybody else, or to session ids; raises CallError."""
        self._mail.send(data, to)

    def set_user_name(self, name: str) -> None:
        self._said["name"] = name
        self._soon({"type": "update", "name": name})

    def set_user_data(self, data: Any) -> None:
        """JSON that others see; raises CallError, and then nothing has changed."""
        self._soon({"type": "update", "user_data": data})
        self._said["user_data"] = data

    def update_receive_settings(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Decline sources (False) or take them back (True), by session id or `*`."""
        self._soon({"type": "receive-settings", "settings": dict(settings)})
        self._receive = {**self._receive, **settings}

    # What its parts call.

    def _join_message(self) -> Message:
        return {"type": "join", "sdk": SDK, "capabilities": ["batches", "knocks"], **self._said}

    def _ask_for_access(self, name: str | None) -> None:
        if name is not None:
            self._said["name"] = name
        self._soon({"type": "request-access", "name": name})

    def _on_welcome(self, welcome: Message) -> None:
        self._access.end(granted=True)
        self._room, self._data = welcome["room"], welcome["session_data"]
        left, new = self._people.welcome(welcome)
        for each in left:
            self._events.emit("participant-left", participant=self._shown(each))
        for each in new:
            self._events.emit("participant-joined", participant=self._shown(each))
        self._news.set()
        self._events.emit("network-connection", type="signaling", event="connected")
        self._do(self._set_up, welcome)

    async def _set_up(self, welcome: Message) -> None:
        if welcome["type"] == "joined":
            await self._media.begin(welcome)
        else:
            self._media.want(welcome["sections"])
            self._media.repeat()
        if self._receive:
            await self._line.send({"type": "receive-settings", "settings": dict(self._receive)})

    async def _on_message(self, message: Message) -> None:
        if message["type"] == "batch":
            for each in message["messages"]:
                await self._on_message(each)
        elif handle := _HANDLERS.get(message["type"]):
            await handle(self, message)

    async def _on_answer(self, message: Message) -> None:
        self._media.answered(message)

    async def _on_sections(self, message: Message) -> None:
        self._media.want(message)

    async def _on_participant(self, message: Message) -> None:
        participant = message["participant"]
        self._people.learn(participant)
        self._events.emit(message["type"], participant=self._shown(participant))

    async def _on_left(self, message: Message) -> None:
        gone = self._people.left(message["session_id"])
        await self._media.forget(message["session_id"])
        self._news.set()
        if gone is not None:
            shown = self._shown(gone)
            self._events.emit("participant-left", participant=shown, reason=message["reason"])

    async def _on_speaker(self, message: Message) -> None:
        speaker = {"peerId": message["session_id"]}
        self._events.emit("active-speaker-change", activeSpeaker=speaker)

    async def _on_muted(self, message: Message) -> None:
        self._media.hold(self._media.held | _sources(message["sources"]))
        self._events.emit("muted-by-host", sources=message["sources"])

    async def _on_room(self, message: Message) -> None:
        self._room = message["room"]
        self._events.emit("room-updated", room=self.room())

    async def _on_data(self, message: Message) -> None:
        self._data = message["data"]
        state = self.meeting_session_state()
        self._events.emit("meeting-session-state-updated", meetingSessionState=state)

    async def _on_error(self, message: Message) -> None:
        if not self._media.answered({**message, "id": message["re"]}):
            self._on_problem(CallError(message["error"], message["info"]))

    def _on_app_message(self, data: Any, sender: str) -> None:
        self._events.emit("app-message", data=data, fromId=sender)

    def _on_track(self, track: Track) -> None:
        self._news.set()
        self._tell_track("track-started", track)

    def _tell_track(self, name: str, track: Track) -> None:
        owner = self._people.others.get(track.session_id)
        shown = None if owner is None else self._shown(owner)
        self._events.emit(name, participant=shown, track=track, type=track.source)

    def _on_problem(self, error: CallError) -> None:
        self._events.emit("nonfatal-error", errorMsg=error.info, error=error)

    def _shown(self, participant: Message) -> Message:
        return self._people.shown(participant, self._media.tracks)

    def _say_sources(self) -> None:
        published = self._media.published
        self._soon({"type": "update", **{each: published[each] is not None for each in published}})

    def _soon(self, message: Message) -> None:
        """Raises CallError for what is no JSON."""
        self._do(self._line.send_text, text_of(message))

    def _do(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        task = asyncio.ensure_future(self._run(work, *arguments))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    async def _run(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """A task of the call: its error is the call's end."""
        try:
            await work(*arguments)
        except Exception as cause:
            error = cause if isinstance(cause, CallError) else _broken(cause)
            self._news.set()
            if self._ended is not None and not self._ended.done():
                self._ended.set_exception(error)
            self._events.emit("error", errorMsg=error.info, error=error)


def _broken(cause: Exception) -> CallError:
    error = CallError("connection-error", f"The call has broken off: {cause!r}.", fatal=True)
    error.__cause__ = cause
    return error


def _sources(names: Iterable[str]) -> set[str]:
    return {source for name in names for source in UNDER[name]}


_HANDLERS = {
    "answer": Call._on_answer,
    "sections": Call._on_sections,
    "participant-joined": Call._on_participant,
    "participant-updated": Call._on_participant,
    "participant-left": Call._on_left,
    "active-speaker": Call._on_speaker,
    "muted": Call._on_muted,
    "room-updated": Call._on_room,
    "session-data": Call._on_data,
    "error": Call._on_error,
}
