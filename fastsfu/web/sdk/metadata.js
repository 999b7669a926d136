/**
 * What participants say of themselves: which of their sources are on, and their user data
 * (docs/app-messages.md). It is said by every way there is, so it comes twice, late and out of
 * order; the greatest revision counts.
 */

import { CallError } from './errors.js';
import { bytesOf, checkedJson } from './json.js';
import { SOURCES } from './participants.js';

/** @import { Source } from './fastsfu.d.ts' */
/** @import { Metadata as Frame } from './frames.d.ts' */
/** @import { Participant } from './protocol.d.ts' */

/** @typedef {Pick<Participant, Source | 'revision' | 'user_data'>} Metadata */

/**
 * @typedef {object} OwnMetadataHandlers
 * @property {() => Record<Source, boolean>} sources whether each is on now
 * @property {(metadata: Metadata) => void} channels say it on all data channels
 * @property {(metadata: Metadata) => boolean} signal tell the server; false: it cannot be reached
 */

/** What a server takes, unless it says something else. */
export const MAX_USER_DATA_BYTES = 4096;
/** Beyond, parsers refuse it. */
const MAX_USER_DATA_DEPTH = 64;
/** The server closes a WebSocket that says too much; channels have all that is between. */
const SIGNAL_MS = 100;

export class OwnMetadata {
  #handlers;
  /** @type {Metadata} */
  #said;
  #saidAnything = false;
  /** The server has this revision, or it is on its way. */
  #signalled = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {unknown} userData
   * @param {OwnMetadataHandlers} handlers
   */
  constructor(userData, handlers) {
    this.#handlers = handlers;
    this.#said = { revision: 0, user_data: userData, ...handlers.sources() };
  }

  get userData() {
    return this.#said.user_data;
  }

  /** @param {unknown} data of `userDataOf` */
  setUserData(data) {
    this.#change({ user_data: data });
  }

  /** Say which sources are on, if that has changed. */
  refresh() {
    this.#change({});
  }

  /**
   * What the server has of us. When it is newer, an application has changed it there: the user data
   * is as it says, and the sources are as we say.
   *
   * @param {Pick<Metadata, 'revision' | 'user_data'>} you
   */
  heard({ revision, user_data }) {
    this.#signalled = Math.max(this.#signalled, revision);
    if (revision > this.#said.revision) this.#say({ ...this.#said, revision, user_data });
  }

  /** There is signaling (again). @param {Pick<Metadata, 'revision' | 'user_data'>} you */
  welcomed(you) {
    this.close();
    this.#signalled = you.revision;
    this.heard(you);
    this.refresh();
    this.#signal();
  }

  /** Say nothing more by signaling until `welcomed`. */
  close() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** @param {Partial<Metadata>} change */
  #change(change) {
    const next = { ...this.#said, ...this.#handlers.sources(), ...change };
    const isNews = !this.#saidAnything || JSON.stringify(next) !== JSON.stringify(this.#said);
    if (isNews) this.#say(next);
  }

  /** @param {Metadata} metadata all of it, under the next revision */
  #say(metadata) {
    this.#saidAnything = true;
    this.#said = { ...metadata, revision: metadata.revision + 1 };
    this.#handlers.channels(this.#said);
    this.#signal();
  }

  #signal() {
    if (this.#timer !== undefined || this.#said.revision <= this.#signalled) return;
    if (!this.#handlers.signal(this.#said)) return;
    this.#signalled = this.#said.revision;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#signal();
    }, SIGNAL_MS);
  }
}

/**
 * User data as it will arrive. Throws a CallError, `too-large` or `bad-request`, when it would not.
 *
 * @param {unknown} data
 * @param {number} [maxBytes]
 * @returns {unknown}
 */
export function userDataOf(data, maxBytes = MAX_USER_DATA_BYTES) {
  const { text } = checkedJson(data ?? null, maxBytes, 'User data');
  const userData = JSON.parse(text);
  if (depthOf(userData) > MAX_USER_DATA_DEPTH) {
    throw new CallError('bad-request', `User data has at most ${MAX_USER_DATA_DEPTH} levels.`);
  }
  return userData;
}

/**
 * What a frame says; null when it is not as it has to be.
 *
 * @param {Frame} frame of somebody who may not mean well
 * @param {number} maxBytes of user data
 * @returns {Metadata | null}
 */
export function metadataOf(frame, maxBytes) {
  const { revision, audio, video, screenVideo, screenAudio, user_data } = frame;
  const sound =
    Number.isSafeInteger(revision) && revision > 0 && user_data !== undefined
    && SOURCES.every((source) => typeof frame[source] === 'boolean')
    && bytesOf(JSON.stringify(user_data)) <= maxBytes;
  return sound ? { revision, audio, video, screenVideo, screenAudio, user_data } : null;
}

/**
 * @param {unknown} value
 * @returns {number}
 */
function depthOf(value) {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
