/** What an application wants to receive and to send: said bit by bit, and all that holds. Pure. */

import { CallError } from './errors.js';
import { SOURCES } from './participants.js';

/** @import { CallOptions, JoinOptions } from './fastsfu.d.ts' */
/** @import { ReceiveSettings, SendSettings, Source, VideoWish } from './fastsfu.d.ts' */
/** @import * as Wire from './protocol.d.ts' */

/** Least and most of what a wish says. @type {Record<keyof VideoWish, [number, number]>} */
const LIMITS = { maxHeight: [1, 65_535], layer: [0, 3], priority: [0, 255], lastN: [0, 255] };

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
      if (known && (typeof wanted === 'boolean' || isWish(source, wanted))) continue;
      const info = 'has to be true or false, or for a picture {maxHeight, layer, priority, lastN}';
      throw new CallError('bad-request', `${key}.${source} ${info}.`);
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
 * For the server, of those that it knows.
 *
 * @param {ReceiveSettings} settings
 * @param {(key: string) => boolean} known
 * @returns {Wire.ReceiveSettingsMessage['settings']}
 */
export function wireSettings(settings, known) {
  const entries = Object.entries(settings).filter(([key]) => key === '*' || known(key));
  return Object.fromEntries(entries.map(([key, { video, screenVideo, ...sound }]) => [
    key, { ...sound, video: wireWish(video), screenVideo: wireWish(screenVideo) },
  ]));
}

/**
 * @param {boolean | VideoWish | undefined} wish
 * @returns {boolean | Wire.VideoWish | undefined}
 */
function wireWish(wish) {
  if (typeof wish !== 'object') return wish;
  const { maxHeight, layer, priority, lastN } = wish;
  return { max_height: maxHeight, layer, priority, last_n: lastN };
}

/**
 * @param {string} source
 * @param {unknown} wanted
 */
function isWish(source, wanted) {
  if ((source !== 'video' && source !== 'screenVideo') || typeof wanted !== 'object') return false;
  return Object.entries(wanted ?? { nothing: true }).every(([name, value]) => {
    const [least, most] = LIMITS[/** @type {keyof VideoWish} */ (name)] ?? [0, -1];
    return value === undefined || (Number.isInteger(value) && value >= least && value <= most);
  });
}

/**
 * @param {ReceiveSettings} settings
 * @param {string} sessionId
 * @param {Source} source
 */
export function isDeclined(settings, sessionId, source) {
  return (settings[sessionId]?.[source] ?? settings['*']?.[source]) === false;
}

/**
 * What a call begins with: not the sources of createCall, other devices may have been chosen since.
 * Whatever was off in the call before stays off unless this join says else.
 *
 * @param {JoinOptions} options
 * @param {CallOptions} defaults
 * @returns {CallOptions}
 */
export function startOf(options, defaults) {
  return {
    ...options,
    startAudioOff: options.startAudioOff ?? (defaults.startAudioOff || undefined),
    startVideoOff: options.startVideoOff ?? (defaults.startVideoOff || undefined),
  };
}
