import assert from 'node:assert/strict';
import test from 'node:test';

import { Sending } from '../../fastsfu/web/sdk/sending.js';
import { FakePeerConnection, FakeTrack } from './fake-browser.js';

function camera(height = 720) {
  return Object.assign(new FakeTrack('video'), { settings: { height } });
}

/** The camera's section, on a connection of its own. */
function opened(sending) {
  const pc = new FakePeerConnection();
  sending.open(pc, 'video', 'sendonly');
  return pc.transceivers[0];
}

test('a section has its track and its limits from the beginning', async () => {
  const sending = new Sending(true);
  await sending.limit({ video: { maxHeight: 360 } });
  const track = camera();
  await sending.put('video', track);
  const { sender, direction } = opened(sending);
  assert.equal(sender.track, track);
  assert.equal(direction, 'sendonly');
  assert.equal(sender.parameters.encodings[0].scaleResolutionDownBy, 2);
});

test('while it is off all stands ready and nothing is sent', async () => {
  const sending = new Sending(false);
  const first = camera();
  await sending.put('video', first);
  const { sender } = opened(sending);
  assert.equal(sender.track, null);
  await sending.turn(true);
  assert.equal(sender.track, first);
  await sending.turn(false);
  const second = camera(360);
  await sending.put('video', second);
  assert.equal(sender.track, null);
  await sending.turn(true);
  assert.equal(sender.track, second);
  await sending.clear('video');
  assert.equal(sender.track, null);
});

test('the last word counts, also while an older one is being carried out', async () => {
  const sending = new Sending(true);
  const { sender } = opened(sending);
  // As browsers do: one after the other, each some time after it was asked for.
  let queue = Promise.resolve();
  sender.replaceTrack = (track) => (queue = queue.then(() => (sender.track = track)));
  await Promise.all([sending.put('video', camera()), sending.put('video', null)]);
  assert.equal(sender.track, null);
});

test('limits that come while others are being set are not lost', async () => {
  const sending = new Sending(true);
  const { sender } = opened(sending);
  // As browsers do: parameters that were read before others were set are refused.
  let revision = 0;
  const applied = [];
  sender.getParameters = () => ({ ...structuredClone(sender.parameters), transactionId: revision });
  sender.setParameters = async (parameters) => {
    await Promise.resolve();
    if (parameters.transactionId !== revision) throw new Error('InvalidModificationError');
    revision += 1;
    sender.parameters = parameters;
    applied.push(parameters.encodings[0].active);
  };
  await Promise.all([true, false, true, false].map((active) => (
    sending.want('video', [{ rid: '', active, max_height: null, max_framerate: null }])
  )));
  assert.equal(applied.at(-1), false);
});

test('transceivers that come from an offer get what there is to send, and its limits', async () => {
  const sending = new Sending(true);
  const track = camera();
  await sending.put('video', track);
  await sending.limit({ video: { maxBitrate: 5 } });
  const pc = new FakePeerConnection();
  pc.addTransceiver('video', { direction: 'sendrecv' });
  sending.transceivers.set('video', pc.transceivers[0]);
  await sending.attach();
  const { sender } = pc.transceivers[0];
  assert.equal(sender.track, track);
  assert.equal(sender.parameters.encodings[0].maxBitrate, 5);
  sender.parameters = { encodings: [{}] };
  await sending.limitAnew();
  assert.equal(sender.parameters.encodings[0].maxBitrate, 5);
});

test('a ladder is opened where the other end chooses, and rests by rung', async () => {
  const sending = new Sending(true, true);
  await sending.put('video', Object.assign(camera(), { settings: { width: 1280, height: 720 } }));
  const { sender } = opened(sending);
  const active = () => sender.parameters.encodings.map((one) => [one.rid, one.active]);
  assert.deepEqual(active(), [['f', true], ['h', true], ['q', true]]);
  await sending.want('video', [{ rid: 'f', active: false, max_height: null, max_framerate: null }]);
  assert.deepEqual(active(), [['f', false], ['h', true], ['q', true]]);
  await sending.want('video', [{ rid: 'f', active: true, max_height: null, max_framerate: null }]);
  await sending.put('video', Object.assign(camera(), { settings: { width: 640, height: 360 } }));
  assert.deepEqual(active(), [['f', true], ['h', true], ['q', false]]);
});
