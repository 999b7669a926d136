/** Encryption and quality in words for people. Pure. */

/** @import { NetworkCause, NetworkStats, NetworkThreshold } from '../sdk/fastsfu.js' */
/** @import { NetworkTopology } from '../sdk/fastsfu.js' */

/**
 * @typedef {object} EncryptionText
 * @property {string} icon
 * @property {string} chip
 * @property {string} tip
 * @property {string} title
 * @property {string} explanation
 * @property {string} said when it comes to be so, for people who listen to the page
 */

/** @type {Record<NetworkTopology['encryption'], EncryptionText>} */
const TEXTS = {
  'end-to-end': {
    icon: 'shield',
    chip: 'End-to-end encrypted',
    tip: 'Only the two of you can see and hear this call',
    title: 'End-to-end encrypted',
    explanation:
      'Picture and sound are encrypted in your browser and decrypted only in the other one. Nobody '
      + 'on the way has the keys to see or hear the call, and neither has this server.',
    said: 'The call is end-to-end encrypted',
  },
  'hop-by-hop': {
    icon: 'lock',
    chip: 'Encrypted',
    tip: 'Encrypted to this server, which passes it on encrypted to each of you',
    title: 'Encrypted to the server',
    explanation:
      'Picture and sound are encrypted on every part of the way, and nobody on the network can '
      + 'see or hear them. This server passes them on to everybody: it decrypts them in memory for '
      + 'that and encrypts them anew for each of you. Nothing is recorded. Whoever runs the server '
      + 'is trusted with the call. With only two people, a call can go directly between them.',
    said: 'The call now goes through the server, encrypted on every part of the way',
  },
  none: {
    icon: 'lock',
    chip: 'Encrypted',
    tip: 'Nothing is sent yet',
    title: 'Encrypted',
    explanation:
      'Nothing is being sent at the moment. As soon as somebody is here, picture and sound go out '
      + 'encrypted: directly between the two of you, or through this server when there are more.',
    said: '',
  },
};

/**
 * @param {Pick<NetworkTopology, 'encryption'>} network
 * @returns {EncryptionText}
 */
export function encryptionText({ encryption }) {
  return TEXTS[encryption];
}

/** @param {NetworkThreshold} threshold */
export function qualityText(threshold) {
  if (threshold === 'good') return { label: 'Good connection', bars: 3 };
  if (threshold === 'low') return { label: 'Weak connection', bars: 2 };
  return { label: 'Bad connection', bars: 1 };
}

/** @type {Record<NetworkCause, string>} */
const CAUSES = {
  uplink: 'what you send', downlink: 'what you receive', delay: 'a long way',
  cpu: 'this device is busy',
};

/**
 * @param {Pick<NetworkStats, 'threshold' | 'causes' | 'latest' | 'srtpCipher'>} stats
 * @returns {[term: string, value: string][]}
 */
export function figures({ threshold, causes, latest, srtpCipher }) {
  const losses = [latest.sendPacketLoss, latest.recvPacketLoss].filter((loss) => loss !== null);
  const delay = latest.roundTripTime;
  return [
    ['Quality', qualityText(threshold).label],
    ...limitedBy(causes),
    ['Delay', delay === null ? '–' : `${Math.round(delay * 1000)} ms`],
    ['Lost packets', losses.length ? `${(Math.max(...losses) * 100).toFixed(1)} %` : '–'],
    ['Sending', kilobits(latest.sendBitsPerSecond)],
    ['Receiving', kilobits(latest.recvBitsPerSecond)],
    ['Cipher', srtpCipher?.replace('SRTP_', '').replaceAll('_', ' ') ?? '–'],
  ];
}

/** @param {NetworkCause[]} causes @returns {[term: string, value: string][]} */
function limitedBy(causes) {
  const words = causes.map((cause) => CAUSES[cause]).join(', ');
  return words ? [['Limited by', words]] : [];
}

/** @param {number} bitsPerSecond */
function kilobits(bitsPerSecond) {
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}
