import assert from 'node:assert/strict';
import test from 'node:test';

import { checkedJson } from '../../fastsfu/web/sdk/json.js';

const taken = (data, maxBytes = 100) => JSON.parse(checkedJson(data, maxBytes, 'It').text);

test('half a surrogate pair becomes a replacement character, and nothing else does', () => {
  assert.equal(taken('cut \u{1f600}'.slice(0, -1)), 'cut \ufffd');
  assert.deepEqual(taken({ '\udc00': ['\ud800\udfff\udc00\ud800', '\\ud800', '\\\ud800'] }), {
    '\ufffd': ['\u{103ff}\ufffd\ufffd', '\\ud800', '\\\ufffd'],
  });
});

test('its size is counted in bytes', () => {
  assert.deepEqual(checkedJson('ä', 4, 'It'), { text: '"ä"', bytes: 4 });
  assert.throws(() => taken('ä', 3), {
    type: 'too-large', info: 'It has at most 3 bytes of JSON, this one 4.',
  });
});

test('what is no JSON is refused', () => {
  const loop = {};
  loop.loop = loop;
  for (const data of [undefined, () => 1, 1n, loop]) {
    assert.throws(() => taken(data), { name: 'CallError', type: 'bad-request' });
  }
});
