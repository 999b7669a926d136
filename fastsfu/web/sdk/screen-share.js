/** Our shared screen and its sound. */

import { CallError, deviceError } from './errors.js';

/** @import { ScreenShareOptions, Source, TrackInfo } from './fastsfu.d.ts' */

/**
 * @typedef {object} ScreenHandlers
 * @property {(source: Source, track: MediaStreamTrack | null) => Promise<void>} publish
 * @property {(source: Source) => Promise<void>} unpublish
 * @property {() => void} changed
 */

export class ScreenShare {
  #handlers;
  /** @type {MediaStreamTrack | null} */
  #video = null;
  /** @type {MediaStreamTrack | null} */
  #audio = null;
  /** The tracks came from the browser's picker: ours to stop. */
  #own = false;
  /** Of the last start(); stopping raises it too. What comes for an earlier one is too late. */
  #generation = 0;

  /** @param {ScreenHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  get active() {
    return this.#video !== null;
  }

  /** @param {ScreenShareOptions} options */
  async start({ contentHint = 'detail', audio = true, mediaStream } = {}) {
    const stopped = this.stop();
    const generation = (this.#generation += 1);
    await stopped;
    const stream = mediaStream ?? (await pickScreen(audio));
    if (generation !== this.#generation) {
      if (!mediaStream) stream.getTracks().forEach((track) => track.stop());
      throw new CallError('screen-share-error', 'The screen was chosen too late.');
    }
    const [video] = stream.getVideoTracks();
    if (!video) throw new CallError('screen-share-error', 'There is no picture to share.');
    this.#video = video;
    this.#audio = stream.getAudioTracks()[0] ?? null;
    this.#own = !mediaStream;
    video.contentHint = contentHint;
    video.onended = () => void this.stop();
    this.#handlers.changed();
    await this.#publish();
  }

  async stop() {
    if (!this.active) return;
    this.stopTracks();
    this.#handlers.changed();
    await Promise.all([
      this.#handlers.unpublish('screenVideo'),
      this.#handlers.unpublish('screenAudio'),
    ]);
  }

  stopTracks() {
    this.#generation += 1;
    for (const track of [this.#video, this.#audio]) {
      if (track) track.onended = null;
      if (this.#own) track?.stop();
    }
    this.#video = this.#audio = null;
  }

  /** @returns {{screenVideo: TrackInfo, screenAudio: TrackInfo}} */
  tracks() {
    /** @param {MediaStreamTrack | null} track @returns {TrackInfo} */
    const info = (track) => ({ state: track ? 'playable' : 'off', persistentTrack: track });
    return { screenVideo: info(this.#video), screenAudio: info(this.#audio) };
  }

  async #publish() {
    const published = [this.#handlers.publish('screenVideo', this.#video)];
    if (this.#audio) published.push(this.#handlers.publish('screenAudio', this.#audio));
    await Promise.all(published);
  }
}

/**
 * @param {boolean} audio
 * @returns {Promise<MediaStream>}
 */
async function pickScreen(audio) {
  if (!navigator.mediaDevices?.getDisplayMedia) {
    throw new CallError('screen-share-error', 'This browser cannot share a screen.');
  }
  try {
    return await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 30 } },
      audio: audio && { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
  } catch (error) {
    throw deviceError(error, 'screenVideo');
  }
}
