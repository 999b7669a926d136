/** A direct call outlives its server: what is made of what the next one says. */

import assert from 'node:assert/strict';
import test, { beforeEach, mock } from 'node:test';

import { LiveCall } from '../../fastsfu/web/sdk/live-call.js';
import { LocalMedia } from '../../fastsfu/web/sdk/local-media.js';
import { JOINED, YOU, installBrowser } from './fake-browser.js';

const BEN = {
  ...YOU, session_id: 'ben', origin: 'ben', user_name: 'Ben', audio: true, revision: 3,
};
const NONE = { topology: 'none', sending: [], peer: null };
const SFU = { topology: 'sfu', sending: ['sfu'], peer: null };
const direct = (number, sessionId) => ({
  topology: 'peer', sending: ['peer'],
  peer: { number, session_id: sessionId, polite: false, relay: false },
});

let browser;
let live;
let log;

const flush = async () => {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
};
const socket = () => browser.sockets.at(-1);
const said = (type) => socket().sent.filter((message) => message.type === type);
const push = async (message) => {
  socket().push(message);
  await flush();
};
const others = () => live.knowledge().others.map(({ session_id }) => session_id);
const receivedFrom = () => [...new Set([...live.knowledge().received.keys()].map((key) => (
  key.split(' ')[0]
)))];

/** The newest connection with another browser. */
function connectionWithBen() {
  return browser.connections.find((one) => one.transceivers.length === 4);
}

function becomes(state) {
  const pc = connectionWithBen();
  pc.connectionState = state;
  pc.onconnectionstatechange();
}

/** The server answers the next socket's first message so. */
function welcomes(message) {
  browser.welcome = message;
}

beforeEach(async () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  browser = installBrowser();
  log = [];
  const local = new LocalMedia({
    publish: async () => undefined, unpublish: async () => undefined, changed: () => undefined,
    problem: () => undefined,
  });
  local.configure({ audioSource: false, videoSource: false });
  live = new LiveCall('wss://example/v1/signal', null, local, {
    changed: (reason) => reason && log.push(reason),
    network: (type, event) => log.push(`${type} ${event}`),
    speaker: () => undefined, message: () => undefined, problem: () => undefined,
    lost: (error) => log.push(`lost ${error.type}`),
  });
  welcomes({ ...JOINED, participants: [BEN], topology: direct(1, 'ben') });
  const joining = live.join({ room: 'r' });
  await flush();
  await joining;
  becomes('connected');
  await flush();
});

/** The server is another one, which knows nobody; we are there first unless `welcome` says else. */
async function restart(welcome = {}) {
  const old = socket();
  const you = { ...YOU, session_id: 'us2' };
  welcomes({ ...JOINED, session_id: 'us2', you, topology: NONE, ...welcome });
  old.readyState = 3;
  old.onclose({ code: 1006 });
  mock.timers.tick(300);
  await flush();
}

test('the direct call goes on, and who is in it is there', async () => {
  await restart();
  assert.equal(said('join').length, 1);
  assert.equal(connectionWithBen().signalingState, 'stable');
  assert.equal(live.topology.topology, 'peer');
  assert.deepEqual(others(), ['ben']);
  assert.deepEqual(receivedFrom(), ['ben']);
});

test('who joins anew is found by origin, and the connection with them goes on', async () => {
  await restart();
  const again = { ...BEN, session_id: 'ben2', audio: false, revision: 0 };
  await push({ type: 'participant-joined', participant: again });
  assert.deepEqual(others(), ['ben2']);
  assert.deepEqual(receivedFrom(), ['ben2']);
  assert.equal(live.knowledge().others[0].audio, true, 'what he said last still holds');
  await push({ type: 'topology', ...direct(1, 'ben2') });
  assert.deepEqual(said('peer-state'), [{ type: 'peer-state', number: 1, state: 'connected' }]);
  assert.equal(connectionWithBen().signalingState, 'stable');
  assert.equal(browser.connections.filter((one) => one.transceivers.length === 4).length, 1);
});

test('so it is for who comes second', async () => {
  const again = { ...BEN, session_id: 'ben2' };
  await restart({ participants: [again], topology: direct(1, 'ben2') });
  assert.deepEqual(others(), ['ben2']);
  assert.deepEqual(receivedFrom(), ['ben2']);
  assert.equal(connectionWithBen().signalingState, 'stable');
  assert.equal(said('peer-state').length, 1);
});

test('somebody else with the same number of connection is somebody else', async () => {
  const carl = { ...BEN, session_id: 'carl', origin: 'carl' };
  const old = connectionWithBen();
  await restart({ participants: [carl], topology: direct(1, 'carl') });
  assert.equal(old.signalingState, 'closed');
  assert.deepEqual(others(), ['carl']);
});

test('nothing is said to the server of a connection that it does not know', async () => {
  await restart();
  const pc = connectionWithBen();
  const before = socket().sent.length;
  pc.onicecandidate({ candidate: { candidate: 'c', sdpMid: '0', sdpMLineIndex: 0 } });
  becomes('disconnected');
  becomes('connected');
  mock.timers.tick(60_000);
  await flush();
  const later = socket().sent.slice(before).filter(({ type }) => type.startsWith('peer-'));
  assert.deepEqual(later, []);
  assert.deepEqual(others(), ['ben']);
});

test('it ends when it breaks, since nobody could repair it', async () => {
  await restart();
  becomes('disconnected');
  mock.timers.tick(4900);
  assert.deepEqual(others(), ['ben']);
  mock.timers.tick(200);
  await flush();
  assert.deepEqual(others(), []);
  assert.equal(live.topology.topology, 'none');
});

test('a call that the SFU takes over is no longer direct', async () => {
  const again = { ...BEN, session_id: 'ben2' };
  const carl = { ...BEN, session_id: 'carl', origin: 'carl' };
  await restart({ participants: [again, carl], topology: SFU });
  assert.deepEqual(others(), ['ben2', 'carl']);
  const open = browser.connections.filter(({ signalingState }) => signalingState !== 'closed');
  assert.equal(open.length, 1);
});

test('who was lost by the server alone stays, who left does not', async () => {
  for (const [reason, stays] of [['timeout', ['ben']], ['left', []]]) {
    await push({ type: 'participant-left', session_id: 'ben', reason });
    await push({ type: 'topology', ...NONE });
    assert.deepEqual(others(), stays, reason);
    if (!stays.length) continue;
    const participant = { ...BEN, session_id: 'ben' };
    await push({ type: 'participant-joined', participant });
    await push({ type: 'topology', ...direct(2, 'ben') });
  }
});

test('what was broken before is not kept', async () => {
  becomes('disconnected');
  await push({ type: 'participant-left', session_id: 'ben', reason: 'timeout' });
  assert.deepEqual(others(), []);
});
