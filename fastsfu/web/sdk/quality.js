/**
 * What makes the call worse than it could be: our own connection by getStats(), which pictures do
 * not fit to us as the server says, and what limits what each of us sends, as we tell each other.
 */

import { trackKey } from './sections.js';
import { CarrierStats } from './stats.js';

/** @import { NetworkCause, NetworkStats, PictureLimit, Source, TrackInfo } from './fastsfu.d.ts' */
/** @import { MediaPaths } from './paths.js' */
/** @import * as Wire from './protocol.d.ts' */

/** @type {readonly Wire.SendingLimit[]} */
const SENDING = ['uplink', 'cpu'];
const PICTURES = /** @type {const} */ (['video', 'screenVideo']);

export class Quality {
  #paths;
  #send;
  #changed;
  #stats = new CarrierStats();
  /** What the server says does not fit to us, whole or at all. @type {Set<string>} */
  #unfit = new Set();
  /** What limits us: at the last look, and for longer. @type {Wire.SendingLimit[]} */
  #seen = [];
  /** @type {Wire.SendingLimit[]} */
  #limited = [];

  /**
   * @param {() => Pick<MediaPaths, 'carrier' | 'suspends' | 'topology'>} paths
   * @param {(message: Wire.Update) => void} send
   * @param {() => void} changed what participants() shows
   */
  constructor(paths, send, changed) {
    this.#paths = paths;
    this.#send = send;
    this.#changed = changed;
  }

  /** @returns {Promise<NetworkStats>} */
  stats() {
    const paths = this.#paths();
    return this.#stats.of(paths.carrier, paths.suspends);
  }

  /** The same, which also counts as a look at what limits us. */
  async watch() {
    const stats = await this.stats();
    this.look(stats.causes);
    return stats;
  }

  /** We are at the server (again). @param {Wire.Participant} you */
  welcomed({ limited_by = [] }) {
    this.#unfit.clear();
    if (limited_by.join() !== this.#limited.join()) this.#tell();
  }

  /** @param {Wire.LimitsMessage} told */
  follow({ sources }) {
    this.#unfit = new Set(sources.map(({ session_id, source }) => trackKey(session_id, source)));
    this.#changed();
  }

  /**
   * What was seen now counts when it was so at the look before, too: a browser that begins to send
   * feels its way up, and nobody is to hear of that.
   *
   * @param {NetworkCause[]} causes
   */
  look(causes) {
    const now = SENDING.filter((cause) => causes.includes(cause));
    const limited = SENDING.filter((cause) => {
      const times = Number(now.includes(cause)) + Number(this.#seen.includes(cause));
      return times === 2 || (times === 1 && this.#limited.includes(cause));
    });
    this.#seen = now;
    if (limited.join() === this.#limited.join()) return;
    this.#limited = limited;
    this.#tell();
    this.#changed();
  }

  /**
   * Why a picture of somebody else is less than it could be.
   *
   * @param {Wire.Participant} other
   * @param {Source} source
   * @returns {PictureLimit | null}
   */
  limitOf({ session_id, limited_by = [] }, source) {
    const direct = this.#paths().topology.topology === 'peer';
    if (!direct && this.#unfit.has(trackKey(session_id, source))) return 'downlink';
    if (limited_by.includes('cpu')) return 'sender-cpu';
    return limited_by.includes('uplink') ? 'sender-uplink' : null;
  }

  /**
   * Our own tracks, with what limits our pictures.
   *
   * @param {Record<Source, TrackInfo>} tracks
   * @returns {Record<Source, TrackInfo>}
   */
  marked(tracks) {
    const limit = SENDING.findLast((cause) => this.#limited.includes(cause));
    if (!limit) return tracks;
    const pictures = PICTURES.filter((source) => tracks[source].state === 'playable')
      .map((source) => [source, { ...tracks[source], limit }]);
    return { ...tracks, ...Object.fromEntries(pictures) };
  }

  #tell() {
    this.#send({ type: 'update', limited_by: this.#limited });
  }
}
