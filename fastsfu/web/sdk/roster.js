/**
 * The others in the call: what the server says of each, and what they say of themselves. Of both
 * the greater revision counts, and of two that are equal what they say themselves: the server
 * takes a source as on only once it is published there.
 */

/** @import { Metadata } from './metadata.js' */
/** @import { Participant } from './protocol.d.ts' */

export class Roster {
  /** What the server says. @type {Map<string, Participant>} */
  #told = new Map();
  /** What came from their browser. @type {Map<string, Metadata>} */
  #said = new Map();
  /** Whom we knew at the server before. @type {Set<string>} */
  #carried = new Set();
  /** Who of them is at this one. @type {Set<string>} */
  #came = new Set();

  /**
   * Everybody who is there now; after `carry` others may still come.
   *
   * @param {Participant[]} participants
   * @param {string | null} [kept] session id of one who is there although the server knows nothing
   *   of it
   */
  replace(participants, kept = null) {
    const isWhole = this.#carried.size === 0;
    const present = new Set([kept, ...participants.map(({ session_id }) => session_id)]);
    for (const sessionId of this.#told.keys()) {
      if (isWhole && !present.has(sessionId)) this.forget(sessionId);
    }
    for (const participant of participants) this.learn(participant);
  }

  /** The server's word by signaling. @param {Participant} participant */
  learn(participant) {
    if (this.#carried.has(participant.session_id)) this.#came.add(participant.session_id);
    const known = this.#told.get(participant.session_id);
    const isLate = known !== undefined && known.revision > participant.revision;
    const newer = isLate ? metadataIn(known) : null;
    this.#told.set(participant.session_id, { ...participant, ...newer });
  }

  /**
   * The server's word by data channel.
   *
   * @param {string} sessionId
   * @param {Metadata} metadata
   */
  relayed(sessionId, metadata) {
    const known = this.#told.get(sessionId);
    if (!known || metadata.revision <= known.revision) return;
    this.#told.set(sessionId, { ...known, ...metadata });
  }

  /**
   * The word of the participant's own browser.
   *
   * @param {string} sessionId
   * @param {Metadata} metadata
   */
  direct(sessionId, metadata) {
    const known = this.#said.get(sessionId)?.revision ?? 0;
    if (!this.#told.has(sessionId) || metadata.revision <= known) return;
    this.#said.set(sessionId, metadata);
  }

  /**
   * Somebody has joined anew: what is known of the old session holds for the new one.
   *
   * @param {string} before session id
   * @param {Participant} participant
   */
  succeed(before, participant) {
    const known = this.get(before);
    this.forget(before);
    this.learn(participant);
    if (known) this.#said.set(participant.session_id, metadataIn(known));
  }

  /** We go to another server, where they come one by one: what is known of them holds so long. */
  carry() {
    for (const seen of this.all()) {
      this.#carried.add(seen.session_id);
      this.#said.set(seen.session_id, metadataIn(seen));
    }
  }

  /** Whoever has not come by now is not there. */
  settle() {
    for (const sessionId of this.#carried) {
      this.#said.delete(sessionId);
      if (!this.#came.has(sessionId)) this.forget(sessionId);
    }
    this.#carried.clear();
    this.#came.clear();
  }

  /** Somebody has left. @param {string} sessionId */
  forget(sessionId) {
    this.#told.delete(sessionId);
    this.#said.delete(sessionId);
  }

  /**
   * Another session id that somebody is known by.
   *
   * @param {Participant} participant
   * @returns {string | undefined}
   */
  formerId({ session_id, origin }) {
    const known = [...this.#told.values()].find((told) => told.origin === origin);
    return known?.session_id === session_id ? undefined : known?.session_id;
  }

  /** @param {string} sessionId */
  get(sessionId) {
    const told = this.#told.get(sessionId);
    return told && this.#seen(told);
  }

  /** All, in the order in which we heard of them. */
  all() {
    return [...this.#told.values()].map((told) => this.#seen(told));
  }

  /** @param {Participant} told */
  #seen(told) {
    const said = this.#said.get(told.session_id);
    return said && said.revision >= told.revision ? { ...told, ...said } : told;
  }
}

/**
 * @param {Participant} participant
 * @returns {Metadata}
 */
function metadataIn({ revision, audio, video, screenVideo, screenAudio, user_data }) {
  return { revision, audio, video, screenVideo, screenAudio, user_data };
}
