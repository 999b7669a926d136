import assert from 'node:assert/strict';
import test, { beforeEach, mock } from 'node:test';

import { signalingUrl } from '../../fastsfu/web/sdk/address.js';
import { Signaling } from '../../fastsfu/web/sdk/signaling.js';

/** The server's end of a WebSocket. */
class FakeSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  readyState = 1;
  sent = [];

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }

  push(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  drop(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  get last() {
    return this.sent.at(-1);
  }
}

globalThis.WebSocket = FakeSocket;

const JOIN = { type: 'join', room: 'r', sdk: 'test' };
const JOINED = { type: 'joined', session_id: 's1', resume_key: 'k1', heartbeat: 10 };
const flush = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

let sockets;
let urls;
let log;
let signaling;
/** What the owner of the signaling says. */
let mayReturn;
let goesOn;
/** What it was lost by. */
let failure;

beforeEach((context) => {
  mayReturn = goesOn = false;
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
  sockets = [];
  urls = [];
  log = [];
  const open = (url) => {
    const socket = new FakeSocket();
    sockets.push(socket);
    urls.push(url);
    queueMicrotask(() => socket.onopen?.());
    return socket;
  };
  signaling = new Signaling('wss://example/v1/signal', {
    welcome: (message, moved) => log.push(message.type + (moved ? ', moved' : '')),
    message: (message) => log.push(message.type),
    interrupted: () => log.push('interrupted'),
    mayReturn: () => mayReturn,
    goesOn: () => goesOn,
    lost: (error) => {
      failure = error;
      log.push(`lost ${error.type}`);
    },
  }, open);
  return context;
});

async function join() {
  const joining = signaling.join(() => JOIN);
  await flush();
  sockets.at(-1).push(JOINED);
  await joining;
}

async function wait(ms) {
  mock.timers.tick(ms);
  await flush();
}

test('join sends its message and resolves with the welcome', async () => {
  await join();
  assert.deepEqual(sockets[0].sent, [JOIN]);
  assert.deepEqual(log, ['joined']);
});

test('a refusal rejects join with its type', async () => {
  const joining = signaling.join(() => JOIN);
  await flush();
  sockets[0].push({ type: 'error', fatal: true, error: 'meeting-full', info: 'Full.' });
  await assert.rejects(joining, { type: 'meeting-full', fatal: true, info: 'Full.' });
});

test('a refused origin is named as such, and refused once', async () => {
  const joining = signaling.join(() => JOIN);
  await flush();
  const refused = { type: 'connection-error', cause: 'origin-refused', info: 'No.' };
  const rejected = assert.rejects(joining, refused);
  sockets[0].push({ type: 'error', fatal: true, error: 'bad-origin', info: 'No.' });
  await flush();
  await rejected;
  assert.equal(sockets.length, 1);
});

test('who said too much is told so', async () => {
  await join();
  sockets[0].push({ type: 'error', fatal: true, error: 'rate-limit', info: 'Too much.' });
  assert.deepEqual([failure.type, failure.cause], ['connection-error', 'rate-limit']);
});

test('a server that says nothing rejects join after a while', async () => {
  const joining = signaling.join(() => JOIN);
  const rejected = assert.rejects(joining, { type: 'connection-error' });
  await wait(10_001);
  await rejected;
});

test('join tries again when its connection breaks', async () => {
  const joining = signaling.join(() => JOIN);
  await flush();
  sockets[0].drop(); // as when the network changes
  await flush();
  await wait(600);
  assert.deepEqual(sockets[1].sent, [JOIN]);
  sockets[1].push(JOINED);
  await joining;
  assert.deepEqual(log, ['joined']);
});

test('join gives up after some seconds', async () => {
  let error = null;
  signaling.join(() => JOIN).catch((reason) => (error = reason));
  for (let second = 0; second < 9; second += 1) {
    await flush();
    sockets.at(-1).drop();
    await wait(1000);
  }
  assert.equal(error.type, 'connection-error');
  assert.match(error.info, /cannot be reached/);
});

test('leaving ends the attempts to join', async () => {
  const joining = signaling.join(() => JOIN);
  await flush();
  sockets[0].drop();
  await flush();
  const rejected = assert.rejects(joining, { type: 'left' });
  signaling.close();
  await flush();
  await rejected;
  await wait(60_000);
  assert.equal(sockets.length, 1);
});

test('leaving before the server has answered says goodbye when it does', async () => {
  const joining = signaling.join(() => JOIN);
  await flush();
  const rejected = assert.rejects(joining, { type: 'left' });
  signaling.close({ type: 'leave' });
  sockets[0].push(JOINED);
  await rejected;
  assert.deepEqual(sockets[0].sent, [JOIN, { type: 'leave' }]);
  assert.equal(sockets[0].readyState, 3);
});

test('a dropped connection resumes the session', async () => {
  await join();
  sockets[0].drop();
  assert.equal(signaling.connected, false);
  await wait(300);
  assert.deepEqual(sockets[1].last, { type: 'resume', session_id: 's1', resume_key: 'k1' });
  sockets[1].push({ type: 'resumed' });
  await flush();
  assert.deepEqual(log, ['joined', 'interrupted', 'resumed']);
});

test('attempts go on while the server is away', async () => {
  await join();
  sockets[0].drop();
  await wait(300);
  sockets[1].drop();
  await flush();
  await wait(600);
  assert.equal(sockets.length, 3);
  sockets[2].push({ type: 'resumed' });
  await flush();
  assert.equal(log.at(-1), 'resumed');
});

test('when the server has forgotten the session, it joins anew at once', async () => {
  await join();
  sockets[0].drop();
  await wait(300);
  sockets[1].push({ type: 'error', fatal: true, error: 'no-room', info: 'No such session.' });
  await flush();
  const replaces = { session_id: JOINED.session_id, resume_key: JOINED.resume_key };
  assert.deepEqual(sockets[2].sent, [{ ...JOIN, replaces }]);
  sockets[2].push({ ...JOINED, session_id: 's2' });
  await flush();
  assert.deepEqual(log, ['joined', 'interrupted', 'joined']);
});

test('a refusal of that join is final', async () => {
  await join();
  sockets[0].drop();
  await wait(300);
  sockets[1].push({ type: 'error', fatal: true, error: 'no-room', info: 'No such session.' });
  await flush();
  sockets[2].push({ type: 'error', fatal: true, error: 'exp-token', info: 'Expired.' });
  await flush();
  assert.equal(log.at(-1), 'lost exp-token');
  await wait(60_000);
  assert.equal(sockets.length, 3);
});

test('after two minutes without a connection the call is lost', async () => {
  await join();
  sockets[0].drop();
  for (let second = 0; second < 140; second += 1) {
    await wait(1000);
    sockets.at(-1).drop();
    await flush();
  }
  assert.equal(log.at(-1), 'lost connection-error');
});

test('it is not lost while the call goes on without the server', async () => {
  goesOn = true;
  await join();
  sockets[0].drop();
  for (let second = 0; second < 600; second += 1) {
    await wait(1000);
    sockets.at(-1).drop();
    await flush();
  }
  assert.equal(log.at(-1), 'interrupted');
  goesOn = false;
  await wait(10_000);
  sockets.at(-1).drop();
  await flush();
  assert.equal(log.at(-1), 'lost connection-error');
});

test('the time that the machine sleeps is no time without the server', async () => {
  await join();
  sockets[0].drop();
  await wait(300);
  mock.timers.setTime(Date.now() + 3_600_000);
  sockets[1].drop();
  await flush();
  await wait(600);
  sockets[2].push({ type: 'resumed' });
  await flush();
  assert.deepEqual(log, ['joined', 'interrupted', 'resumed']);
});

for (const error of ['timeout', 'end-of-life']) {
  test(`a session that ended by ${error} is taken up again`, async () => {
    await join();
    sockets[0].push({ type: 'error', fatal: true, error, info: '' });
    await wait(300);
    assert.equal(sockets[0].readyState, 3);
    assert.equal(sockets[1].last.type, 'resume');
    sockets[1].push({ type: 'error', fatal: true, error: 'no-room', info: '' });
    await flush();
    sockets[2].push(JOINED);
    await flush();
    assert.deepEqual(log, ['joined', 'interrupted', 'joined']);
  });
}

test('a session without media is taken up again only if the owner wants it', async () => {
  const ended = { type: 'error', fatal: true, error: 'connection-error', info: 'No media.' };
  mayReturn = true;
  await join();
  sockets[0].push(ended);
  await wait(300);
  sockets[1].push(JOINED);
  await flush();
  mayReturn = false;
  sockets[1].push(ended);
  await flush();
  assert.deepEqual(log, ['joined', 'interrupted', 'joined', 'lost connection-error']);
});

test('a server that restarts is waited for, one that takes no calls is not for ever', async () => {
  const stops = { type: 'error', fatal: true, error: 'end-of-life', info: 'It stops.' };
  const joining = signaling.join(() => JOIN);
  await flush();
  sockets[0].push(stops);
  await assert.rejects(joining, { type: 'end-of-life' }, 'who is joining is told at once');

  await join();
  sockets.at(-1).push(stops);
  for (let second = 0; second < 20; second += 1) {
    await wait(1000);
    sockets.at(-1).push(sockets.at(-1).last?.type === 'resume'
      ? { type: 'error', fatal: true, error: 'no-room', info: '' } : stops);
    await flush();
  }
  assert.equal(log.at(-1), 'interrupted');
  for (let second = 0; second < 20; second += 1) {
    await wait(1000);
    sockets.at(-1).push(stops);
    await flush();
  }
  assert.equal(log.at(-1), 'lost end-of-life');
});

test('a seat that others have taken meanwhile is waited for, but not for ever', async () => {
  const full = { type: 'error', fatal: true, error: 'no-capacity', info: 'It is full.' };
  const joining = signaling.join(() => JOIN);
  await flush();
  sockets[0].push(full);
  await assert.rejects(joining, { type: 'no-capacity' }, 'who is joining is told at once');

  await join();
  sockets.at(-1).push({ type: 'error', fatal: true, error: 'timeout', info: '' });
  await wait(1000);
  sockets.at(-1).push({ type: 'error', fatal: true, error: 'no-room', info: '' });
  for (let second = 0; second < 20; second += 1) {
    await flush();
    sockets.at(-1).push(full);
    await wait(1000);
  }
  assert.equal(log.at(-1), 'interrupted');
  for (let second = 0; second < 20; second += 1) {
    sockets.at(-1).push(full);
    await wait(1000);
  }
  assert.equal(log.at(-1), 'lost no-capacity');
});

test('a session that goes on elsewhere is not taken back', async () => {
  await join();
  sockets[0].drop(4409);
  await wait(60_000);
  assert.equal(log.at(-1), 'lost ejected');
  assert.equal(sockets.length, 1);
});

test('pings find a connection that died silently', async () => {
  await join();
  await wait(10_000);
  assert.equal(sockets[0].last.type, 'ping');
  sockets[0].push({ type: 'pong', id: 1 });
  await wait(9000);
  assert.deepEqual(log, ['joined']);
  await wait(1000);
  await wait(6001);
  assert.equal(log.at(-1), 'interrupted');
  assert.equal(sockets[0].readyState, 3);
});

test('wake cuts the wait short', async () => {
  await join();
  sockets[0].drop();
  signaling.wake();
  await flush();
  assert.equal(sockets.length, 2);
});

test('wake begins an attempt that hangs anew', async () => {
  await join();
  sockets[0].drop();
  await wait(300);
  sockets[1].readyState = 0; // the network was away when it began
  signaling.wake();
  await flush();
  assert.equal(sockets.length, 3);
  assert.equal(sockets[1].readyState, 3);
  sockets[2].push({ type: 'resumed' });
  await flush();
  assert.equal(log.at(-1), 'resumed');
});

test('close says goodbye and nothing comes back', async () => {
  await join();
  signaling.close({ type: 'leave' });
  assert.deepEqual(sockets[0].last, { type: 'leave' });
  await wait(60_000);
  assert.equal(sockets.length, 1);
  assert.deepEqual(log, ['joined']);
});

test('garbage from the server is ignored', async () => {
  await join();
  sockets[0].onmessage({ data: '{' });
  sockets[0].onmessage({ data: '7' });
  sockets[0].push({ type: 'active-speaker', session_id: null });
  assert.deepEqual(log, ['joined', 'active-speaker']);
});

test('the address of signaling keeps the prefix and never has a query', () => {
  assert.equal(signalingUrl('https://a.example/calls/?t=x'), 'wss://a.example/calls/v1/signal');
  assert.equal(signalingUrl('https://a.example/calls'), 'wss://a.example/calls/v1/signal');
  assert.equal(signalingUrl('http://localhost:1/'), 'ws://localhost:1/v1/signal');
});

const MOVED = { type: 'moved', url: null, alternates: [] };

test('moved joins again beside the old connection, and leaves it when it is released', async () => {
  await join();
  sockets[0].push(MOVED);
  await flush();
  assert.equal(signaling.moving, true);
  const replaces = { session_id: 's1', resume_key: 'k1' };
  assert.deepEqual(sockets[1].sent, [{ ...JOIN, replaces }]);
  sockets[1].push({ ...JOINED, resume_key: 'k2' });
  await flush();
  assert.deepEqual(log, ['joined', 'joined, moved']);
  assert.equal(signaling.moving, false);
  sockets[0].push({ type: 'participant-left', session_id: 's2', reason: 'left' });
  assert.deepEqual(log, ['joined', 'joined, moved'], 'the old server is heard no more');
  assert.equal(sockets[0].readyState, 1);
  signaling.release();
  assert.deepEqual(sockets[0].last, { type: 'leave' });
  assert.equal(sockets[0].readyState, 3);
});

test('moved goes to where it says, and to the alternates when nobody answers', async () => {
  await join();
  sockets[0].push({ ...MOVED, url: 'https://b.example/x/', alternates: ['https://c.example'] });
  await flush();
  sockets[1].drop();
  await flush();
  await wait(3000);
  assert.deepEqual(urls.slice(1), [
    'wss://b.example/x/v1/signal', 'wss://c.example/v1/signal',
  ]);
  sockets[2].push(JOINED);
  await flush();
  sockets[2].drop();
  await wait(500);
  assert.equal(urls.at(-1), 'wss://c.example/v1/signal', 'that is our server now');
});

test('a server that ends while we move is left like one that was lost', async () => {
  await join();
  sockets[0].push(MOVED);
  await flush();
  sockets[0].push({ type: 'error', fatal: true, error: 'end-of-life', info: 'Bye.' });
  sockets[1].drop();
  await flush();
  await wait(3000);
  assert.deepEqual(log, ['joined', 'interrupted']);
  assert.deepEqual(sockets[2].last, { type: 'resume', session_id: 's1', resume_key: 'k1' });
  sockets[2].push({ type: 'resumed' });
  await flush();
  assert.deepEqual(log, ['joined', 'interrupted', 'resumed']);
  assert.equal(sockets.length, 3);
});

test('other servers are asked only when ours has been away for a while', async () => {
  const joining = signaling.join(() => JOIN);
  await flush();
  sockets[0].push({ ...JOINED, alternates: ['https://b.example/'] });
  await joining;
  sockets[0].drop();
  for (let second = 0; second < 20; second += 1) {
    await wait(1000);
    if (sockets.length > 1) sockets.at(-1).drop();
    await flush();
  }
  const at = urls.indexOf('wss://b.example/v1/signal');
  assert.ok(at > 4, urls.join());
  assert.ok(urls.slice(at).includes('wss://example/v1/signal'), 'ours is asked in turn');
});
