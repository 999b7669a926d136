import assert from 'node:assert/strict';
import test from 'node:test';

import { AppMessages } from '../../fastsfu/web/sdk/app-messages.js';

/** A data channel in memory: what is sent arrives when the test says so. */
class Channel extends EventTarget {
  readyState = 'connecting';
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  waiting = [];
  far = null;

  static pair() {
    const [one, other] = [new Channel(), new Channel()];
    one.far = other;
    other.far = one;
    return [one, other];
  }

  open() {
    for (const end of [this, this.far]) {
      end.readyState = 'open';
      end.dispatchEvent(new Event('open'));
    }
  }

  close() {
    for (const end of [this, this.far]) {
      end.readyState = 'closed';
      end.waiting = [];
      end.dispatchEvent(new Event('close'));
    }
  }

  send(text) {
    this.waiting.push(text);
  }

  /** Deliver the first message that waits. */
  step() {
    const data = this.waiting.shift();
    if (data === undefined) return false;
    this.far.dispatchEvent(Object.assign(new Event('message'), { data }));
    return true;
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Run all channels until nothing is under way. */
async function settle(...channels) {
  let moved = true;
  while (moved) {
    await turn();
    moved = channels.map((one) => [one.step(), one.far.step()]).flat().some(Boolean);
  }
}

function client(name, others) {
  const got = [];
  const problems = [];
  const described = [];
  const messages = new AppMessages({
    others: () =>
      others.filter((id) => id !== name).map((id) => ({ session_id: id, origin: id })),
    deliver: ({ data, fromId }) => got.push([fromId, data]),
    described: (frame, peerId) => described.push([peerId, frame]),
    problem: ({ type }) => problems.push(type),
  });
  return { name, messages, got, problems, described, data: () => got.map(([, data]) => data) };
}

/** What the server does for two clients, in a few lines: takes over, numbers, relays, keeps. */
class Server {
  positions = {};
  kept = {};
  ends = {};

  link(name, far) {
    const [near, end] = Channel.pair();
    let acked = 0;
    delete this.ends[name]; // nothing before its hello
    this.kept[name] ??= [];
    end.addEventListener('message', ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === 'hello') {
        end.send(JSON.stringify({ type: 'welcome', received: this.positions[name] ?? 0 }));
        if (this.ends[name] === end) return;
        this.ends[name] = end;
        this.relay(name, this.kept[name]);
      } else if (frame.type === 'ack') {
        this.kept[name].splice(0, frame.count - acked);
        acked = frame.count;
      } else if (frame.type === 'messages') {
        for (const message of frame.messages) this.take(name, far, message);
      }
    });
    return near;
  }

  take(name, far, { number, data }) {
    if (number <= (this.positions[name] ?? 0)) return;
    this.positions[name] = number;
    const message = { number, from: name, data };
    this.kept[far] ??= [];
    this.kept[far].push(message);
    this.relay(far, [message]);
  }

  relay(name, messages) {
    if (this.ends[name]?.readyState !== 'open' || !messages.length) return;
    this.ends[name].send(JSON.stringify({ type: 'messages', messages }));
  }
}

function pair() {
  const room = ['ada', 'ben'];
  return [client('ada', room), client('ben', room), room];
}

test('messages go from browser to browser, in order', async () => {
  const [ada, ben] = pair();
  const [near, far] = Channel.pair();
  ada.messages.attach(near, 'ben');
  ben.messages.attach(far, 'ada');
  const early = ada.messages.send('before it is open');
  near.open();
  for (const word of ['one', 'two']) ada.messages.send(word);
  ben.messages.send({ back: [1] });
  await settle(near);
  await early;
  assert.deepEqual(ben.got, [['ada', 'before it is open'], ['ada', 'one'], ['ada', 'two']]);
  assert.deepEqual(ada.got, [['ben', { back: [1] }]]);
});

test('what a lost channel swallowed goes over the next one, and nothing twice', async () => {
  const [ada, ben] = pair();
  const [near, far] = Channel.pair();
  ada.messages.attach(near, 'ben');
  ben.messages.attach(far, 'ada');
  near.open();
  await settle(near);
  for (const number of [1, 2]) ada.messages.send(number);
  await settle(near); // arrived, but the acknowledgement waits for its timer
  ada.messages.send(3);
  await turn();
  near.close();
  const [again, far2] = Channel.pair();
  ada.messages.attach(again, 'ben');
  ben.messages.attach(far2, 'ada');
  ada.messages.send(4);
  again.open();
  await settle(again);
  assert.deepEqual(ben.data(), [1, 2, 3, 4]);
});

test('an acknowledgement settles what it covers', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [ada, ben] = pair();
  const [near, far] = Channel.pair();
  ada.messages.attach(near, 'ben');
  ben.messages.attach(far, 'ada');
  near.open();
  ada.messages.send('x');
  await settle(near);
  assert.equal(ada.messages.settled, false);
  t.mock.timers.tick(200);
  await settle(near);
  assert.equal(ada.messages.settled, true);
});

test('to the server a message says for whom it is; the third one makes it go there', async () => {
  const room = ['ada', 'ben', 'cyd'];
  const ada = client('ada', room);
  const [peer] = Channel.pair();
  const [server, end] = Channel.pair();
  ada.messages.attach(peer, 'ben');
  peer.open();
  const sent = ada.messages.send('all');
  const frames = [];
  end.addEventListener('message', ({ data }) => frames.push(JSON.parse(data)));
  ada.messages.attach(server);
  server.open();
  await settle(server);
  end.send('{"type":"welcome","received":0}');
  await settle(server);
  await sent;
  void ada.messages.send('one', 'ben');
  await settle(server);
  assert.deepEqual(frames, [
    { type: 'hello' },
    { type: 'messages', messages: [{ number: 1, to: '*', data: 'all' }] },
    { type: 'messages', messages: [{ number: 2, to: ['ben'], data: 'one' }] },
  ]);
  assert.deepEqual(peer.waiting, []);
});

test('a message that went to a browser is for the same receivers at the server', async () => {
  const [ada, , room] = pair();
  const [peer, peerEnd] = Channel.pair();
  ada.messages.attach(peer, 'ben');
  peer.open();
  peerEnd.send('{"type":"welcome","received":0}');
  await settle(peer);
  ada.messages.send('for ben');
  await settle(peer);
  room.push('cyd');
  const [server, end] = Channel.pair();
  const sent = [];
  end.addEventListener('message', ({ data }) => sent.push(...(JSON.parse(data).messages ?? [])));
  ada.messages.attach(server);
  server.open();
  end.send('{"type":"welcome","received":0}');
  ada.messages.send('for both');
  await settle(server);
  assert.deepEqual(sent.map(({ to }) => to), [['ben'], '*']);
});

test('a browser cannot speak for another one', async () => {
  const [ada] = pair();
  const [near, far] = Channel.pair();
  ada.messages.attach(near, 'ben');
  near.open();
  far.send(JSON.stringify({ type: 'messages', messages: [
    { number: 1, from: 'cyd', origin: 'cyd', data: 'forged' }, { number: 'x', data: 1 }, null,
  ] }));
  far.send('no frame');
  await settle(near);
  assert.deepEqual(ada.got, [['ben', 'forged']]);
  assert.deepEqual(ada.problems, ['bad-message']);
});

test('what cannot be sent is refused with a reason', async () => {
  const [ada] = pair();
  const refused = (type) => ({ name: 'CallError', type });
  ada.messages.configure({ maxBytes: 10, allowed: true });
  await assert.rejects(ada.messages.send('ä'.repeat(5)), refused('too-large'));
  await assert.rejects(ada.messages.send(undefined), refused('bad-request'));
  await assert.rejects(ada.messages.send(1n), refused('bad-request'));
  await assert.rejects(ada.messages.send(1, [7]), refused('bad-request'));
  const [near] = Channel.pair();
  ada.messages.attach(near, 'ben');
  const waiting = Array.from({ length: 1000 }, () => ada.messages.send(1));
  await assert.rejects(ada.messages.send(1), refused('too-many-messages'));
  ada.messages.close();
  for (const one of waiting) await assert.rejects(one, refused('bad-request'));
  const [ben] = pair();
  ben.messages.configure({ maxBytes: 10, allowed: false });
  await assert.rejects(ben.messages.send(1), refused('not-allowed'));
});

test('a full channel holds messages back until it has room', async () => {
  const [ada, ben] = pair();
  const [near, far] = Channel.pair();
  ada.messages.attach(near, 'ben');
  ben.messages.attach(far, 'ada');
  near.open();
  await settle(near);
  near.bufferedAmount = 1 << 20;
  let written = false;
  void ada.messages.send(1).then(() => (written = true));
  await settle(near);
  assert.equal(written, false);
  near.bufferedAmount = 0;
  near.dispatchEvent(new Event('bufferedamountlow'));
  await settle(near);
  assert.deepEqual([written, ben.data()], [true, [1]]);
});

test('metadata goes over all channels, also those that open later', async () => {
  const [ada, ben] = pair();
  const metadata = { revision: 1, user_data: 'x' };
  const frame = { type: 'metadata', ...metadata };
  const [server, end] = Channel.pair();
  const frames = [];
  end.addEventListener('message', ({ data }) => frames.push(JSON.parse(data)));
  ada.messages.attach(server);
  server.open();
  ada.messages.describe(metadata);
  const [near, far] = Channel.pair();
  ada.messages.attach(near, 'ben');
  ben.messages.attach(far, 'ada');
  near.open();
  await settle(server, near);
  assert.deepEqual(frames.filter(({ type }) => type === 'metadata'), [frame]);
  assert.deepEqual(ben.described, [['ada', frame]]);
  end.send(JSON.stringify({ ...frame, from: 'cyd' }));
  await settle(server);
  assert.deepEqual(ada.described, [[null, { ...frame, from: 'cyd' }]]);
});

test('of the metadata that waits for a full channel the newest goes', async () => {
  const [ada, ben] = pair();
  const [near, far] = Channel.pair();
  ada.messages.attach(near, 'ben');
  ben.messages.attach(far, 'ada');
  near.open();
  near.bufferedAmount = 1 << 20;
  for (const revision of [1, 2, 3]) ada.messages.describe({ revision });
  await settle(near);
  assert.deepEqual(ben.described, []);
  near.bufferedAmount = 0;
  near.dispatchEvent(new Event('bufferedamountlow'));
  await settle(near);
  assert.deepEqual(ben.described.map(([, { revision }]) => revision), [3]);
});

test('any changes between server and browser lose and double nothing', async (t) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`SEED=${seed}`);
  let state = seed;
  const random = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  for (let round = 0; round < 60; round += 1) await switching(random, seed);
});

async function switching(random, seed) {
  const [ada, ben] = pair();
  const server = new Server();
  const links = { ada: server.link('ada', 'ben'), ben: server.link('ben', 'ada') };
  for (const one of [ada, ben]) one.messages.attach(links[one.name]);
  Object.values(links).forEach((link) => link.open());
  let peer = null;
  const live = () => [...Object.values(links), ...(peer ?? [])];
  const sent = { ada: [], ben: [] };
  const moves = {
    send(one) {
      sent[one.name].push(sent[one.name].length);
      one.messages.send(sent[one.name].at(-1));
    },
    peer() {
      if (peer) {
        peer[0].close();
        [ada, ben].forEach((one, side) => one.messages.detach(peer[side]));
        peer = null;
      } else {
        peer = Channel.pair();
        ada.messages.attach(peer[0], 'ben');
        ben.messages.attach(peer[1], 'ada');
        peer[0].open();
      }
    },
    rejoin(one) {
      links[one.name].close();
      one.messages.detach(links[one.name]);
      links[one.name] = server.link(one.name, one === ada ? 'ben' : 'ada');
      one.messages.attach(links[one.name]);
      links[one.name].open();
    },
  };
  for (let step = 0; step < 200; step += 1) {
    const one = random(2) ? ada : ben;
    const dice = random(40);
    if (dice < 12) moves.send(one);
    else if (dice === 12) moves.peer();
    else if (dice === 13) moves.rejoin(one);
    else {
      const link = live()[random(live().length)];
      (random(2) ? link : link.far).step();
      if (dice === 14) await turn();
    }
  }
  await settle(...live());
  assert.deepEqual(ben.data(), sent.ada, `SEED=${seed}`);
  assert.deepEqual(ada.data(), sent.ben, `SEED=${seed}`);
}
