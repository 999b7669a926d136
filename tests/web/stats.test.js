import assert from 'node:assert/strict';
import test from 'node:test';

import {
  RecentStats, causesOf, networkStats, qualityOf, thresholdOf, totalsOf,
} from '../../fastsfu/web/sdk/stats.js';

const report = (changes = {}) => [
  { id: 'T', type: 'transport', timestamp: 1000, bytesSent: 1000, bytesReceived: 2000,
    selectedCandidatePairId: 'P', srtpCipher: 'AEAD_AES_128_GCM', dtlsState: 'connected',
    ...changes.transport },
  { id: 'P', type: 'candidate-pair', remoteCandidateId: 'R', currentRoundTripTime: 0.02,
    availableOutgoingBitrate: 2e6 },
  { id: 'R', type: 'remote-candidate', address: '192.0.2.1', port: 8443 },
  { id: 'A', type: 'inbound-rtp', packetsReceived: 100, packetsLost: 0 },
  { id: 'V', type: 'inbound-rtp', packetsReceived: 900, packetsLost: 0, framesDecoded: 30,
    ...changes.video },
  { id: 'O', type: 'outbound-rtp', framesSent: 12 },
  { id: 'I', type: 'remote-inbound-rtp', fractionLost: 0.01, roundTripTime: 0.5 },
];

test('totals are taken from all streams and the selected pair', () => {
  assert.deepEqual(totalsOf(report()), {
    timestamp: 1000, bytesSent: 1000, bytesReceived: 2000, packetsReceived: 1000, packetsLost: 0,
    framesDecoded: 30, framesSent: 12, fractionsLost: [0.01], roundTripTime: 0.02,
    availableSend: 2e6, srtpCipher: 'AEAD_AES_128_GCM', dtlsState: 'connected',
    remoteAddress: '192.0.2.1:8443', limits: [], media: { sent: 0, received: 0 },
  });
});

test('rates and losses are those between two looks', () => {
  const later = report({
    transport: { timestamp: 3000, bytesSent: 251_000, bytesReceived: 502_000 },
    video: { packetsReceived: 990, packetsLost: 10 },
  });
  const { latest, srtpCipher } = networkStats(totalsOf(later), totalsOf(report()));
  assert.equal(latest.sendBitsPerSecond, 1e6);
  assert.equal(latest.recvBitsPerSecond, 2e6);
  assert.equal(latest.recvPacketLoss, 0.1);
  assert.equal(latest.sendPacketLoss, 0.01);
  assert.equal(srtpCipher, 'AEAD_AES_128_GCM');
});

test('without bytes of the transport those of the streams count', () => {
  const firefox = (timestamp, bytes) => totalsOf([
    { id: 'A', type: 'inbound-rtp', timestamp, bytesReceived: 2 * bytes, headerBytesReceived: 0 },
    { id: 'O', type: 'outbound-rtp', timestamp, bytesSent: bytes, headerBytesSent: 0 },
    { id: 'T', type: 'transport', timestamp },
  ]);
  const { latest } = networkStats(firefox(2000, 126_000), firefox(1000, 1000));
  assert.deepEqual([latest.sendBitsPerSecond, latest.recvBitsPerSecond], [1e6, 2e6]);
});

test('the first look knows no rates', () => {
  const { latest } = networkStats(totalsOf(report()), null);
  assert.equal(latest.sendBitsPerSecond, 0);
  assert.equal(latest.recvPacketLoss, null);
});

test('an empty report is no problem', () => {
  assert.equal(networkStats(totalsOf([]), totalsOf([])).quality, 100);
});

test('loss and delay lower the quality', () => {
  const quality = (loss, roundTripTime) =>
    qualityOf({ sendPacketLoss: null, recvPacketLoss: loss, roundTripTime });
  assert.equal(quality(0, 0.05), 100);
  assert.equal(quality(0.1, 0.05), 50);
  assert.equal(quality(0, 0.6), 50);
  assert.equal(quality(0.5, 5), 0);
  assert.deepEqual([100, 70, 69, 40, 39].map(thresholdOf), [
    'good', 'good', 'low', 'low', 'very-low',
  ]);
});

test('what makes a call worse is named', () => {
  const causes = (sample, limits = [], suspends = false) => causesOf(
    { sendPacketLoss: null, recvPacketLoss: null, roundTripTime: null, ...sample },
    limits, suspends,
  );
  assert.deepEqual(causes({ sendPacketLoss: 0.02, roundTripTime: 0.3 }, ['none']), []);
  assert.deepEqual(causes({ sendPacketLoss: 0.05 }), ['uplink']);
  assert.deepEqual(causes({}, ['none', 'bandwidth']), ['uplink']);
  assert.deepEqual(causes({ recvPacketLoss: 0.05 }), ['downlink']);
  assert.deepEqual(causes({}, [], true), ['downlink']);
  assert.deepEqual(causes({ roundTripTime: 0.5 }, ['cpu']), ['delay', 'cpu']);
  const sent = { id: 'O', type: 'outbound-rtp', qualityLimitationReason: 'cpu' };
  assert.deepEqual(networkStats(totalsOf([sent]), null).causes, ['cpu']);
});

test('rates are of the last seconds, whoever else asks and however often', () => {
  const at = (timestamp) => totalsOf(report({
    transport: { timestamp, bytesSent: timestamp * 125, bytesReceived: 0 }, // 1 Mbit/s
  }));
  const alone = new RecentStats();
  const shared = new RecentStats();
  for (let now = 1000; now <= 20_000; now += 100) {
    const { sendBitsPerSecond } = shared.of(at(now)).latest;
    if (now % 4000) continue;
    const { latest } = alone.of(at(now));
    if (now > 4000) assert.equal(Math.round(latest.sendBitsPerSecond), 1e6);
    assert.equal(Math.round(sendBitsPerSecond), 1e6);
    shared.of(at(now)); // in the same turn: browsers give the same report
    assert.equal(Math.round(shared.of(at(now)).latest.sendBitsPerSecond), 1e6);
  }
});
