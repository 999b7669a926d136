/**
 * From one carrier of the call to the other, without a picture that goes: both carry it, and what
 * the new one brings is watched until all that the other side has on has come.
 */

import { Arrivals, awaitAll } from './arrivals.js';

/** @import { Reporter } from './arrivals.js' */

/**
 * @typedef {object} TakeOverHandlers
 * @property {() => Map<string, MediaStreamTrack>} tracks that the new carrier brings, by trackKey
 * @property {() => string[]} wanted what of them has to come, by trackKey
 * @property {() => void} looked something may have come
 * @property {() => void} done all is there, or it is not waited for any longer
 */

/** What has not arrived by then is exchanged all the same: it may have stopped just now. */
const ARRIVAL_MS = 4000;
/** How long both go on after the exchange: pages need a moment to render what is new. */
const LINGER_MS = 500;

export class TakeOver {
  #arrivals;
  #handlers;
  #ended = false;

  /**
   * @param {Reporter} carrier the new one
   * @param {TakeOverHandlers} handlers
   */
  constructor(carrier, handlers) {
    this.#arrivals = new Arrivals(carrier);
    this.#handlers = handlers;
    void this.#watch();
  }

  /** @param {MediaStreamTrack | undefined} track */
  hasArrived(track) {
    return track !== undefined && this.#arrivals.has(track);
  }

  /** It does not matter any more. */
  end() {
    this.#ended = true;
  }

  get #isComplete() {
    const tracks = this.#handlers.tracks();
    return this.#handlers.wanted().every((key) => this.hasArrived(tracks.get(key)));
  }

  async #watch() {
    const isOver = await awaitAll(this.#arrivals, {
      tracks: () => this.#handlers.tracks().values(),
      isComplete: () => this.#isComplete,
      isWanted: () => !this.#ended,
      looked: this.#handlers.looked,
      patienceMs: ARRIVAL_MS,
      lingerMs: LINGER_MS,
    });
    if (isOver) this.#handlers.done();
  }
}
