/** From getStats() to a few numbers, and from these to a judgement. Pure. */

/** @import { NetworkCause, NetworkSample, NetworkStats } from './fastsfu.d.ts' */
/** @import { NetworkThreshold } from './fastsfu.d.ts' */

/**
 * @typedef {object} Totals counters since the beginning of the connection
 * @property {number} timestamp milliseconds
 * @property {number} bytesSent
 * @property {number} bytesReceived
 * @property {number} packetsReceived
 * @property {number} packetsLost
 * @property {number} framesDecoded
 * @property {number} framesSent
 * @property {number[]} fractionsLost as the server reports them for each stream of ours
 * @property {number | null} roundTripTime seconds
 * @property {number | null} availableSend bits per second
 * @property {string | null} srtpCipher
 * @property {string | null} dtlsState
 * @property {string | null} remoteAddress
 * @property {string[]} limits why pictures of ours are smaller than they could be
 * @property {{sent: number, received: number}} media bytes of RTP: Firefox has no other
 */

/**
 * @param {Iterable<any>} report the values of an RTCStatsReport
 * @returns {Totals}
 */
export function totalsOf(report) {
  const totals = emptyTotals();
  const byId = new Map([...report].map((stat) => [stat.id, stat]));
  for (const stat of byId.values()) READERS[stat.type]?.(totals, stat, byId);
  const { media } = totals;
  totals.bytesSent ||= media.sent;
  totals.bytesReceived ||= media.received;
  return totals;
}

/** @type {Record<string, (totals: Totals, stat: any, byId: Map<string, any>) => void>} */
const READERS = {
  'inbound-rtp': (totals, stat) => {
    totals.timestamp ||= stat.timestamp;
    totals.media.received += (stat.bytesReceived ?? 0) + (stat.headerBytesReceived ?? 0);
    totals.packetsReceived += stat.packetsReceived ?? 0;
    totals.packetsLost += stat.packetsLost ?? 0;
    totals.framesDecoded += stat.framesDecoded ?? 0;
  },
  'outbound-rtp': (totals, stat) => {
    totals.timestamp ||= stat.timestamp;
    totals.media.sent += (stat.bytesSent ?? 0) + (stat.headerBytesSent ?? 0);
    totals.framesSent += stat.framesSent ?? 0;
    if (stat.qualityLimitationReason) totals.limits.push(stat.qualityLimitationReason);
  },
  'remote-inbound-rtp': (totals, stat) => {
    if (stat.fractionLost !== undefined) totals.fractionsLost.push(stat.fractionLost);
    totals.roundTripTime ??= stat.roundTripTime ?? null;
  },
  transport: (totals, stat, byId) => {
    totals.timestamp = stat.timestamp;
    totals.bytesSent += stat.bytesSent ?? 0;
    totals.bytesReceived += stat.bytesReceived ?? 0;
    totals.srtpCipher = stat.srtpCipher ?? null;
    totals.dtlsState = stat.dtlsState ?? null;
    readPair(totals, byId.get(stat.selectedCandidatePairId), byId);
  },
};

/**
 * @param {Totals} totals
 * @param {any} pair the selected candidate pair
 * @param {Map<string, any>} byId
 */
function readPair(totals, pair, byId) {
  if (!pair) return;
  const remote = byId.get(pair.remoteCandidateId);
  totals.roundTripTime = pair.currentRoundTripTime ?? totals.roundTripTime;
  totals.availableSend = pair.availableOutgoingBitrate ?? null;
  totals.remoteAddress = remote ? `${remote.address ?? remote.ip}:${remote.port}` : null;
}

/** Rates are those since so long ago: what is shorter says little of pictures. */
const WINDOW_MS = 2000;

/** Of each connection that has carried the call. */
export class CarrierStats {
  /** @type {WeakMap<object, RecentStats>} */
  #recent = new WeakMap();

  /**
   * @param {{getStats(): Promise<RTCStatsReport>}} carrier
   * @param {boolean} suspends not all pictures fit to us
   */
  async of(carrier, suspends) {
    const totals = totalsOf(/** @type {any} */ (await carrier.getStats()).values());
    const recent = this.#recent.get(carrier) ?? new RecentStats();
    this.#recent.set(carrier, recent);
    return recent.of(totals, suspends);
  }
}

/** Of one connection: what the last seconds were like, whoever asks and however often. */
export class RecentStats {
  /** Oldest first; the first one is what rates begin at. @type {Totals[]} */
  #history = [];

  /** @param {Totals} now @param {boolean} [suspends] */
  of(now, suspends = false) {
    const history = this.#history;
    while (history.length > 1 && now.timestamp - history[1].timestamp >= WINDOW_MS) {
      history.shift();
    }
    const before = history[0] ?? null;
    if (history.at(-1)?.timestamp !== now.timestamp) history.push(now);
    return networkStats(now, before, suspends);
  }
}

/** @returns {Totals} */
function emptyTotals() {
  return {
    timestamp: 0, bytesSent: 0, bytesReceived: 0, packetsReceived: 0, packetsLost: 0,
    framesDecoded: 0, framesSent: 0, fractionsLost: [], roundTripTime: null, availableSend: null,
    srtpCipher: null, dtlsState: null, remoteAddress: null, limits: [],
    media: { sent: 0, received: 0 },
  };
}

/**
 * @typedef {object} Sound of one track since its beginning; 1 is as loud as it gets
 * @property {number} energy the square of its peaks, summed up over time
 * @property {number} duration seconds
 */

/**
 * @param {Iterable<any>} report of one sender or receiver
 * @returns {Sound | null} null where the browser does not measure it
 */
export function soundOf(report) {
  for (const { kind, totalAudioEnergy: energy, totalSamplesDuration: duration } of report) {
    if (kind === 'audio' && energy !== undefined) return { energy, duration };
  }
  return null;
}

/**
 * @param {Totals} now
 * @param {Totals | null} before the totals some seconds ago
 * @param {boolean} [suspends] not all pictures fit to us
 * @returns {NetworkStats}
 */
export function networkStats(now, before, suspends = false) {
  const latest = sampleBetween(now, before);
  const quality = qualityOf(latest);
  return {
    threshold: thresholdOf(quality),
    quality,
    causes: causesOf(latest, now.limits, suspends),
    latest,
    srtpCipher: now.srtpCipher,
    dtlsState: now.dtlsState,
    remoteAddress: now.remoteAddress,
  };
}

/**
 * @param {Totals} now
 * @param {Totals | null} before
 * @returns {NetworkSample}
 */
function sampleBetween(now, before) {
  const seconds = before ? (now.timestamp - before.timestamp) / 1000 : 0;
  /** @param {'bytesSent' | 'bytesReceived'} what */
  const bitrate = (what) =>
    before && seconds > 0 ? Math.max(0, ((now[what] - before[what]) * 8) / seconds) : 0;
  return {
    timestamp: now.timestamp,
    sendBitsPerSecond: bitrate('bytesSent'),
    recvBitsPerSecond: bitrate('bytesReceived'),
    availableSendBitsPerSecond: now.availableSend,
    sendPacketLoss: now.fractionsLost.length ? Math.max(...now.fractionsLost) : null,
    recvPacketLoss: before ? lossBetween(now, before) : null,
    roundTripTime: now.roundTripTime,
    framesDecoded: now.framesDecoded,
    framesSent: now.framesSent,
  };
}

/** @param {Totals} now @param {Totals} before */
function lossBetween(now, before) {
  const lost = Math.max(0, now.packetsLost - before.packetsLost);
  const expected = lost + Math.max(0, now.packetsReceived - before.packetsReceived);
  return expected > 0 ? lost / expected : null;
}

/**
 * 100 without loss on a short path; 10 % loss or a round trip of 0.6 s each cost half.
 *
 * @param {Pick<NetworkSample, 'sendPacketLoss' | 'recvPacketLoss' | 'roundTripTime'>} sample
 * @returns {number}
 */
export function qualityOf({ sendPacketLoss, recvPacketLoss, roundTripTime }) {
  const loss = Math.max(sendPacketLoss ?? 0, recvPacketLoss ?? 0);
  const late = Math.max(0, (roundTripTime ?? 0) - 0.15);
  return Math.round(Math.max(0, 100 - loss * 500 - (late / 0.45) * 50));
}

/** From these on somebody notices: a share of the packets, and seconds. */
const LOSSY = 0.03;
const LATE = 0.4;

/**
 * @param {Pick<NetworkSample, 'sendPacketLoss' | 'recvPacketLoss' | 'roundTripTime'>} sample
 * @param {string[]} limits of our pictures
 * @param {boolean} suspends
 * @returns {NetworkCause[]}
 */
export function causesOf({ sendPacketLoss, recvPacketLoss, roundTripTime }, limits, suspends) {
  /** @type {[NetworkCause, boolean][]} */
  const all = [
    ['uplink', (sendPacketLoss ?? 0) >= LOSSY || limits.includes('bandwidth')],
    ['downlink', (recvPacketLoss ?? 0) >= LOSSY || suspends],
    ['delay', (roundTripTime ?? 0) >= LATE],
    ['cpu', limits.includes('cpu')],
  ];
  return all.filter(([, holds]) => holds).map(([cause]) => cause);
}

/**
 * @param {number} quality
 * @returns {NetworkThreshold}
 */
export function thresholdOf(quality) {
  if (quality >= 70) return 'good';
  return quality >= 40 ? 'low' : 'very-low';
}
