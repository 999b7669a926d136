import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Arrivals, progressOf } from '../../fastsfu/web/sdk/arrivals.js';
import { MediaConnection } from '../../fastsfu/web/sdk/connection.js';
import { chooseCarrier } from '../../fastsfu/web/sdk/carriers.js';

const BOTH = { sfu: true, peer: true, shown: null, arrived: () => false };
const TO_SFU = { topology: 'sfu', sending: ['sfu', 'peer'] };
const TO_PEER = { topology: 'peer', sending: ['peer', 'sfu'] };
const PEER = { topology: 'peer', sending: ['peer'] };
const SFU = { topology: 'sfu', sending: ['sfu'] };

test('what is shown stays until what takes over has arrived', () => {
  for (const [plan, from, to] of [[TO_SFU, 'peer', 'sfu'], [TO_PEER, 'sfu', 'peer']]) {
    assert.equal(chooseCarrier(plan, { ...BOTH, shown: from }), from);
    const arrived = (carrier) => carrier === to;
    assert.equal(chooseCarrier(plan, { ...BOTH, shown: from, arrived }), to);
    assert.equal(chooseCarrier(plan, { ...BOTH, shown: to }), to, 'and never goes back');
  }
});

test('what is not sent any more is not shown any more', () => {
  assert.equal(chooseCarrier(SFU, { ...BOTH, shown: 'peer' }), 'sfu');
  assert.equal(chooseCarrier(PEER, { ...BOTH, shown: 'sfu' }), 'peer');
});

test('where there is only one track, it is that; a new one is what carries the call', () => {
  assert.equal(chooseCarrier(PEER, { ...BOTH, peer: false }), 'sfu', 'a third, who is in already');
  assert.equal(chooseCarrier(SFU, { ...BOTH, sfu: false }), 'peer');
  assert.equal(chooseCarrier(PEER, BOTH), 'peer');
  assert.equal(chooseCarrier(SFU, BOTH), 'sfu');
  assert.equal(chooseCarrier(TO_SFU, BOTH), 'sfu', 'it came during the change');
});

test('sound that was made up is no progress', () => {
  const audio = { type: 'inbound-rtp', kind: 'audio' };
  assert.equal(progressOf([{ type: 'codec' }]), 0);
  assert.equal(progressOf([{ ...audio, totalSamplesReceived: 960, concealedSamples: 960 }]), 0);
  const some = { ...audio, totalSamplesReceived: 9600, concealedSamples: 960 };
  assert.equal(progressOf([some]), 8640);
  assert.equal(progressOf([{ ...audio, packetsReceived: 5 }]), 4800);
  assert.equal(progressOf([{ type: 'inbound-rtp', kind: 'video', framesDecoded: 7 }]), 7);
});

test('a track arrives with what comes after the first look, not what was before', async () => {
  const track = { kind: 'video' };
  let framesDecoded = 1000;
  const arrivals = new Arrivals({
    getStats: async () => new Map([['1', { type: 'inbound-rtp', kind: 'video', framesDecoded }]]),
  });
  await arrivals.look([track]);
  assert.equal(arrivals.has(track), false);
  framesDecoded += 1;
  await arrivals.look([track]);
  assert.equal(arrivals.has(track), false);
  framesDecoded += 1;
  await arrivals.look([track]);
  assert.equal(arrivals.has(track), true);
});

/** As much of an RTCPeerConnection as sending needs. */
class FakePeerConnection {
  connectionState = 'new';
  transceivers = [];

  createDataChannel() {
    return {};
  }

  addTransceiver(trackOrKind, { direction }) {
    const sender = {
      track: typeof trackOrKind === 'string' ? null : trackOrKind,
      async replaceTrack(track) { sender.track = track; },
      getParameters: () => ({ encodings: [{}] }),
      async setParameters(parameters) { sender.parameters = parameters; },
    };
    this.transceivers.push({ sender, direction, mid: null });
    return this.transceivers.at(-1);
  }
}

test('a dormant connection has all its sections and sends nothing until it wakes', async () => {
  const pc = new FakePeerConnection();
  const connection = new MediaConnection({}, () => pc);
  const [camera, other] = [1080, 360].map((height) => ({ getSettings: () => ({ height }) }));
  await connection.setDormant(true);
  await connection.setSendSettings({ video: { maxHeight: 540 } });
  await connection.publish('video', camera);
  const [{ sender, direction }] = pc.transceivers;
  assert.equal(sender.track, null);
  assert.equal(direction, 'sendonly');
  await connection.setDormant(false);
  assert.equal(sender.track, camera);
  assert.equal(sender.parameters.encodings[0].scaleResolutionDownBy, 2);
  await connection.setDormant(true);
  await connection.publish('video', other);
  assert.equal(sender.track, null);
  await connection.setDormant(false);
  assert.equal(sender.track, other);
  await connection.unpublish('video');
  await connection.setDormant(true);
  await connection.setDormant(false);
  assert.equal(sender.track, null, 'what was unpublished meanwhile is not sent again');
});
