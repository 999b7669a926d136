/**
 * Whether media has reached the server so far, and so what is worth trying when it does not.
 */

import { CallError } from './errors.js';

/** Broken connections in a row, each with its ICE restarts, before the call is given up. */
const MAX_REJOINS = 3;

export class ServerPath {
  /** Media has reached it at some time. */
  wasUp = false;
  #rejoins = 0;
  #toldUnreachable = false;

  /** It does now. */
  up() {
    this.wasUp = true;
    this.#rejoins = 0;
    this.#toldUnreachable = false;
  }

  /** With a new connection, after one that is beyond repair. Each time counts. */
  mayReturn() {
    this.#rejoins += 1;
    return this.wasUp && this.#rejoins < MAX_REJOINS;
  }

  /** It does not: what to say of it, once. */
  unreachable() {
    if (this.#toldUnreachable) return null;
    this.#toldUnreachable = true;
    const info = 'No media reaches the server: the call works only as long as two are in it.';
    return new CallError('sfu-unreachable', info);
  }

  /**
   * We know more than the server of a session whose media never came.
   *
   * @param {CallError} error why the call is over
   * @param {{negotiated: boolean, blocked: CallError}} paths
   */
  explained(error, { negotiated, blocked }) {
    const vague = error.type === 'connection-error' && error.cause === null;
    return vague && negotiated && !this.wasUp ? blocked : error;
  }
}
