/** What the application gives us to send as JSON, checked before any of it is sent. */

import { CallError } from './errors.js';

/** Half of a surrogate pair, as JSON.stringify writes it: a string that was cut in two. */
const LONE_SURROGATE = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/**
 * Throws a CallError: `too-large`, or `bad-request` for what is no JSON.
 *
 * @param {unknown} data
 * @param {number} maxBytes
 * @param {string} what begins the sentence of the error
 */
export function checkedJson(data, maxBytes, what) {
  const text = serialised(data)?.replace(LONE_SURROGATE, '$1\ufffd');
  if (text === undefined) throw new CallError('bad-request', `${what} has to be JSON.`);
  const bytes = bytesOf(text);
  if (bytes > maxBytes) {
    const info = `${what} has at most ${maxBytes} bytes of JSON, this one ${bytes}.`;
    throw new CallError('too-large', info);
  }
  return { text, bytes };
}

/** @param {string} text */
export function bytesOf(text) {
  return new TextEncoder().encode(text).length;
}

/**
 * @param {unknown} data
 * @returns {string | undefined}
 */
function serialised(data) {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined; // it contains itself, or a BigInt
  }
}
