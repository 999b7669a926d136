/** How loud our own microphone is, for browsers whose statistics do not say it (Firefox). */

/** @import { Sound } from './stats.js' */

/** The most that there can be: a look that comes late, after 683 ms at 48 kHz, still sees all. */
const SAMPLES = 32768;
/** About 10 ms, of each of which statistics take the peak. */
const BLOCK = 512;

export class OwnSound {
  #open;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #lookedAt = 0;
  /** @type {Sound} */
  #sound = { energy: 0, duration: 0 };

  /** @param {() => AudioContext} [open] */
  constructor(open = () => new AudioContext()) {
    this.#open = open;
  }

  /**
   * @param {MediaStreamTrack | null} track
   * @returns {Sound | null} what it has brought since the first look at it; null without a track
   */
  of(track) {
    if (track !== this.#track) this.#listen(track);
    if (!this.#context || !this.#analyser || !track) return null;
    const { currentTime: now, sampleRate } = this.#context;
    const elapsed = now - this.#lookedAt;
    const { energy, duration } = this.#sound;
    const samples = new Float32Array(SAMPLES);
    this.#analyser.getFloatTimeDomainData(samples);
    const since = samples.subarray(-Math.max(BLOCK, Math.round(elapsed * sampleRate)));
    this.#sound = { energy: energy + powerOf(since) * elapsed, duration: duration + elapsed };
    this.#lookedAt = now;
    return this.#sound;
  }

  close() {
    this.#listen(null);
    void this.#context?.close();
    this.#context = null;
  }

  /** @param {MediaStreamTrack | null} track */
  #listen(track) {
    this.#track = track;
    this.#source?.disconnect();
    this.#source = null;
    if (!track) return;
    this.#context ??= this.#open();
    void this.#context.resume();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = SAMPLES;
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
    this.#lookedAt = this.#context.currentTime;
    this.#sound = { energy: 0, duration: 0 };
  }
}

/** @param {Float32Array} samples @returns {number} the mean square of its peaks */
export function powerOf(samples) {
  let sum = 0;
  for (let start = 0; start < samples.length; start += BLOCK) {
    const peak = Math.max(...samples.subarray(start, start + BLOCK).map(Math.abs));
    sum += peak * peak;
  }
  return (sum * BLOCK) / samples.length;
}
