import assert from 'node:assert/strict';
import test from 'node:test';

import { Quality } from '../../fastsfu/web/sdk/quality.js';

const ADA = { session_id: 'ada', limited_by: [] };

function opened(topology = 'sfu') {
  const sent = [];
  const paths = { topology: { topology } };
  const quality = new Quality(() => paths, (message) => sent.push(message.limited_by), () => {});
  return { quality, sent, paths };
}

test('what does not fit to us is what the server said last', () => {
  const { quality, paths } = opened();
  const told = (...sources) => quality.follow({
    sources: sources.map((source) => ({ session_id: 'ada', source, limit: 'bandwidth' })),
  });
  assert.equal(quality.limitOf(ADA, 'video'), null);
  told('video');
  assert.equal(quality.limitOf(ADA, 'video'), 'downlink');
  assert.equal(quality.limitOf(ADA, 'screenVideo'), null);
  assert.equal(quality.limitOf({ ...ADA, session_id: 'bob' }, 'video'), null);
  paths.topology.topology = 'peer';
  assert.equal(quality.limitOf(ADA, 'video'), null, 'it does not come from the server');
  paths.topology.topology = 'sfu';
  told('screenVideo');
  assert.deepEqual(['video', 'screenVideo'].map((source) => quality.limitOf(ADA, source)), [
    null, 'downlink',
  ]);
  quality.welcomed({ limited_by: [] });
  assert.equal(quality.limitOf(ADA, 'screenVideo'), null);
});

test('what a sender says limits it is shown where nothing is nearer', () => {
  const { quality } = opened();
  const limit = (limited_by) => quality.limitOf({ session_id: 'ada', limited_by }, 'video');
  assert.equal(limit(['uplink']), 'sender-uplink');
  assert.equal(limit(['cpu', 'uplink']), 'sender-cpu');
  assert.equal(limit(undefined), null, 'a server that does not know it');
  quality.follow({ sources: [{ session_id: 'ada', source: 'video', limit: 'bandwidth' }] });
  assert.equal(limit(['uplink']), 'downlink');
});

test('what limits us is told once it has been so twice, and once it has not', () => {
  const { quality, sent } = opened();
  for (const causes of [['uplink'], [], ['uplink'], ['delay'], ['cpu']]) quality.look(causes);
  assert.deepEqual(sent, []);
  quality.look(['uplink', 'cpu']);
  assert.deepEqual(sent, [['cpu']]);
  quality.look(['uplink']);
  assert.deepEqual(sent.at(-1), ['uplink', 'cpu']);
  quality.look([]);
  quality.look([]);
  assert.deepEqual(sent.slice(2), [['uplink'], []]);
});

test('a server that has forgotten it is told again', () => {
  const { quality, sent } = opened();
  quality.welcomed({});
  for (let i = 0; i < 2; i++) quality.look(['cpu']);
  quality.welcomed({ limited_by: ['cpu'] });
  assert.deepEqual(sent, [['cpu']]);
  quality.welcomed({ limited_by: [] });
  assert.deepEqual(sent, [['cpu'], ['cpu']]);
});

test('our own pictures say what limits them', () => {
  const { quality } = opened();
  const tracks = {
    audio: { state: 'playable' }, video: { state: 'playable' }, screenVideo: { state: 'off' },
    screenAudio: { state: 'off' },
  };
  assert.equal(quality.marked(tracks), tracks);
  for (let i = 0; i < 2; i++) quality.look(['uplink', 'cpu']);
  assert.deepEqual(quality.marked(tracks), {
    ...tracks, video: { state: 'playable', limit: 'cpu' },
  });
});
