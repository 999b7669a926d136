/**
 * Our offers on their way: each goes to the server as a message and waits for the answer, or for
 * the refusal, of its number. One is in flight at a time.
 */

import { CallError } from './errors.js';

/** @import { Source } from './fastsfu.d.ts' */
/** @import * as Wire from './protocol.d.ts' */

const ANSWER_MS = 20_000;

export class Offers {
  #send;
  #id = 0;
  /** @type {{message: Wire.Offer, settle: (result: Wire.Answer | CallError) => void} | null} */
  #pending = null;

  /** @param {(message: Wire.Offer) => void} send it may get lost: see `repeat` */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {string} sdp
   * @param {Record<string, Source>} tracks
   * @returns {Promise<Wire.Answer>} rejects with a CallError
   */
  exchange(sdp, tracks) {
    const message = { type: /** @type {const} */ ('offer'), id: (this.#id += 1), sdp, tracks };
    return new Promise((resolve, reject) => {
      const late = new CallError('negotiation-error', 'An offer was not answered in time.');
      const timer = setTimeout(() => this.abandon(late), ANSWER_MS);
      this.#pending = {
        message,
        settle: (result) => {
          clearTimeout(timer);
          if (result instanceof CallError) reject(result);
          else resolve(result);
        },
      };
      this.#send(message);
    });
  }

  /** @param {Wire.Answer} answer what is too late counts no more */
  answered(answer) {
    this.#settle(answer.id, answer);
  }

  /**
   * @param {number | null} id of the message that the server refuses
   * @param {CallError} error
   * @returns {boolean} it was an offer that waited
   */
  refused(id, error) {
    return this.#settle(id, error);
  }

  /** Signaling is back: the server may not have got it. @returns {boolean} there was one */
  repeat() {
    if (this.#pending) this.#send(this.#pending.message);
    return this.#pending !== null;
  }

  /** Nobody will answer. @param {CallError} error */
  abandon(error) {
    this.#settle(this.#pending?.message.id ?? null, error);
  }

  /**
   * @param {number | null} id
   * @param {Wire.Answer | CallError} result
   */
  #settle(id, result) {
    const pending = this.#pending;
    if (pending === null || pending.message.id !== id) return false;
    this.#pending = null;
    pending.settle(result);
    return true;
  }
}
