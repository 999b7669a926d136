/** What carries a call, and which track of a source to show while that changes. Pure. */

/** @import { NetworkTopology } from './fastsfu.d.ts' */
/** @import * as Wire from './protocol.d.ts' */

/** @typedef {'peer' | 'sfu'} Carrier */
/** @typedef {{by: Carrier, track: MediaStreamTrack}} Shown */
/** @typedef {Map<string, MediaStreamTrack>} Tracks by trackKey */

/** @type {Wire.Topology} */
export const NOTHING = { topology: 'none', sending: [], peer: null };

/**
 * Which of two tracks of one source to show. During a change what is shown stays until the other
 * one has arrived.
 *
 * @param {Wire.Topology} plan
 * @param {object} source
 * @param {boolean} source.sfu there is a track by the server
 * @param {boolean} source.peer there is one of the other browser
 * @param {Carrier | null} source.shown what is shown now
 * @param {(carrier: Carrier) => boolean} source.arrived
 * @returns {Carrier}
 */
export function chooseCarrier({ topology, sending }, { sfu, peer, shown, arrived }) {
  if (!sfu || !peer) return sfu ? 'sfu' : 'peer';
  const wanted = topology === 'peer' ? 'peer' : 'sfu';
  const changes = shown !== null && shown !== wanted && sending.includes(shown);
  return changes && !arrived(wanted) ? /** @type {Carrier} */ (shown) : wanted;
}

/**
 * Which track of each source to show, of those that both carriers bring.
 *
 * @param {Wire.Topology} plan
 * @param {Record<Carrier, Tracks>} tracks
 * @param {Map<string, Shown>} before what is shown now, by trackKey
 * @param {(track: MediaStreamTrack) => boolean} hasArrived
 * @returns {Map<string, Shown>}
 */
export function shownOf(plan, { sfu, peer }, before, hasArrived) {
  /** @type {Map<string, Shown>} */
  const shown = new Map();
  for (const key of new Set([...sfu.keys(), ...peer.keys()])) {
    const of = { sfu: sfu.get(key), peer: peer.get(key) };
    const by = chooseCarrier(plan, {
      sfu: of.sfu !== undefined,
      peer: of.peer !== undefined,
      shown: before.get(key)?.by ?? null,
      arrived: (carrier) => hasArrived(/** @type {MediaStreamTrack} */ (of[carrier])),
    });
    shown.set(key, { by, track: /** @type {MediaStreamTrack} */ (of[by]) });
  }
  return shown;
}

/**
 * What carries our media now: end-to-end only while none of it goes to the server.
 *
 * @param {Wire.Topology} plan
 * @param {boolean} sfuUp the connection to the server works
 * @param {boolean} peerUp the one to the other browser does
 * @param {string | null} safetyNumber of the latter
 * @returns {NetworkTopology}
 */
export function networkOf({ sending }, sfuUp, peerUp, safetyNumber) {
  if (sending.includes('sfu') && sfuUp) {
    return { topology: 'sfu', encryption: 'hop-by-hop', safetyNumber: null };
  }
  if (!sending.includes('sfu') && peerUp) {
    return { topology: 'peer', encryption: 'end-to-end', safetyNumber };
  }
  return { topology: 'none', encryption: 'none', safetyNumber: null };
}
