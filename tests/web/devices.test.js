import assert from 'node:assert/strict';
import test, { beforeEach } from 'node:test';

import { DeviceOpener } from '../../fastsfu/web/sdk/devices.js';
import { FakeTrack, streamOf } from './fake-browser.js';

let permissions;
let asked;

beforeEach(() => {
  permissions = { microphone: 'prompt', camera: 'prompt' };
  asked = [];
  const query = async ({ name }) => ({ state: permissions[name] });
  const navigator = { permissions: { query } };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
});

/** What becomes of microphone and camera, asked for in one turn, with these not allowed. */
async function openBoth(...refused) {
  const opener = new DeviceOpener(async (wanted) => {
    const kinds = Object.keys(wanted).sort();
    asked.push(kinds.join());
    if (!kinds.some((kind) => refused.includes(kind))) {
      return streamOf(...kinds.map((kind) => new FakeTrack(kind)));
    }
    throw Object.assign(new Error('Not allowed.'), { name: 'NotAllowedError' });
  });
  const opened = ['audio', 'video'].map((kind) => opener.open(kind, true));
  const results = await Promise.allSettled(opened);
  return results.map(({ status }) => status);
}

test('microphone and camera share one prompt', async () => {
  assert.deepEqual(await openBoth(), ['fulfilled', 'fulfilled']);
  assert.deepEqual(asked, ['audio,video']);
});

test('who has just said no to both is not asked again', async () => {
  assert.deepEqual(await openBoth('audio', 'video'), ['rejected', 'rejected']);
  assert.deepEqual(asked, ['audio,video']);
});

test('a device that is granted is opened without the one that is not', async () => {
  permissions = { microphone: 'granted', camera: 'denied' };
  assert.deepEqual(await openBoth('video'), ['fulfilled', 'rejected']);
  assert.deepEqual(asked, ['audio,video', 'audio']);
});

test('a device that was blocked earlier does not keep the other one closed', async () => {
  permissions = { microphone: 'prompt', camera: 'denied' };
  assert.deepEqual(await openBoth('video'), ['fulfilled', 'rejected']);
  assert.deepEqual(asked, ['audio,video', 'audio']);
});
