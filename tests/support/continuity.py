"""Measures in a call page what a person would notice: gaps between pictures, and in sound.

A picture counts when the browser presents it (requestVideoFrameCallback). Sound that is missing is
made up by the browser (concealedSamples of getStats); a voice has a gap while every track of it
that is played is made up.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.support.page import CallPage

START = """(() => {
  const frames = {};
  const sound = [];
  const owners = {};
  window.continuity = { frames, sound };
  const seen = new WeakSet();
  const watch = (video) => {
    if (seen.has(video)) return;
    seen.add(video);
    const next = (now) => {
      const name = video.closest('.tile')?.querySelector('.name').textContent;
      if (name) (frames[name] ??= []).push(now);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  };
  const watchAll = () => document.querySelectorAll('.tile video').forEach(watch);
  new MutationObserver(watchAll).observe(document, { subtree: true, childList: true });
  watchAll();
  const listen = async () => {
    for (const { local, user_name, tracks } of Object.values(window.call.participants())) {
      const track = tracks.audio.persistentTrack;
      if (track && !local) owners[track.id] = user_name;
    }
    const played = [...document.querySelectorAll('#audio audio')]
      .map((one) => one.srcObject?.getTracks()[0]);
    const made = {};
    for (const pc of window.connections) {
      if (pc.connectionState === 'closed') continue;
      for (const { track } of pc.getReceivers()) {
        if (!played.includes(track)) continue;
        const report = await pc.getStats(track);
        report.forEach((one) => {
          if (one.type !== 'inbound-rtp') return;
          (made[owners[track.id]] ??= {})[track.id] = one.concealedSamples ?? 0;
        });
      }
    }
    sound.push(made);
    setTimeout(listen, 20);
  };
  void listen();
})()"""

FORGET = """(() => {
  const { frames, sound } = window.continuity;
  for (const list of [...Object.values(frames), sound]) list.splice(0, list.length - 1);
})()"""
READ = "JSON.stringify(window.continuity)"
SAMPLES_PER_MS = 48


@dataclass(frozen=True)
class Gaps:
    """Milliseconds, by name: the longest time without a new picture, and without sound."""

    pictures: dict[str, float]
    sound: dict[str, float]


async def start(page: CallPage) -> None:
    """Begin to measure; once for each page."""
    await page.evaluate(START)


async def gaps(page: CallPage) -> Gaps:
    """The longest gaps since the last call of this function."""
    found = json.loads(await page.evaluate(READ))
    await page.evaluate(FORGET)
    pictures = {
        name: max((b - a for a, b in pairwise(times)), default=0.0)
        for name, times in found["frames"].items()
    }
    names = {name for looks in found["sound"] for name in looks}
    return Gaps(pictures, {name: longest_silence(name, found["sound"]) for name in names})


def longest_silence(name: str, looks: Sequence[Mapping[str, Mapping[str, float]]]) -> float:
    """Milliseconds that were made up in one go; `looks` by name and track: samples so far."""
    longest = silence = 0.0
    for before, now in pairwise(look.get(name, {}) for look in looks):
        grown = [now[track] - before[track] for track in now.keys() & before.keys()]
        least = min(grown, default=0.0)
        silence = silence + least if least else 0.0
        longest = max(longest, silence)
    return longest / SAMPLES_PER_MS
