/** What an application wants to receive and to send: said bit by bit, and all that holds. Pure. */

import { CallError } from './errors.js';
import { SOURCES } from './participants.js';

/** @import { ReceiveSettings, SendSettings, Source } from './fastsfu.d.ts' */

/**
 * @param {ReceiveSettings} before
 * @param {ReceiveSettings} changes throws a CallError for what are no settings
 * @returns {ReceiveSettings}
 */
export function mergeReceiveSettings(before, changes) {
  const merged = { ...before };
  for (const [key, sources] of Object.entries(changes)) {
    for (const [source, wanted] of Object.entries(sources)) {
      const known = SOURCES.includes(/** @type {Source} */ (source));
      if (known && typeof wanted === 'boolean') continue;
      throw new CallError('bad-request', `${key}.${source} has to be true or false.`);
    }
    merged[key] = { ...merged[key], ...sources };
  }
  return merged;
}

/**
 * @param {SendSettings} before
 * @param {SendSettings} changes
 * @returns {SendSettings}
 */
export function mergeSendSettings(before, changes) {
  const merged = { ...before };
  for (const source of SOURCES) {
    if (changes[source]) merged[source] = { ...merged[source], ...changes[source] };
  }
  return merged;
}

/**
 * @param {ReceiveSettings} settings
 * @param {string} sessionId
 * @param {Source} source
 */
export function isDeclined(settings, sessionId, source) {
  return (settings[sessionId]?.[source] ?? settings['*']?.[source]) === false;
}
