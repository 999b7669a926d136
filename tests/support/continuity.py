"""Watches what a person would notice while the media of a call goes another way.

In each page `WATCHING`, which runs before the page's own scripts, notes in which order things
happen: the first picture of a track that an element shows, when an element lost its track, when a
sender stopped, when a connection was closed, and any animation frame in which somebody had no
element with a live track. That order is exact, however busy the machine is. How long a picture or a
voice was away is not, so a second connection between the same pages, which nothing ever switches,
says what else held them up.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from tests.support.page import CallPage, until

WATCHING = """(() => {
  const notes = [];
  const frames = {};
  const sound = [];
  const owners = {};
  const began = new Set();
  window.continuity = { notes, frames, sound };
  const clock = (time) => performance.timeOrigin + (time ?? performance.now());
  const note = (what, subject, time) => notes.push({ what, subject, at: clock(time) });
  const trackOf = (element) => element.srcObject?.getTracks()[0];

  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', { ...source, set(stream) {
    const before = trackOf(this);
    if (before) note('detached', before.id);
    source.set.call(this, stream);
  } });
  const { close } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.close = function () {
    note('closed', '');
    return close.call(this);
  };
  const { replaceTrack } = RTCRtpSender.prototype;
  RTCRtpSender.prototype.replaceTrack = function (track) {
    if (this.track && !track) note('unsent', this.track.kind);
    return replaceTrack.call(this, track);
  };

  const showing = new WeakMap();
  const watch = (video, nameOf) => {
    if (showing.has(video)) return;
    showing.set(video, null);
    const next = (now) => {
      const name = nameOf();
      const track = trackOf(video)?.id;
      if (name && track) {
        if (showing.get(video) !== track) note('shown', track, now);
        showing.set(video, track);
        owners[track] ??= name;
        (frames[name] ??= []).push(now);
      }
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  };
  const nameIn = (video) => video.closest('.tile')?.querySelector('.name').textContent;
  const plays = (element) => trackOf(element)?.readyState === 'live';
  const look = () => {
    const remote = Object.values(window.call?.participants() ?? {}).filter((one) => !one.local);
    for (const { user_name: name, tracks } of remote) {
      for (const { persistentTrack } of [tracks.audio, tracks.video]) {
        if (persistentTrack) owners[persistentTrack.id] = name;
      }
      for (const kind of ['.tile video', '#audio audio']) {
        const elements = [...document.querySelectorAll(kind)];
        const playing = elements.some((one) => plays(one) && owners[trackOf(one).id] === name);
        if (!playing && began.has(name + kind)) note('nothing', `${name} ${kind}`);
        if (playing) began.add(name + kind);
      }
    }
    requestAnimationFrame(look);
  };
  const listen = async () => {
    const played = [...document.querySelectorAll('audio')].map(trackOf);
    const made = {};
    for (const pc of window.connections) {
      if (pc.connectionState === 'closed') continue;
      for (const { track } of pc.getReceivers()) {
        if (!played.includes(track)) continue;
        (await pc.getStats(track)).forEach((one) => {
          if (one.type !== 'inbound-rtp') return;
          (made[owners[track.id]] ??= {})[track.id] = one.concealedSamples ?? 0;
        });
      }
    }
    sound.push(made);
    setTimeout(listen, 20);
  };
  addEventListener('DOMContentLoaded', () => {
    const watchAll = () => document.querySelectorAll('.tile video').forEach((video) => {
      watch(video, () => nameIn(video));
    });
    new MutationObserver(watchAll).observe(document, { subtree: true, childList: true });
    requestAnimationFrame(look);
    void listen();
  });

  // A connection of the test's own: what comes over it is CONTROL's.
  const gathered = (pc) => new Promise((resolve) => {
    if (pc.iceGatheringState === 'complete') resolve(pc.localDescription.sdp);
    else pc.onicegatheringstatechange = () => resolve(gathered(pc));
  });
  let control;
  window.control = async (type, sdp) => {
    if (type) await control.setRemoteDescription({ type, sdp });
    if (type === 'answer') return null;
    const canvas = document.createElement('canvas');
    const paint = canvas.getContext('2d');
    setInterval(() => paint.fillRect(Math.random() * 300, Math.random() * 150, 9, 9), 33);
    const context = new AudioContext();
    const tone = new OscillatorNode(context);
    const out = context.createMediaStreamDestination();
    tone.connect(out);
    tone.start();
    for (const track of [...canvas.captureStream(30).getTracks(), ...out.stream.getTracks()]) {
      control.addTrack(track);
    }
    await control.setLocalDescription();
    return gathered(control);
  };
  window.prepareControl = () => {
    control = new RTCPeerConnection();
    control.ontrack = ({ track }) => {
      const element = document.createElement(track.kind);
      element.srcObject = new MediaStream([track]);
      owners[track.id] = 'CONTROL';
      document.body.append(element);
      if (track.kind === 'video') watch(element, () => 'CONTROL');
      element.muted = track.kind === 'video';
      void element.play();
    };
  };
})();"""

TAKE = """(() => {
  const { notes, frames, sound } = window.continuity;
  const taken = JSON.stringify(window.continuity);
  notes.length = 0;
  for (const list of [...Object.values(frames), sound]) list.splice(0, list.length - 1);
  return taken;
})()"""
CONTROL = "CONTROL"
# Runs in a call page before its own scripts: its camera gives pictures of this height, so that one
# machine has the time to encode and decode what three would.
CAMERA = """(() => {{
  const media = MediaDevices.prototype;
  const open = media.getUserMedia;
  media.getUserMedia = function getUserMedia(constraints) {{
    const size = {{ width: {height} * 16 / 9, height: {height} }};
    const video = constraints.video && {{ ...constraints.video, ...size }};
    return open.call(this, {{ ...constraints, video }});
  }};
}})();"""
SMALL_CAMERA = CAMERA.format(height=180)
SAMPLES_PER_MS = 48


@dataclass(frozen=True)
class Watched:
    """What happened in one page since the last look; times in ms of one clock for all pages."""

    notes: list[dict[str, Any]]
    pictures: dict[str, float]  # ms, by name: the longest time without a new picture
    silence: dict[str, float]  # and without sound

    def times(self, what: str, subject: str | None = None) -> list[float]:
        return [
            one["at"]
            for one in self.notes
            if one["what"] == what and subject in (None, one["subject"])
        ]

    def subjects(self, what: str) -> list[str]:
        return [one["subject"] for one in self.notes if one["what"] == what]


async def start_control(first: CallPage, second: CallPage) -> None:
    """Connect the two pages by what the call knows nothing of, and wait until it flows."""
    for page in (first, second):
        await page.evaluate("window.prepareControl()")
    offer = await first.evaluate("window.control()")
    answer = await second.evaluate(f"window.control('offer', {json.dumps(offer)})")
    await first.evaluate(f"window.control('answer', {json.dumps(answer)})")
    for page in (first, second):
        flows = f"window.continuity.frames.{CONTROL}?.length > 10"
        await until("the control connection", partial(page.evaluate, flows))


async def take(page: CallPage) -> Watched:
    """What happened since the last call of this function."""
    found = json.loads(await page.evaluate(TAKE))
    pictures = {
        name: max((b - a for a, b in pairwise(times)), default=0.0)
        for name, times in found["frames"].items()
    }
    names = {name for looks in found["sound"] for name in looks}
    silence = {name: longest_silence(name, found["sound"]) for name in names}
    return Watched(found["notes"], pictures, silence)


def longest_silence(name: str, looks: Sequence[Mapping[str, Mapping[str, float]]]) -> float:
    """Milliseconds that were made up in one go; `looks` by name and track: samples so far.

    A voice has a gap while every track of it that is played is made up, or none is.
    """
    longest = silence = 0.0
    for grown in _growth(name, looks):
        silence = silence + grown if grown else 0.0
        longest = max(longest, silence)
    return longest / SAMPLES_PER_MS


def _growth(name: str, looks: Sequence[Mapping[str, Mapping[str, float]]]) -> Iterator[float]:
    for before, now in pairwise(look.get(name, {}) for look in looks):
        yield min((now[track] - before[track] for track in now.keys() & before.keys()), default=0.0)
