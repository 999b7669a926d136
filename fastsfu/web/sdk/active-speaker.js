/**
 * Who speaks. When the SFU carries the call, the server says it. In a direct call only the two hear
 * each other, so each decides by what its browser measures and by the server's rule
 * (fastsfu/room/speaker.py): whoever speaks stays chosen until somebody else has been clearly
 * louder for a while, or they have been silent for longer: then who speaks next is chosen, however
 * short.
 */

/** @import { Sound } from './stats.js' */

const LOOK_MS = 200;
/** Levels: 0 silent .. 127 loud, as RFC 6464 has them below zero. */
const LOUDEST = 127;
const SPEECH_LEVEL = 80;
/** By how much a voice's peaks, which browsers measure, are above the loudness that servers see. */
const CREST_DB = 12;
const MARGIN_DB = 8;
const SWITCH_MS = 500;
const SILENT_MS = 3000;
/** How much of the way down a level goes at one look: the gap between two words is no silence. */
const RELEASE = 0.65;

/**
 * @typedef {object} Choice times in ms
 * @property {string | null} current session id of who speaks
 * @property {string | null} challenger who is louder, and for how long
 * @property {number} challengedAt
 * @property {number} spokenAt when who is chosen spoke last
 */

/**
 * @template Direct
 * @typedef {object} ActiveSpeakerHandlers
 * @property {(direct: Direct) => Promise<Map<string, Sound | null>>} sounds of both, by session id;
 *   null: muted or not known
 * @property {(sessionId: string | null) => void} changed
 */

/** @template {object} Direct a direct connection */
export class ActiveSpeaker {
  #handlers;
  /** @type {string | null} */
  #current = null;
  /** What the server said last. @type {string | null} */
  #told = null;
  /** @type {Direct | null} */
  #direct = null;
  /** @type {Choice} */
  #choice = { current: null, challenger: null, challengedAt: 0, spokenAt: 0 };
  /** @type {Map<string, Sound | null>} */
  #sounds = new Map();
  /** @type {Map<string, number>} */
  #levels = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {ActiveSpeakerHandlers<Direct>} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** The server's word, which counts while no direct connection does. @param {string | null} id */
  told(id) {
    this.#told = id;
    if (!this.#direct) this.#show(id);
  }

  /** From now on this connection counts, or the server's word. @param {Direct | null} direct */
  follow(direct) {
    if (direct === this.#direct) return;
    clearTimeout(this.#timer);
    this.#direct = direct;
    this.#sounds = this.#levels = new Map();
    if (direct) {
      this.#choice = { ...this.#choice, current: this.#current, spokenAt: Date.now() };
      void this.#look(direct);
    } else {
      this.#show(this.#told);
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#direct = null;
  }

  /** @param {Direct} direct */
  async #look(direct) {
    const sounds = await this.#handlers.sounds(direct).catch(() => null);
    if (direct !== this.#direct) return;
    if (sounds) this.#hear(sounds);
    this.#timer = setTimeout(() => void this.#look(direct), LOOK_MS);
  }

  /** @param {Map<string, Sound | null>} sounds */
  #hear(sounds) {
    const levels = [...sounds].map(([id, sound]) => {
      const level = levelBetween(this.#sounds.get(id) ?? null, sound, this.#levels.get(id) ?? 0);
      return /** @type {const} */ ([id, level]);
    });
    this.#sounds = sounds;
    this.#levels = new Map(levels);
    this.#choice = chooseSpeaker(this.#choice, this.#levels, Date.now());
    this.#show(this.#choice.current);
  }

  /** @param {string | null} id */
  #show(id) {
    if (id === this.#current) return;
    this.#current = id;
    this.#handlers.changed(id);
  }
}

/**
 * @param {Sound | null} before
 * @param {Sound | null} now null: silent at once
 * @param {number} level the last one
 */
export function levelBetween(before, now, level) {
  if (!before || !now) return 0;
  const [energy, seconds] = [now.energy - before.energy, now.duration - before.duration];
  // Another microphone begins anew, with less than before.
  const decibels = energy > 0 && seconds > 0 ? 10 * Math.log10(energy / seconds) : -Infinity;
  const heard = Math.max(0, Math.min(LOUDEST, LOUDEST + decibels - CREST_DB));
  return heard > level ? heard : level + (heard - level) * RELEASE;
}

/**
 * @param {Choice} choice
 * @param {Map<string, number>} levels of all who are there, by session id
 * @param {number} now in ms
 * @returns {Choice}
 */
export function chooseSpeaker(choice, levels, now) {
  const speaking = [...levels].filter(([, level]) => level >= SPEECH_LEVEL);
  const current = choice.current !== null && levels.has(choice.current) ? choice.current : null;
  const held = current === null ? 0 : (levels.get(current) ?? 0);
  const spokenAt = held >= SPEECH_LEVEL ? now : choice.spokenAt;
  const silent = current === null || now - spokenAt >= SILENT_MS;
  if (speaking.length === 0) {
    return { ...choice, current: silent ? null : current, challenger: null };
  }
  const heard = { ...choice, current, spokenAt };
  const [loudest, level] = speaking.reduce((one, other) => (other[1] > one[1] ? other : one));
  if (silent) return { ...heard, current: loudest, challenger: null, spokenAt: now };
  const clearly = held < SPEECH_LEVEL || level >= held + MARGIN_DB;
  if (loudest === current || !clearly) return { ...heard, challenger: null };
  if (loudest !== choice.challenger) return { ...heard, challenger: loudest, challengedAt: now };
  if (now - choice.challengedAt < SWITCH_MS) return heard;
  return { ...heard, current: loudest, challenger: null, spokenAt: now };
}
