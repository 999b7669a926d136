/** Where the server is. */

import { fatal } from './errors.js';

/**
 * The place that this module was served from, one folder up: where the server is mounted. Asked for
 * only when nothing else is said, and in no form that bundlers take for an asset: in a bundle there
 * is no such place.
 */
export function servedFrom() {
  const { url } = import.meta;
  return url ? new URL('..', url).href : '';
}

/** By the scheme of the server's own address. @type {Record<string, string>} */
const SCHEMES = { 'https:': 'wss:', 'wss:': 'wss:', 'http:': 'ws:', 'ws:': 'ws:' };

/**
 * Where the signaling of a server is. Throws a CallError for what is no address.
 *
 * @param {string} base where the server is mounted
 */
export function signalingUrl(base) {
  const url = URL.canParse(base) ? new URL(base) : null;
  const protocol = SCHEMES[url?.protocol ?? ''];
  if (!url || !protocol) {
    const info = `A server's url begins with https: and names a host; '${base}' does not.`;
    throw fatal('connection-error', info);
  }
  url.protocol = protocol;
  url.search = url.hash = '';
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/signal`;
  return url.href;
}
