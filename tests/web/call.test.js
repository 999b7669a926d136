import assert from 'node:assert/strict';
import test, { afterEach, beforeEach, mock } from 'node:test';

import { createCall } from '../../fastsfu/web/sdk/call.js';
import { installBrowser } from './fake-browser.js';

let browser;
let call;

beforeEach(() => {
  browser = installBrowser();
  call = createCall({ url: 'https://example/' });
});

afterEach(() => call.destroy());

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const states = () => browser.tracks.map(({ kind, readyState }) => `${kind} ${readyState}`);

async function devicesOpen() {
  while (browser.tracks.length < 2) await turn();
}

test('a call is joined with microphone and camera, and closes them when it is left', async () => {
  const { local } = await call.join({ room: 'r' });
  assert.equal(local.session_id, 'us');
  await devicesOpen();
  assert.deepEqual(states(), ['audio live', 'video live']);
  await call.leave();
  assert.deepEqual(states(), ['audio ended', 'video ended']);
  assert.deepEqual(browser.sockets[0].sent.at(-1), { type: 'leave' });
});

test('who speaks is told when the call has been joined, not before', async () => {
  const told = [];
  call.once('network-connection', () => {
    browser.sockets[0].push({ type: 'active-speaker', session_id: 'them' });
  });
  call.on('joined-meeting', ({ action }) => told.push(action));
  call.on('active-speaker-change', ({ activeSpeaker }) => told.push(activeSpeaker.peerId));
  await call.join({ room: 'r' });
  assert.deepEqual(told, ['joined-meeting', 'them']);
  browser.sockets[0].push({ type: 'active-speaker', session_id: null });
  await turn();
  assert.deepEqual(told, ['joined-meeting', 'them', null]);
});

test('how many are there is told, who watches hidden too', async () => {
  const told = [];
  call.on('joined-meeting', () => told.push('joined'));
  call.on('participant-counts-updated', ({ participantCounts }) => told.push(participantCounts));
  assert.deepEqual(call.participantCounts(), { present: 0, hidden: 0 });
  await call.join({ room: 'r' });
  browser.sockets[0].push({ type: 'hidden-participants', count: 2 });
  await turn();
  assert.deepEqual(call.participantCounts(), { present: 1, hidden: 2 });
  await call.leave();
  assert.deepEqual(told, [
    'joined', { present: 1, hidden: 0 }, { present: 1, hidden: 2 }, { present: 0, hidden: 0 },
  ]);
});

test('a call that is left in the turn in which it is joined touches nothing', async () => {
  const joining = call.join({ room: 'r' });
  await call.destroy();
  await assert.rejects(joining, { type: 'connection-error', info: /was left/ });
  await turn();
  assert.deepEqual([browser.tracks, browser.sockets], [[], []]);
});

test('a call can be left while its first offer is being made', async () => {
  let offering;
  const begun = new Promise((resolve) => (offering = resolve));
  RTCPeerConnection.prototype.setLocalDescription = () => {
    offering();
    return new Promise(() => undefined); // as browsers do when close() comes meanwhile
  };
  const joining = call.join({ room: 'r' });
  await begun;
  await call.leave();
  await assert.rejects(joining, { type: 'connection-error', info: /was left/ });
});

test('a call can be left in the handler that hears it joined', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  call.on('joined-meeting', () => void call.leave());
  await call.join({ room: 'r' });
  assert.equal(call.meetingState(), 'left-meeting');
  mock.timers.tick(60_000); // its timers would reject, unhandled
  mock.timers.reset();
  await turn();
});

test('a screen that is chosen after the call was left is not shared in the next one', async () => {
  call = createCall({ url: 'https://example/', audioSource: false, videoSource: false });
  await call.join({ room: 'r' });
  let choose;
  browser.until = new Promise((resolve) => (choose = resolve));
  const sharing = assert.rejects(call.startScreenShare(), { type: 'screen-share-error' });
  await call.leave();
  await call.join({ room: 'other' });
  choose();
  await sharing;
  assert.deepEqual(states(), ['video ended']);
  assert.equal(call.participants().local.screen, false);
});

test('of two screens chosen at once the later one is shared, and nothing goes on', async () => {
  call = createCall({ url: 'https://example/', audioSource: false, videoSource: false });
  await call.join({ room: 'r' });
  const first = assert.rejects(call.startScreenShare(), { type: 'screen-share-error' });
  await call.startScreenShare();
  await first;
  assert.deepEqual(states(), ['video ended', 'video live']);
  await call.stopScreenShare();
  assert.deepEqual(states(), ['video ended', 'video ended']);
});

test('what createCall starts off is off in every call, unless join says else', async () => {
  call = createCall({ url: 'https://example/', startAudioOff: true, startVideoOff: true });
  for (const room of ['first', 'second']) {
    await call.join({ room });
    await turn();
    assert.deepEqual(browser.tracks, [], room);
    await call.leave();
  }
  await call.join({ room: 'third', startAudioOff: false });
  await turn();
  assert.deepEqual(states(), ['audio live']);
});

test('a device that was chosen stays chosen in the next call', async () => {
  const asked = [];
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia;
  mediaDevices.getUserMedia = (wanted) => {
    asked.push(wanted.audio.deviceId?.exact);
    return open(wanted);
  };
  call = createCall({ url: 'https://example/', audioSource: true, videoSource: false });
  await call.setInputDevices({ audioDeviceId: 'headset' });
  for (const room of ['first', 'second']) {
    await call.join({ room });
    await turn();
    await call.leave();
  }
  assert.deepEqual(asked, ['headset', 'headset']);
});

test('a shared screen takes its share of the bandwidth until the browser ends it', async () => {
  await call.setBandwidth({ kbs: 1000 });
  const limits = () => browser.connections.at(-1).transceivers
    .map(({ sender }) => sender.parameters.encodings[0].maxBitrate)
    .slice(1);
  for (const room of ['first', 'second']) {
    await call.join({ room });
    await devicesOpen();
    await call.startScreenShare();
    assert.deepEqual(limits(), [300_000, 700_000], room);
    browser.tracks.at(-1).onended();
    await turn();
    assert.equal(limits()[0], 1_000_000, room);
    await call.startScreenShare();
    await call.leave();
  }
});
