/** Plays what the others say: one audio element for each track. */

/** @import { Participants, Source } from '../sdk/fastsfu.js' */

/** @type {readonly Source[]} */
const AUDIBLE = ['audio', 'screenAudio'];

export class Speakers {
  #root;
  #onBlocked;
  /** @type {Map<string, HTMLAudioElement>} */
  #elements = new Map();
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
    const element = this.#elements.get(key) ?? this.#add(key);
    const stream = /** @type {MediaStream | null} */ (element.srcObject);
    if (stream?.getTracks()[0] === track) return;
    element.srcObject = new MediaStream([track]);
    element.play().catch((error) => {
      if (error.name === 'NotAllowedError') this.#onBlocked();
    });
  }

  /** @param {string} key */
  #add(key) {
    const element = document.createElement('audio');
    element.autoplay = true;
    if (this.#sinkId) void element.setSinkId(this.#sinkId);
    this.#elements.set(key, element);
    this.#root.append(element);
    return element;
  }

  /**
   * @param {string} key
   * @param {HTMLAudioElement} element
   */
  #drop(key, element) {
    element.srcObject = null;
    element.remove();
    this.#elements.delete(key);
  }
}

/**
 * Muted tracks stay attached, so that nothing is lost of the first word.
 *
 * @param {Participants} participants
 */
function audibleTracks(participants) {
  /** @type {Map<string, MediaStreamTrack>} */
  const tracks = new Map();
  for (const { local, session_id, tracks: own } of Object.values(participants)) {
    if (local) continue;
    for (const source of AUDIBLE) {
      const track = own[source].persistentTrack;
      if (track) tracks.set(`${session_id} ${source}`, track);
    }
  }
  return tracks;
}
