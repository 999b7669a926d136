import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';

import { fingerprintsOf, safetyNumber } from '../../fastsfu/web/sdk/safety-number.js';

const ADA = 'sha-256 AA:01:02';
const BEN = 'sha-256 BB:03:04';
const MALLORY = 'sha-256 CC:05:06';

test('the fingerprints of a description are taken once each, however they are written', () => {
  const sdp = [
    'v=0', 'a=fingerprint:sha-256 bb:03:04', 'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=fingerprint:SHA-256 BB:03:04', 'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=fingerprint:sha-256 AA:01:02 ', '',
  ].join('\r\n');
  assert.deepEqual(fingerprintsOf(sdp), [ADA, BEN]);
  assert.deepEqual(fingerprintsOf('v=0\r\n'), []);
});

test('both sides show the same number, and it is PBKDF2 over the sorted fingerprints', async () => {
  const ours = await safetyNumber([ADA], [BEN]);
  assert.equal(ours, await safetyNumber([BEN], [ADA]));
  const bits = pbkdf2Sync(`${ADA};${BEN}`, 'fastsfu safety number', 200_000, 32, 'sha256');
  const groups = [0, 8, 16, 24].map((at) => bits.readBigUInt64BE(at) % 100_000n);
  assert.equal(ours, groups.map((one) => String(one).padStart(5, '0')).join(' '));
});

test('another certificate on either side gives another number', async () => {
  const honest = await safetyNumber([ADA], [BEN]);
  assert.notEqual(await safetyNumber([ADA], [MALLORY]), honest);
  assert.notEqual(await safetyNumber([MALLORY], [BEN]), honest);
  assert.notEqual(await safetyNumber([ADA, MALLORY], [BEN]), honest);
});

test('there is no number without a certificate', async () => {
  assert.equal(await safetyNumber([], [BEN]), null);
  assert.equal(await safetyNumber([ADA], []), null);
});
