"""Janus (Debian's package) under our load: its videoroom plugin over its HTTP API.

ICE-lite, one event loop, AES-GCM: its best case here. Debian builds libsrtp on NSS, which is slow
with AES-CM, so only GCM compares fairly.
"""

import secrets
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from benchmarks.compare import network
from benchmarks.load.peer import Peer
from benchmarks.load.server import Process, free_port

PLUGIN = "janus.plugin.videoroom"
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/janus")
REPLY_SECONDS = 10.0

JANUS = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{libraries}/plugins"
    transports_folder = "{libraries}/transports"
    debug_level = 2
    session_timeout = 0
    event_loops = 1
}}
media: {{ }}
nat: {{ ice_lite = true }}
plugins: {{ disable = "{others}" }}
transports: {{ disable = "{transports}" }}
"""
HTTP = (
    'general: {{ json = "plain" base_path = "/janus" http = true ip = "127.0.0.1" port = {port} }}'
)


class Janus(Process):
    """One Janus; sessions and handles are kept for the peers until they leave."""

    name = "janus"
    media_host = network.ADDRESS  # it takes no loopback candidates

    def __init__(self, *, core: int | None = None) -> None:
        if shutil.which("janus") is None:
            raise SystemExit("Janus is not installed: apt-get install janus")
        self.folder = Path(tempfile.mkdtemp(prefix="janus-"))
        port = free_port()
        settings = {
            "folder": self.folder,
            "libraries": LIBRARIES,
            "others": _others("plugins", "libjanus_videoroom.so"),
            "transports": _others("transports", "libjanus_http.so"),
        }
        (self.folder / "janus.jcfg").write_text(JANUS.format(**settings))
        (self.folder / "janus.transport.http.jcfg").write_text(HTTP.format(port=port))
        (self.folder / "janus.plugin.videoroom.jcfg").write_text("general: { }")
        super().__init__(
            f"http://127.0.0.1:{port}",
            ["janus", "-F", str(self.folder)],
            core=core,
            probe="/janus/info",
        )
        self._rooms: dict[str, int] = {}
        self._feeds: dict[str, list[int]] = {}
        self._handles: dict[str, str] = {}  # path by the peer's ufrag
        self._replies: dict[str, dict[str, Any]] = {}
        self._arrived = threading.Condition()

    def __enter__(self) -> Self:
        super().__enter__()
        self._session = f"/janus/{self._ask('/janus', janus='create')['data']['id']}"
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        shutil.rmtree(self.folder)

    def publish(self, peer: Peer, room: str, codec: str, kinds: Sequence[str]) -> None:
        handle = self._attach(peer)
        body = {
            "request": "joinandconfigure",
            "ptype": "publisher",
            "room": self._room(room, codec),
        }
        offer = {"type": "offer", "sdp": peer.describe(kinds, codec, sends=True)}
        reply = self._message(handle, body, offer)
        self._feeds[room].append(reply["plugindata"]["data"]["id"])
        peer.connect(reply["jsep"]["sdp"])

    def watch(self, peer: Peer, room: str, codec: str, kinds: Sequence[str]) -> None:
        handle = self._attach(peer)
        streams = [{"feed": feed} for feed in self._feeds[room]]
        body = {"request": "join", "ptype": "subscriber", "room": self._rooms[room]}
        reply = self._message(handle, {**body, "streams": streams})
        answer = {"type": "answer", "sdp": peer.describe(kinds, codec, sends=False)}
        self._message(handle, {"request": "start", "room": self._rooms[room]}, answer)
        peer.connect(reply["jsep"]["sdp"])

    def leave(self, peer: Peer) -> None:
        self._ask(self._handles.pop(peer.ufrag), janus="detach")
        peer.socket.close()

    def _room(self, name: str, codec: str) -> int:
        """Its number; made when there is none."""
        if name not in self._rooms:
            self._rooms[name], self._feeds[name] = len(self._rooms) + 1, []
            handle = f"{self._session}/{self._attached()}"
            body = {"request": "create", "room": self._rooms[name], "publishers": 100}
            codecs = {"videocodec": codec.lower(), "audiocodec": "opus", "bitrate": 0}
            self._ask(handle, janus="message", body={**body, **codecs})
        return self._rooms[name]

    def _attach(self, peer: Peer) -> str:
        handle = self._handles[peer.ufrag] = f"{self._session}/{self._attached()}"
        return handle

    def _attached(self) -> int:
        number: int = self._ask(self._session, janus="attach", plugin=PLUGIN)["data"]["id"]
        return number

    def _message(
        self, handle: str, body: dict[str, Any], jsep: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """A request whose answer comes as an event."""
        transaction = secrets.token_hex(8)
        extra = {"jsep": jsep} if jsep else {}
        self._ask(handle, janus="message", body=body, transaction=transaction, **extra)
        with self._arrived:
            if not self._arrived.wait_for(lambda: transaction in self._replies, REPLY_SECONDS):
                raise TimeoutError(f"janus did not answer {body['request']}")
            return _checked(self._replies.pop(transaction))

    def _ask(self, path: str, **request: Any) -> dict[str, Any]:
        reply = self.http.post(path, json={"transaction": secrets.token_hex(8), **request})
        return _checked(reply.json())

    def _listen(self) -> None:
        """Take events by long polls until the server is gone."""
        with httpx.Client(base_url=self.url, timeout=60.0) as http:
            while True:
                try:
                    event = http.get(self._session).json()
                except (httpx.TransportError, ValueError):
                    return
                with self._arrived:
                    if "transaction" in event:
                        self._replies[event["transaction"]] = event
                    self._arrived.notify_all()


def _checked(reply: dict[str, Any]) -> dict[str, Any]:
    data = reply.get("plugindata", {}).get("data", {})
    if reply["janus"] == "error" or "error" in data:
        raise ValueError(f"janus: {reply.get('error') or data}")
    return reply


def _others(kind: str, wanted: str) -> str:
    """What is installed besides, as Janus wants it for `disable`."""
    return ",".join(path.name for path in (LIBRARIES / kind).glob("*.so") if path.name != wanted)
