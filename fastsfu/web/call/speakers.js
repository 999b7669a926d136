/** Plays what the others say: one audio element for each track. */

/** @import { Participants, Source } from '../sdk/fastsfu.js' */

/** @type {readonly Source[]} */
const AUDIBLE = ['audio', 'screenAudio'];

/** A new element that does not sound by then takes over all the same. */
const EXCHANGE_MS = 1000;

export class Speakers {
  #root;
  #onBlocked;
  /** @type {Map<string, HTMLAudioElement>} */
  #elements = new Map();
  /** Where a track is exchanged: the new element, until it sounds. */
  #next = /** @type {Map<string, HTMLAudioElement>} */ (new Map());
  #sinkId = '';

  /**
   * @param {HTMLElement} root
   * @param {() => void} onBlocked the browser wants a click before it plays sound
   */
  constructor(root, onBlocked) {
    this.#root = root;
    this.#onBlocked = onBlocked;
  }

  static get canChoose() {
    return 'setSinkId' in HTMLMediaElement.prototype;
  }

  /** @param {Participants} participants */
  update(participants) {
    const tracks = audibleTracks(participants);
    for (const [key, element] of this.#elements) {
      if (!tracks.has(key)) this.#drop(key, element);
    }
    for (const [key, track] of tracks) this.#play(key, track);
  }

  clear() {
    for (const [key, element] of this.#elements) this.#drop(key, element);
  }

  /** After a click: everything that was blocked. */
  resume() {
    for (const element of this.#elements.values()) void element.play();
  }

  /** @param {string} deviceId */
  async setSink(deviceId) {
    this.#sinkId = deviceId;
    await Promise.all([...this.#elements.values()].map((one) => one.setSinkId(deviceId)));
  }

  /**
   * @param {string} key
   * @param {MediaStreamTrack} track
   */
  #play(key, track) {
    const old = this.#elements.get(key);
    const known = this.#next.get(key) ?? old;
    if (known && trackOf(known) === track) return;
    const overtaken = this.#next.get(key);
    if (overtaken) silence(overtaken);
    this.#next.delete(key);
    const element = this.#make(track);
    if (!old || trackOf(old)?.readyState !== 'live') {
      if (old) silence(old);
      this.#elements.set(key, element);
      return;
    }
    this.#next.set(key, element);
    const takeOver = () => {
      if (this.#next.get(key) !== element) return;
      this.#next.delete(key);
      this.#elements.set(key, element);
      silence(old);
    };
    // The same voice comes another way from now on: no syllable is lost.
    element.onplaying = takeOver;
    setTimeout(takeOver, EXCHANGE_MS);
  }

  /** @param {MediaStreamTrack} track */
  #make(track) {
    const element = document.createElement('audio');
    element.autoplay = true;
    if (this.#sinkId) void element.setSinkId(this.#sinkId);
    element.srcObject = new MediaStream([track]);
    this.#root.append(element);
    element.play().catch((error) => {
      if (error.name === 'NotAllowedError') this.#onBlocked();
    });
    return element;
  }

  /**
   * @param {string} key
   * @param {HTMLAudioElement} element
   */
  #drop(key, element) {
    silence(element);
    this.#elements.delete(key);
    const next = this.#next.get(key);
    if (next) silence(next);
    this.#next.delete(key);
  }
}

/** @param {HTMLAudioElement} element */
function silence(element) {
  element.srcObject = null;
  element.remove();
}

/** @param {HTMLAudioElement} element */
function trackOf(element) {
  return /** @type {MediaStream | null} */ (element.srcObject)?.getTracks()[0];
}

/**
 * Muted tracks stay attached, so that nothing is lost of the first word.
 *
 * @param {Participants} participants
 */
function audibleTracks(participants) {
  /** @type {Map<string, MediaStreamTrack>} */
  const tracks = new Map();
  for (const { local, origin, tracks: own } of Object.values(participants)) {
    if (local) continue;
    for (const source of AUDIBLE) {
      const track = own[source].persistentTrack;
      if (track) tracks.set(`${origin} ${source}`, track);
    }
  }
  return tracks;
}
