/** The one error class of the library, and the words for what browsers and servers report. */

/** @import { ErrorCause, Source } from './fastsfu.d.ts' */

/** Errors after which the same call cannot go on. */
export const FATAL_TYPES = new Set([
  'ejected', 'nbf-room', 'nbf-token', 'exp-room', 'exp-token', 'no-room', 'meeting-full',
  'not-allowed', 'no-capacity', 'connection-error', 'end-of-life',
]);

export class CallError extends Error {
  /**
   * @param {string} type
   * @param {string} info
   * @param {{fatal?: boolean, source?: Source, cause?: ErrorCause}} [details]
   */
  constructor(type, info, details = {}) {
    super(info);
    this.name = 'CallError';
    this.type = type;
    this.info = info;
    this.fatal = details.fatal ?? false;
    this.source = details.source ?? null;
    this.cause = details.cause ?? null;
  }
}

/**
 * @param {string} type
 * @param {string} info
 * @param {ErrorCause} [cause]
 */
export function fatal(type, info, cause) {
  return new CallError(type, info, { fatal: true, cause });
}

/** Why the server refuses what is no matter of the call. @type {Record<string, ErrorCause>} */
const CAUSES = { 'bad-origin': 'origin-refused', 'rate-limit': 'rate-limit' };

/**
 * A fatal error of the server's.
 *
 * @param {{error: string, info: string}} message
 */
export function refusal({ error, info }) {
  return fatal(FATAL_TYPES.has(error) ? error : 'connection-error', info, CAUSES[error]);
}

/** No failure: somebody has left before it was done. */
export function left() {
  return new CallError('left', 'The call was left before this was done.');
}

/** @returns {CallError | null} why no call can be made in this browser at all */
export function unsupported() {
  if (globalThis.RTCPeerConnection && globalThis.WebSocket) return null;
  const info = 'This browser cannot make calls: it has no WebRTC, or it is switched off.';
  return fatal('connection-error', info, 'no-webrtc');
}

/**
 * Signaling works and media does not: what the browser tells of the reason.
 *
 * @param {boolean} relayRefused a relay over TLS could not be used
 */
export function mediaBlocked(relayRefused) {
  if (!relayRefused) {
    const info = 'Media cannot reach the server from this network: UDP and TCP seem to be blocked.';
    return fatal('connection-error', info, 'no-media');
  }
  const info = 'This network lets only TLS through, and the browser does not take the certificate '
    + 'of the relay: it has to be of an authority that the browser knows.';
  return fatal('connection-error', info, 'relay-refused');
}

/** @type {Record<string, [type: string, info: string]>} */
const DEVICE_ERRORS = {
  NotAllowedError: ['permission-denied', 'Permission to use the device was denied.'],
  SecurityError: ['permission-denied', 'This page may not use the device.'],
  NotFoundError: ['device-not-found', 'No such device was found.'],
  OverconstrainedError: ['device-not-found', 'The chosen device is not there any more.'],
  NotReadableError: ['device-in-use', 'The device cannot be opened: another program may use it.'],
  AbortError: ['device-in-use', 'The device stopped while it was being opened.'],
};

/**
 * What getUserMedia or getDisplayMedia threw, in our words.
 *
 * @param {unknown} error
 * @param {Source} source
 */
export function deviceError(error, source) {
  if (error instanceof CallError) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const [type, info] = DEVICE_ERRORS[name] ?? ['device-error', 'The device could not be opened.'];
  return new CallError(type, info, { source });
}

/**
 * The reason that an `ejected` message gives, as a fatal error.
 *
 * @param {string} reason
 */
export function ejection(reason) {
  if (FATAL_TYPES.has(reason) && reason !== 'ejected') {
    return fatal(reason, `The server ended this session: ${reason}.`);
  }
  return fatal('ejected', reason || 'You were removed from the call.');
}
