import assert from 'node:assert/strict';
import test, { afterEach, beforeEach, mock } from 'node:test';

import { createCall } from '../../fastsfu/web/sdk/call.js';
import { JOINED, installBrowser } from './fake-browser.js';

let browser;
let call;

beforeEach(() => {
  browser = installBrowser();
  call = createCall({ url: 'https://example/' });
});

afterEach(() => call.destroy());

/** No failure of the call: somebody did not want it any more. */
const LEFT = { type: 'left', fatal: false, info: /was left/ };

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

test('what is wanted of the others may be said before a call, and holds in the next', async () => {
  await call.updateReceiveSettings({ '*': { video: { maxHeight: 180 } }, them: { audio: false } });
  for (const number of [0, 1]) {
    await call.join({ room: 'r' });
    const said = browser.sockets[number].sent.filter(({ type }) => type === 'receive-settings');
    const [{ settings }, ...more] = said;
    assert.deepEqual([settings, more], [{ '*': { video: { max_height: 180 } } }, []]);
    await call.leave();
  }
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
  await assert.rejects(joining, LEFT);
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
  await assert.rejects(joining, LEFT);
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
    .map(({ sender }) => sender.parameters.encodings)
    .slice(1)
    .map((encodings) => encodings.reduce((sum, { maxBitrate }) => sum + maxBitrate, 0))
    .map((bits) => Math.round(bits / 1000) * 1000);
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

test('leaving while joining is no error of the call', async () => {
  const told = [];
  for (const name of ['left-meeting', 'error']) call.on(name, ({ action }) => told.push(action));
  browser.until = new Promise(() => undefined);
  const joining = call.join({ room: 'r' });
  await call.leave();
  await assert.rejects(joining, LEFT);
  assert.deepEqual(told, ['left-meeting']);
  assert.equal(call.meetingState(), 'left-meeting');
});

/** @returns what `error` said and join() rejected with */
async function failure(options) {
  const told = new Promise((resolve) => call.once('error', ({ error }) => resolve(error)));
  const joining = call.join(options);
  const error = await joining.then(() => assert.fail('it joined'), (reason) => reason);
  assert.equal(await told, error);
  assert.equal(call.meetingState(), 'error');
  assert.equal(error.fatal, true);
  return error;
}

test('a browser without WebRTC is told so, and the call is not stuck', async () => {
  const { RTCPeerConnection: native } = globalThis;
  delete globalThis.RTCPeerConnection;
  const { type, cause, info } = await failure({ room: 'r' });
  assert.deepEqual([type, cause], ['connection-error', 'no-webrtc']);
  assert.match(info, /This browser cannot/);
  globalThis.RTCPeerConnection = native;
  await call.join({ room: 'r' });
});

test('an address that is none is named, and nothing is left open', async () => {
  for (const url of ['calls.example', 'calls.example:8443/', 'ftp://calls.example/', '/calls/']) {
    const { type, info } = await failure({ room: 'r', url });
    assert.equal(type, 'connection-error');
    assert.ok(info.includes(`'${url}'`) && info.includes('https:'), info);
  }
  assert.deepEqual([browser.connections, browser.sockets], [[], []]);
});

test('what a browser throws while the call is made ends in an error, too', async () => {
  globalThis.RTCPeerConnection = class {
    constructor() {
      throw new DOMException('Too many.', 'UnknownError');
    }
  };
  const { type, info } = await failure({ room: 'r' });
  assert.deepEqual([type, info], ['connection-error', 'Too many.']);
});

test('a call that was destroyed opens nothing any more', async () => {
  await call.destroy();
  const destroyed = { type: 'bad-request', info: /destroyed/ };
  await assert.rejects(call.join({ room: 'r' }), destroyed);
  await assert.rejects(call.setLocalAudio(true), destroyed);
  await assert.rejects(call.setLocalVideo(true), destroyed);
  assert.deepEqual([browser.tracks, browser.sockets], [[], []]);
});

test('what somebody has turned off is off in the next call, unless join says else', async () => {
  await call.join({ room: 'first' });
  await devicesOpen();
  await call.setLocalAudio(false);
  await call.setLocalVideo(false);
  await call.leave();
  const before = browser.tracks.length;
  await call.join({ room: 'second' });
  await turn();
  assert.equal(browser.tracks.length, before);
  const { audio, video } = call.participants().local;
  assert.deepEqual([audio, video], [false, false]);
  await call.leave();
  await call.join({ room: 'third', startAudioOff: false });
  await turn();
  assert.deepEqual(states().slice(before), ['audio live']);
});

test('a device that failed is tried again in the next call', async () => {
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia;
  mediaDevices.getUserMedia = async () => {
    throw new DOMException('', 'NotReadableError');
  };
  await call.join({ room: 'first' });
  await turn();
  await call.leave();
  mediaDevices.getUserMedia = open;
  await call.join({ room: 'second' });
  await devicesOpen();
  assert.deepEqual(states(), ['audio live', 'video live']);
});

test('a microphone that a host has turned off is off until its user turns it on', async () => {
  const told = [];
  call.on('muted-by-host', ({ sources }) => told.push(sources));
  await call.join({ room: 'r' });
  await devicesOpen();
  const [socket] = browser.sockets;
  const said = (type) => socket.sent.filter((message) => message.type === type);
  socket.push({ type: 'muted', sources: ['audio', 'video'] });
  const { you } = JOINED;
  const held = { ...you, held: ['audio', 'video'], revision: 1 << 20 };
  socket.push({ type: 'participant-updated', participant: held });
  await turn();
  assert.deepEqual(told, [['audio', 'video']]);
  assert.equal(call.participants().local.audio, false);
  assert.deepEqual(call.participants().local.held, ['audio', 'video']);
  assert.ok(browser.tracks.every(({ enabled, readyState }) => !enabled || readyState === 'ended'));
  assert.deepEqual(said('unmute'), []);
  await call.setLocalAudio(true);
  assert.deepEqual(said('unmute'), [{ type: 'unmute', sources: ['audio'] }]);
  assert.equal(call.participants().local.audio, true);
});

test('what may not be published is not turned on', async () => {
  const problems = [];
  call.on('nonfatal-error', ({ error }) => problems.push(error.type));
  await call.join({ room: 'r', startVideoOff: true });
  const permissions = { publish: ['audio'], subscribe: true, messages: false };
  const participant = { ...JOINED.you, permissions, revision: 1 };
  browser.sockets[0].push({ type: 'participant-updated', participant });
  await turn();
  await call.setLocalVideo(true);
  await call.startScreenShare();
  assert.deepEqual(problems, ['not-allowed', 'not-allowed']);
  assert.equal(call.participants().local.video, false);
  await assert.rejects(call.sendAppMessage('hi'), { type: 'not-allowed' });
});

test('the room and its data are told, and a name can be changed', async () => {
  const told = [];
  call.on('room-updated', ({ room }) => told.push(room.locked));
  call.on('meeting-session-state-updated', ({ meetingSessionState }) => {
    told.push(meetingSessionState.data);
  });
  assert.equal(call.room(), null);
  await assert.rejects(call.updateRoom({ locked: true }), { type: 'bad-request' });
  await call.join({ room: 'r', name: 'Ada' });
  const [socket] = browser.sockets;
  assert.equal(call.room().maxParticipants, 200);
  socket.push({ type: 'room-updated', room: { ...JOINED.room, locked: true } });
  socket.push({ type: 'session-data', data: { slide: 4 } });
  await turn();
  assert.deepEqual(told, [true, { slide: 4 }]);
  assert.deepEqual(call.meetingSessionState(), { data: { slide: 4 } });
  await call.setUserName('Ada L.');
  assert.deepEqual(socket.sent.at(-1), { type: 'update', name: 'Ada L.' });
});

const WAITING = { type: 'waiting', id: 'w', heartbeat: 10 };

test('who has to be let in asks, also after a lost connection, and is in at last', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  const told = [];
  call.on('access-state-updated', ({ access }) => told.push(access));
  browser.welcome = WAITING;
  await assert.rejects(call.requestAccess(), { type: 'bad-request' });
  const joining = call.join({ room: 'r', name: 'Ada' });
  while (!told.length) await turn();
  const [socket] = browser.sockets;
  const asked = call.requestAccess({ name: 'Ada L.' });
  await turn();
  assert.deepEqual(socket.sent.at(-1), { type: 'request-access', name: 'Ada L.' });
  mock.timers.tick(10_000);
  assert.deepEqual(socket.sent.at(-1), { type: 'ping', id: 0 });
  mock.timers.reset();
  socket.onclose();
  while (told.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  const again = browser.sockets[1];
  assert.equal(again.sent[0].name, 'Ada L.');
  assert.deepEqual(again.sent[1], { type: 'request-access', name: 'Ada L.' });
  again.push(JOINED);
  await joining;
  assert.deepEqual(await asked, { granted: true });
  assert.deepEqual(told, ['waiting', 'waiting', 'full']);
});

test('who is not let in is told so', async () => {
  browser.welcome = WAITING;
  const joining = assert.rejects(call.join({ room: 'r' }), { type: 'not-allowed', fatal: true });
  while (!browser.sockets[0]?.sent.length) await turn();
  await turn();
  const asked = call.requestAccess();
  const refusal = { type: 'error', fatal: true, error: 'not-allowed', info: 'No.', re: null };
  browser.sockets[0].push(refusal);
  assert.deepEqual(await asked, { granted: false });
  await joining;
});

test('the direct way is closed when the server says so, whatever the other side does', async () => {
  await call.join({ room: 'r' });
  const [socket] = browser.sockets;
  const peer = { number: 1, session_id: 'eve', polite: false, relay: false };
  socket.push({ type: 'topology', topology: 'peer', sending: ['peer'], peer });
  while (browser.connections.length < 2) await turn();
  const direct = browser.connections[1];
  assert.notEqual(direct.signalingState, 'closed');
  socket.push({ type: 'topology', topology: 'sfu', sending: ['sfu'], peer: null });
  await turn();
  assert.equal(direct.signalingState, 'closed');
});
