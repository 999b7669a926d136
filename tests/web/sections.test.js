import assert from 'node:assert/strict';
import test from 'node:test';

import {
  missingSections, remapped, sendingMids, subscribedTracks, trackKey,
} from '../../fastsfu/web/sdk/sections.js';

const receiving = (...kinds) => kinds.map((kind) => ({ kind }));

test('only what is missing is added, audio first', () => {
  assert.deepEqual(missingSections({ audio: 2, video: 1 }, []), ['audio', 'audio', 'video']);
  assert.deepEqual(missingSections({ audio: 2, video: 2 }, receiving('video', 'audio')), [
    'audio',
    'video',
  ]);
});

test('sections are never taken away', () => {
  const many = receiving('audio', 'audio', 'video', 'video');
  assert.deepEqual(missingSections({ audio: 1, video: 0 }, many), []);
});

test('tracks are found by mid; sections that carry nothing are left out', () => {
  const tracks = subscribedTracks(
    {
      3: { session_id: 'ada', source: 'video' },
      4: { session_id: 'ada', source: 'audio' },
      9: { session_id: 'ben', source: 'video' },
    },
    (mid) => ({ 3: 'camera', 4: 'voice' })[mid] ?? null,
  );
  assert.deepEqual([...tracks], [
    [trackKey('ada', 'video'), 'camera'],
    [trackKey('ada', 'audio'), 'voice'],
  ]);
});

test('an offer sends in the sections that say so', () => {
  const sdp = [
    'v=0', 'm=audio 9', 'a=mid:0', 'a=sendonly', 'm=video 9', 'a=sendonly', 'a=mid:cam',
    'm=video 9', 'a=mid:2', 'a=recvonly', 'm=video 9', 'a=mid:3', 'a=inactive', '',
  ].join('\r\n');
  assert.deepEqual(sendingMids(sdp), new Set(['0', 'cam']));
});

test('a source is in one section only, whatever its number', () => {
  const ada = { session_id: 'ada', source: 'video' };
  const ben = { session_id: 'ben', source: 'video' };
  assert.deepEqual(remapped({ 7: ada, 8: ben }, { 3: ada }), { 3: ada, 8: ben });
  assert.deepEqual(remapped({ 7: ada }, { 7: ben }), { 7: ben });
});
