/**
 * The token that a call was joined with, and a newer one that takes its place while the call runs:
 * by then the server has said yes to it. What it says of it is told apart from answers to offers by
 * a range of numbers of its own.
 */

import { CallError } from './errors.js';

/** @import * as Wire from './protocol.d.ts' */

const FIRST_ID = 2 ** 32;

export class MeetingToken {
  #send;
  /** @type {string | undefined} */
  #token;
  #id = FIRST_ID;
  /** @type {{message: Wire.RefreshToken, settle: (error: CallError | null) => void} | null} */
  #pending = null;

  /** @param {(message: Wire.RefreshToken) => void} send it may get lost: see `welcomed` */
  constructor(send) {
    this.#send = send;
  }

  /** What to join with, also anew. */
  get current() {
    return this.#pending?.message.token ?? this.#token;
  }

  /** @param {string | undefined} token */
  start(token) {
    this.#token = token;
  }

  /**
   * @param {string} token
   * @returns {Promise<void>} rejects with a CallError, and then the old one stays
   */
  refresh(token) {
    if (this.#pending) throw new CallError('bad-request', 'Another token is on its way.');
    /** @type {Wire.RefreshToken} */
    const message = { type: 'refresh-token', id: (this.#id += 1), token };
    return new Promise((resolve, reject) => {
      this.#pending = {
        message,
        settle: (error) => {
          this.#pending = null;
          if (error) {
            reject(error);
          } else {
            this.#token = token;
            resolve();
          }
        },
      };
      this.#send(message);
    });
  }

  /** Signaling is back. @param {boolean} anew joined with the token that waited */
  welcomed(anew) {
    if (anew) this.#pending?.settle(null);
    else if (this.#pending) this.#send(this.#pending.message);
  }

  /** @param {number} id of the message that the server took */
  taken(id) {
    if (this.#pending?.message.id === id) this.#pending.settle(null);
  }

  /**
   * @param {number | null} id of the message that the server refuses
   * @param {CallError} error
   * @returns {boolean} it was ours
   */
  refused(id, error) {
    if (!this.#pending || this.#pending.message.id !== id) return false;
    this.#pending.settle(error);
    return true;
  }

  /** Nobody will answer. @param {CallError} error */
  abandon(error) {
    this.#pending?.settle(error);
  }
}
