/**
 * From one server to another, without a picture that goes: the connection before stands, and what
 * it brings is shown, until the new one brings the same. Who has not come along by then does not
 * come, or comes later.
 */

import { Arrivals, awaitAll } from './arrivals.js';
import { partsOf, trackKey } from './sections.js';

/** @import { MediaConnection } from './connection.js' */

/**
 * @typedef {object} MoveHandlers
 * @property {(key: string) => boolean} wanted what this track shows is still there and on
 * @property {(key: string) => MediaStreamTrack | undefined} next the same by the new connection
 * @property {() => void} arrived something has come
 * @property {() => void} done the connection before is needed no more
 */

const PATIENCE_MS = 15_000;
/** How long both servers get our media after we have all by the new one: others may be slower. */
const LINGER_MS = 1500;

export class Move {
  #before;
  #after;
  #tracks;
  #handlers;
  #arrivals;
  #ended = false;

  /**
   * @param {MediaConnection} before
   * @param {MediaConnection} after
   * @param {Map<string, MediaStreamTrack>} tracks that `before` brings, by trackKey
   * @param {MoveHandlers} handlers
   */
  constructor(before, after, tracks, handlers) {
    this.#before = before;
    this.#after = after;
    this.#tracks = new Map(tracks);
    this.#handlers = handlers;
    this.#arrivals = new Arrivals(after);
    before.retire();
    void this.#watch();
  }

  /** The channel for app messages with the server before. */
  get messageChannel() {
    return this.#before.messageChannel;
  }

  /** What is to be shown still, though there is another track of it. @returns by trackKey */
  shown() {
    return [...this.#tracks].filter(([key]) => !this.#hasCome(key) && this.#handlers.wanted(key));
  }

  /**
   * Somebody goes by another session id at the new server.
   *
   * @param {string} before
   * @param {string} sessionId
   */
  rename(before, sessionId) {
    const renamed = [...this.#tracks].map(([key, track]) => {
      const [id, source] = partsOf(key);
      return /** @type {const} */ ([trackKey(id === before ? sessionId : id, source), track]);
    });
    this.#tracks = new Map(renamed);
  }

  /** The connection before has an end. */
  end() {
    this.#ended = true;
    this.#before.close();
  }

  /** @param {string} key */
  #hasCome(key) {
    const track = this.#handlers.next(key);
    return track !== undefined && this.#arrivals.has(track);
  }

  /** All pictures are there; of sound nothing comes while somebody is silent. */
  get #isComplete() {
    const missing = this.shown().filter(([, track]) => track.kind === 'video');
    return this.#after.state === 'connected' && missing.length === 0;
  }

  async #watch() {
    const isOver = await awaitAll(this.#arrivals, {
      tracks: () => [...this.#tracks.keys()].flatMap((key) => this.#handlers.next(key) ?? []),
      isComplete: () => this.#isComplete,
      isWanted: () => !this.#ended,
      looked: this.#handlers.arrived,
      patienceMs: PATIENCE_MS,
      lingerMs: LINGER_MS,
    });
    if (isOver) this.#handlers.done();
  }
}
