"""The servers whose calls are measured: each in the network's namespace, with a page to join by."""

import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self

import jwt

from benchmarks.load.server import API_KEY, SECRET, Process, ServerProcess
from fastsfu.auth.tokens import Tokens
from tests.support.network import SERVER, Namespaces

Page = Any  # of Playwright


class Server(Protocol):
    """`with` runs it inside the network."""

    name: str
    url: str
    process: subprocess.Popen[bytes]

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: Any) -> None: ...

    def usage(self) -> Any:
        """CPU time so far."""

    async def open(self, page: Page) -> None:
        """Go to where `window.enter(options)` joins a call."""

    def options(self, room: str, name: str) -> dict[str, Any]:
        """What `window.enter` has to know of the server; to it the caller adds `height` and
        `codec`, null for who only watches, `screen`: whether it is a screen of text, and `tile`:
        how many lines it wants of each picture, null for all.
        """

    def observe(self, room: str, name: str) -> dict[str, Any]:
        """What the server itself says of who has that name in the room, if anything; it may take a
        second."""


ENTER_FASTSFU = """void (window.enter = async (options) => {
  const { room, token, name, height, codec, screen, tile } = options;
  const { createCall } = await import('/sdk/fastsfu.js');
  const call = createCall();
  window.call = call;
  call.on('track-started', ({ participant, track }) => {
    if (!participant.local) bench.show(track);
  });
  call.on('nonfatal-error', ({ error }) => bench.note('error', error.type, error.info));
  call.on('network-quality-change', (event) => bench.note('quality', event));
  const sources = { audioSource: false, videoSource: false };
  if (height) {
    const { audio, video } = await bench.capture(height);
    Object.assign(sources, { audioSource: audio, videoSource: video });
  }
  if (screen) sources.videoSource = false;
  if (codec) await call.setCodecPreferences({ video: [codec] });
  if (tile) await call.updateReceiveSettings({ '*': { video: { maxHeight: tile } } });
  const at = Date.now();
  await call.join({ room, token, name, ...sources });
  if (screen) await call.startScreenShare({ mediaStream: bench.screen(height) });
  return at;
})"""


class FastSFU(ServerProcess):
    """`fastsfu serve`, of this tree or of another one's."""

    PORT = "443"

    def __init__(self, network: Namespaces, tree: Path | None = None) -> None:
        environment = {"FASTSFU_WORKERS": "1", "FASTSFU_TOPOLOGY": "sfu"}
        if tree is not None:
            environment |= {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
        super().__init__(
            options=["--port", self.PORT, "--media-port", self.PORT, "--media-ip", SERVER],
            environment=environment,
        )
        self.url = f"https://{SERVER}:{self.PORT}"
        self._network = network

    def __enter__(self) -> Self:
        with self._network.inside("server"):
            return super().__enter__()

    async def open(self, page: Page) -> None:
        await page.goto(f"{self.url}/")
        await page.evaluate(ENTER_FASTSFU)

    def options(self, room: str, name: str) -> dict[str, Any]:
        return {"room": room, "name": name, "token": self.token(room, name)}

    @property
    def signaling(self) -> str:
        """Where clients that are no pages join."""
        return self.url.replace("https:", "wss:") + "/v1/signal"

    def token(self, room: str, name: str) -> str:
        """For somebody of that name."""
        return Tokens(SECRET).sign(room, name=name)

    def observe(self, room: str, name: str) -> dict[str, Any]:
        people = f"/v1/rooms/{room}/participants"
        with self._network.inside("server"):
            (session,) = [one for one in self._ask(people)["data"] if one["user_name"] == name]
            return self._ask(f"{people}/{session['session_id']}/why")

    def _ask(self, path: str) -> dict[str, Any]:
        reply = self.http.get(path, headers={"Authorization": f"Bearer {API_KEY}"})
        return dict(reply.raise_for_status().json())


LIVEKIT_KEY = "benchmark"
ENTER_LIVEKIT = """void (window.enter = async ({ url, token, height, codec, screen }) => {
  const { Room, RoomEvent, Track } = LivekitClient;
  const room = new Room();
  room.on(RoomEvent.TrackSubscribed, (track) => bench.show(track.mediaStreamTrack));
  room.on(RoomEvent.TrackStreamStateChanged, (_, state) => bench.note('quality', state));
  const media = height ? await bench.capture(height) : null;
  const at = Date.now();
  await room.connect(url, token);
  if (media) {
    await room.localParticipant.publishTrack(media.audio, { source: Track.Source.Microphone });
    const [text] = screen ? bench.screen(height).getVideoTracks() : [];
    await room.localParticipant.publishTrack(text ?? media.video, {
      source: text ? Track.Source.ScreenShare : Track.Source.Camera,
      videoCodec: codec?.toLowerCase() ?? 'vp8',
      ...(height === 360 && { videoEncoding: { maxBitrate: 1_500_000, maxFramerate: 30 } }),
    });
  }
  return at;
})"""


class LiveKit(Process):
    """A `livekit-server`, and npm's `livekit-client` (its dist/livekit-client.umd.js)."""

    name = "livekit"
    PORT = 7880

    def __init__(self, network: Namespaces, binary: Path, client: Path) -> None:
        settings = (
            f"port: {self.PORT}\nkeys: {{{LIVEKIT_KEY}: {SECRET}}}\nlogging: {{level: warn}}\n"
            f"rtc: {{udp_port: 7882, tcp_port: 7881, node_ip: {SERVER}, use_external_ip: false}}\n"
        )
        command = [str(binary), "--config-body", settings, "--node-ip", SERVER]
        super().__init__(f"http://{SERVER}:{self.PORT}", command)
        self._network = network
        self._client = client

    def __enter__(self) -> Self:
        with self._network.inside("server"):
            return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        self.process.send_signal(signal.SIGINT)  # while rooms are there, a second signal ends it
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1.0)
        super().__exit__(*error)

    async def open(self, page: Page) -> None:
        await page.goto(self.url)
        await page.add_script_tag(path=self._client)
        await page.evaluate(ENTER_LIVEKIT)

    def options(self, room: str, name: str) -> dict[str, Any]:
        claims: Mapping[str, Any] = {
            "iss": LIVEKIT_KEY,
            "sub": name,
            "exp": int(time.time()) + 3600,
            "video": {"room": room, "roomJoin": True},
        }
        token = jwt.encode(dict(claims), SECRET, algorithm="HS256")
        return {"url": self.url.replace("http", "ws"), "token": token}

    def observe(self, room: str, name: str) -> dict[str, Any]:
        return {}
