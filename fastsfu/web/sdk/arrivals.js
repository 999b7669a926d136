/**
 * Whether media really arrives over a connection: pictures that were decoded, sound that was
 * received and not made up. Counted from the moment that it was asked for.
 */

/** Pictures or samples (at 48 kHz) after which a track counts as arrived. */
const ENOUGH = { video: 2, audio: 4800 };
const SAMPLES_PER_PACKET = 960;
const LOOK_MS = 40;

/**
 * @typedef {object} Reporter
 * @property {(track?: MediaStreamTrack) => Promise<RTCStatsReport>} getStats
 */

export class Arrivals {
  #reporter;
  /** @type {Map<MediaStreamTrack, number>} */
  #before = new Map();
  /** @type {Set<MediaStreamTrack>} */
  #arrived = new Set();

  /** @param {Reporter} reporter the connection that the tracks belong to */
  constructor(reporter) {
    this.#reporter = reporter;
  }

  /** @param {MediaStreamTrack} track */
  has(track) {
    return this.#arrived.has(track);
  }

  /** Look again. @param {Iterable<MediaStreamTrack>} tracks */
  async look(tracks) {
    await Promise.all([...tracks].map((track) => this.#look(track)));
  }

  /** @param {MediaStreamTrack} track */
  async #look(track) {
    if (this.#arrived.has(track)) return;
    const report = await this.#reporter.getStats(track);
    const now = progressOf(/** @type {any} */ (report).values());
    if (!this.#before.has(track)) this.#before.set(track, now);
    const progress = now - (this.#before.get(track) ?? 0);
    const enough = ENOUGH[/** @type {'audio' | 'video'} */ (track.kind)];
    if (progress >= enough) this.#arrived.add(track);
  }
}

/**
 * Look until all has arrived, and a moment longer.
 *
 * @param {Arrivals} arrivals
 * @param {object} what
 * @param {() => Iterable<MediaStreamTrack>} what.tracks to look at, as they are then
 * @param {() => boolean} what.isComplete all is there
 * @param {() => boolean} what.isWanted it still matters
 * @param {() => void} what.looked after each look
 * @param {number} what.patienceMs what has not come by then is not waited for
 * @param {number} what.lingerMs
 * @returns {Promise<boolean>} whether it still matters
 */
export async function awaitAll(arrivals, what) {
  const deadline = Date.now() + what.patienceMs;
  while (what.isWanted() && !what.isComplete() && Date.now() < deadline) {
    await arrivals.look(what.tracks()).catch(() => undefined);
    if (what.isWanted()) what.looked();
    await pause(LOOK_MS);
  }
  await pause(what.lingerMs);
  return what.isWanted();
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * @param {Iterable<any>} report stats of one received track
 * @returns {number} pictures decoded or samples received
 */
export function progressOf(report) {
  for (const stat of report) {
    if (stat.type !== 'inbound-rtp') continue;
    if (stat.kind === 'video') return stat.framesDecoded ?? 0;
    if (stat.totalSamplesReceived === undefined) {
      return (stat.packetsReceived ?? 0) * SAMPLES_PER_PACKET;
    }
    return stat.totalSamplesReceived - (stat.concealedSamples ?? 0);
  }
  return 0;
}
