/**
 * Which receiving sections an offer still needs, which ones it sends in, and what those of an
 * answer carry. Pure.
 */

/** @import { Source } from './fastsfu.d.ts' */
/** @import { Sections, Subscribed } from './protocol.d.ts' */

/**
 * @param {Sections} wanted in all
 * @param {Iterable<{kind: string}>} receiving the receiving sections that exist
 * @returns {('audio' | 'video')[]} the kinds to add, audio first
 */
export function missingSections(wanted, receiving) {
  const have = { audio: 0, video: 0 };
  for (const { kind } of receiving) have[kind === 'audio' ? 'audio' : 'video'] += 1;
  /** @param {'audio' | 'video'} kind */
  const lack = (kind) => new Array(Math.max(0, wanted[kind] - have[kind])).fill(kind);
  return [...lack('audio'), ...lack('video')];
}

/**
 * @param {string} sdp an offer
 * @returns {Set<string>} the mids of the sections that it sends in
 */
export function sendingMids(sdp) {
  const sections = sdp.split(/^(?=m=)/m).filter((section) => /^a=sendonly\r?$/m.test(section));
  return new Set(sections.flatMap((section) => /^a=mid:(\S+)/m.exec(section)?.[1] ?? []));
}

/** @param {string} sessionId @param {Source} source */
export function trackKey(sessionId, source) {
  return `${sessionId} ${source}`;
}

/**
 * What a key of `trackKey` was made of.
 *
 * @param {string} key
 * @returns {[sessionId: string, source: Source]}
 */
export function partsOf(key) {
  return /** @type {[string, Source]} */ (key.split(' '));
}

/**
 * What sections carry after a change: a source is in one of them only.
 *
 * @param {Record<string, Subscribed>} subscriptions by mid
 * @param {Record<string, Subscribed>} changes by mid
 * @returns {Record<string, Subscribed>}
 */
export function remapped(subscriptions, changes) {
  const keys = new Set(Object.values(changes).map((one) => trackKey(one.session_id, one.source)));
  const kept = Object.entries(subscriptions)
    .filter(([, { session_id, source }]) => !keys.has(trackKey(session_id, source)));
  return { ...Object.fromEntries(kept), ...changes };
}

/**
 * The tracks that the sections give us, by `trackKey`.
 *
 * @template Track
 * @param {Record<string, Subscribed>} subscriptions by mid
 * @param {(mid: string) => Track | null} trackOf
 * @returns {Map<string, Track>}
 */
export function subscribedTracks(subscriptions, trackOf) {
  const tracks = new Map();
  for (const [mid, { session_id, source }] of Object.entries(subscriptions)) {
    const track = trackOf(mid);
    if (track) tracks.set(trackKey(session_id, source), track);
  }
  return tracks;
}
