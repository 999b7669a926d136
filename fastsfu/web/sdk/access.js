/** Our way in where a host has to let us in: that we wait, that we ask, and what came of it. */

import { CallError } from './errors.js';

/** @typedef {{requestAccess(name?: string): void}} Door */

export class Access {
  #tell;
  /** @type {Door | null} where we wait */
  #door = null;
  #asked = false;
  /** @type {Promise<void>} of the server's answer to our join */
  #joining = Promise.resolve();

  /** @param {(access: 'waiting' | 'full') => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /**
   * @param {Promise<void>} joining
   * @returns {Promise<void>} the same
   */
  begin(joining) {
    this.#joining = joining;
    return joining;
  }

  /** What was asked before the connection was lost is asked again. @param {Door} door */
  waits(door) {
    this.#door = door;
    if (this.#asked) door.requestAccess();
    this.#tell('waiting');
  }

  /** @param {string} [name] */
  async request(name) {
    if (!this.#door) throw new CallError('bad-request', 'Nobody has to let us in now.');
    this.#asked = true;
    this.#door.requestAccess(name);
    return this.#joining.then(() => ({ granted: true }), () => ({ granted: false }));
  }

  /** We are in. */
  granted() {
    if (this.#door) this.#tell('full');
    this.end();
  }

  /** Nobody waits any more. */
  end() {
    this.#door = null;
    this.#asked = false;
  }
}
