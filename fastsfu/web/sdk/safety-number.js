/**
 * The safety number of a P2P call: both sides show the same digits exactly when each has the
 * other's certificate, so that somebody between them, the signaling server too, cannot have put
 * certificates of his own in their place.
 *
 * It is PBKDF2 (SHA-256) over the sorted fingerprints of both descriptions. The iterations are what
 * makes 20 digits enough: a man in the middle has to find two certificates that give both sides
 * the same number, some 2^33 tries by birthday, each of 2^18 hashes, before the call connects.
 */

const ITERATIONS = 200_000;
const GROUPS = 4;
const DIGITS = 5;

/**
 * @param {string} sdp
 * @returns {string[]} the certificates that it names, each once, in order
 */
export function fingerprintsOf(sdp) {
  const lines = sdp.matchAll(/^a=fingerprint:(\S+) (\S+)\s*$/gm);
  const found = [...lines].map(([, hash, value]) => `${hash.toLowerCase()} ${value.toUpperCase()}`);
  return [...new Set(found)].sort();
}

/**
 * @param {string[]} ours
 * @param {string[]} theirs
 * @returns {Promise<string | null>} four groups of five digits; null when a side has none
 */
export async function safetyNumber(ours, theirs) {
  if (!ours.length || !theirs.length) return null;
  const both = [ours.join(','), theirs.join(',')].sort().join(';');
  const encoder = new TextEncoder();
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', encoder.encode(both), 'PBKDF2', false, ['deriveBits']);
  const salt = encoder.encode('fastsfu safety number');
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: ITERATIONS };
  const bits = new DataView(await subtle.deriveBits(parameters, key, GROUPS * 64));
  // 64 bits for each group: what the division leaves over is no bias worth the name.
  return Array.from({ length: GROUPS }, (_, group) => {
    const value = bits.getBigUint64(group * 8) % BigInt(10 ** DIGITS);
    return String(value).padStart(DIGITS, '0');
  }).join(' ');
}
