import assert from 'node:assert/strict';
import test from 'node:test';

import {
  isDeclined, mergeReceiveSettings, mergeSendSettings, wireSettings,
} from '../../fastsfu/web/sdk/settings.js';

test('what is said of a source holds until something else is said of it', () => {
  const before = mergeReceiveSettings({}, { ada: { video: { maxHeight: 180 }, audio: false } });
  const after = mergeReceiveSettings(before, { ada: { video: true }, '*': { video: false } });
  assert.deepEqual(after, { ada: { video: true, audio: false }, '*': { video: false } });
  assert.equal(isDeclined(after, 'ada', 'video'), false);
  assert.equal(isDeclined(after, 'ben', 'video'), true);
  assert.equal(isDeclined(before, 'ada', 'video'), false, 'a small picture is one');
});

test('what is no setting changes nothing and is named', () => {
  const bad = [
    { video: 1 }, { video: null }, { video: { maxHeight: 0 } }, { video: { maxHeight: 1.5 } },
    { video: { layer: 4 } }, { video: { priority: 256 } }, { video: { lastN: -1 } },
    { video: { height: 1 } },
    { audio: { priority: 1 } }, { picture: true },
  ];
  for (const sources of bad) {
    const merge = () => mergeReceiveSettings({}, { ada: sources });
    assert.throws(merge, { type: 'bad-request', info: /^ada\./ }, JSON.stringify(sources));
  }
  const wish = { maxHeight: 360, layer: 0, priority: 255 };
  mergeReceiveSettings({}, { ada: { video: wish, screenVideo: { layer: undefined } } });
});

test('the server is told of those that it knows, in its words', () => {
  const settings = {
    '*': { audio: true, video: { lastN: 4 } }, gone: { video: false },
    ada: { video: { maxHeight: 360, priority: 2 }, screenVideo: false },
  };
  const wire = JSON.parse(JSON.stringify(wireSettings(settings, (id) => id === 'ada')));
  assert.deepEqual(wire, {
    '*': { audio: true, video: { last_n: 4 } },
    ada: { video: { max_height: 360, priority: 2 }, screenVideo: false },
  });
});

test('limits are said source by source', () => {
  const before = mergeSendSettings({}, { video: { maxHeight: 360 }, audio: { maxBitrate: 1 } });
  const after = mergeSendSettings(before, { video: { maxBitrate: 2 } });
  assert.deepEqual(after, { video: { maxHeight: 360, maxBitrate: 2 }, audio: { maxBitrate: 1 } });
});
