import assert from 'node:assert/strict';
import test, { beforeEach, mock } from 'node:test';

import { OwnMetadata, metadataOf, userDataOf } from '../../fastsfu/web/sdk/metadata.js';
import { Roster } from '../../fastsfu/web/sdk/roster.js';

const OFF = { audio: false, video: false, screenVideo: false, screenAudio: false };

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
});

/** Ours, with what was said by channel and by signaling. */
function own(userData = null) {
  const made = { on: { ...OFF }, channels: [], signaled: [], connected: true };
  made.metadata = new OwnMetadata(userData, {
    sources: () => made.on,
    channels: (metadata) => made.channels.push(metadata),
    signal: (metadata) => made.connected && made.signaled.push(metadata) > 0,
  });
  made.turn = (source, on) => {
    made.on = { ...made.on, [source]: on };
    made.metadata.refresh();
  };
  return made;
}

test('each change is said once, by both ways, in whole', () => {
  const ada = own({ seat: 1 });
  ada.metadata.welcomed({ revision: 0, user_data: { seat: 1 } });
  ada.turn('audio', true);
  ada.turn('audio', true);
  ada.metadata.setUserData({ seat: 1 });
  mock.timers.tick(100);
  const first = { revision: 1, user_data: { seat: 1 }, ...OFF };
  assert.deepEqual(ada.channels, [first, { ...first, revision: 2, audio: true }]);
  assert.deepEqual(ada.signaled, ada.channels);
});

test('a flood of changes is said by channel, and its end by signaling', () => {
  const ada = own();
  ada.metadata.welcomed({ revision: 0, user_data: null });
  for (let number = 1; number <= 500; number += 1) ada.metadata.setUserData(number);
  assert.equal(ada.channels.length, 501);
  assert.equal(ada.signaled.length, 1);
  mock.timers.tick(100);
  assert.deepEqual(ada.signaled[1], ada.channels.at(-1));
  mock.timers.tick(10_000);
  assert.equal(ada.signaled.length, 2);
});

test('what was said while signaling was away is said when it is back, unless it is known', () => {
  const ada = own();
  ada.metadata.welcomed({ revision: 0, user_data: null });
  mock.timers.tick(100);
  ada.connected = false;
  ada.turn('video', true);
  mock.timers.tick(10_000);
  assert.equal(ada.signaled.length, 1);
  ada.connected = true;
  ada.metadata.welcomed({ revision: 2, user_data: null });
  assert.equal(ada.signaled.length, 1);
  ada.metadata.welcomed({ revision: 1, user_data: null });
  assert.deepEqual(ada.signaled[1], { revision: 2, user_data: null, ...OFF, video: true });
  ada.metadata.welcomed({ revision: 0, user_data: null }); // joined anew
  assert.equal(ada.signaled.length, 3);
});

test('what an application says of us at the server is ours from then on', () => {
  const ada = own('mine');
  ada.on = { ...OFF, audio: true };
  ada.metadata.welcomed({ revision: 100, user_data: 'of a hook' });
  assert.equal(ada.metadata.userData, 'of a hook');
  ada.metadata.setUserData('new');
  ada.metadata.heard({ revision: 101, user_data: 'late' });
  assert.equal(ada.metadata.userData, 'new');
  ada.turn('video', true);
  ada.metadata.heard({ revision: 200, user_data: 'of the server' });
  ada.metadata.heard({ revision: 201, user_data: 'of the server' });
  const last = { revision: 201, user_data: 'of the server', ...OFF, audio: true, video: true };
  assert.deepEqual(ada.channels.at(-1), last);
  assert.equal(ada.channels.length, 5);
});

test('user data is taken as it will arrive', () => {
  const data = { a: [1, undefined], b: undefined, c: new Date(0) };
  const taken = userDataOf(data);
  data.a.push(2);
  assert.deepEqual(taken, { a: [1, null], c: '1970-01-01T00:00:00.000Z' });
  assert.equal(userDataOf(undefined), null);
  assert.equal(userDataOf('cut \u{1f600}'.slice(0, -1)), 'cut \ufffd');
  assert.deepEqual(userDataOf(['\ud800\udfff\udc00\\ud800', '\\\ud800']), [
    '\u{103ff}\ufffd\\ud800', '\\\ufffd',
  ]);
});

test('user data that would not arrive is refused', () => {
  const refused = (type) => ({ name: 'CallError', type });
  assert.equal(userDataOf('x'.repeat(4094)).length, 4094);
  assert.throws(() => userDataOf('x'.repeat(4095)), refused('too-large'));
  assert.throws(() => userDataOf('ä'.repeat(5), 10), refused('too-large'));
  assert.throws(() => userDataOf(() => 1), refused('bad-request'));
  const loop = {};
  loop.loop = loop;
  assert.throws(() => userDataOf(loop), refused('bad-request'));
  let deep = 1;
  for (let level = 0; level < 65; level += 1) deep = [deep];
  assert.equal(userDataOf(deep[0]).length, 1);
  assert.throws(() => userDataOf(deep), refused('bad-request'));
});

test('a frame that says too much or the wrong thing says nothing', () => {
  const sound = { revision: 1, ...OFF, user_data: 'x' };
  const extra = { type: 'metadata', from: 'cyd', session_id: 'cyd', user_name: 'Cyd', owner: true };
  assert.deepEqual(metadataOf({ ...extra, ...sound }, 10), sound);
  for (const wrong of [
    { revision: 0 }, { revision: 1.5 }, { revision: '1' }, { revision: 2 ** 53 }, { audio: 1 },
    { screenAudio: undefined }, { user_data: undefined }, { user_data: 'x'.repeat(9) },
  ]) {
    assert.equal(metadataOf({ ...sound, ...wrong }, 10), null, JSON.stringify(wrong));
  }
});

/** The server's part in some lines, and all ways to two clients and between them, with delays. */
class Scene {
  clients = { ada: own(), ben: own() };
  /** What the server knows of each, by name. */
  known = {};
  ways = { signaling: {}, channel: {}, direct: null };
  sessions = 0;

  constructor() {
    for (const [name, client] of this.entries()) {
      client.others = new Roster();
      this.rejoin(name, client);
    }
  }

  entries() {
    return Object.entries(this.clients);
  }

  far(name) {
    return this.clients[name === 'ada' ? 'ben' : 'ada'];
  }

  /** The ways on which something waits. */
  waiting() {
    const { signaling, channel, direct } = this.ways;
    const queues = [...Object.values(signaling), ...Object.values(channel), ...(direct ?? [])];
    return queues.filter((queue) => queue.length);
  }

  /** Session ids, and the revision that the other client sees of each. */
  seen() {
    const all = this.entries().flatMap(([, { others }]) => others.all());
    return all.map(({ session_id, revision }) => [session_id, revision]);
  }

  rejoin(name, client) {
    const other = this.entries().find(([each]) => each !== name && this.known[each])?.[0];
    if (other && this.known[name]) {
      const { session_id: old } = this.known[name];
      this.ways.signaling[other].push(() => this.far(name).others.forget(old));
    }
    const session_id = `${name}-${(this.sessions += 1)}`;
    this.known[name] = { session_id, revision: 0, user_data: null, ...OFF };
    this.ways.direct = null;
    this.ways.channel[name] = [];
    this.resume(name, client);
    if (other) this.tell(other, this.known[name]);
  }

  resume(name, client) {
    this.ways.signaling[name] = [];
    client.connected = true;
    client.others.replace(Object.values(this.known).filter((one) => one !== this.known[name]));
    client.metadata.welcomed(this.known[name]);
    this.collect(name, client);
  }

  /** What a client has just said goes on its ways. */
  collect(name, client) {
    const { signaling, channel, direct } = this.ways;
    const take = (metadata) => () => this.take(name, metadata);
    for (const metadata of client.signaled.splice(0)) signaling[name].push(take(metadata));
    for (const metadata of client.channels.splice(0)) {
      client.newest = metadata;
      channel[name].push(take(metadata));
      if (direct) this.say(name, metadata);
    }
  }

  say(name, metadata) {
    const { session_id } = this.known[name];
    const way = this.ways.direct[name === 'ada' ? 0 : 1];
    way.push(() => this.far(name).others.direct(session_id, metadata));
  }

  take(name, metadata) {
    if (metadata.revision <= this.known[name].revision) return;
    this.known[name] = { ...this.known[name], ...metadata };
    for (const [each] of this.entries()) this.tell(each, this.known[name]);
  }

  /** Tell one client of another, or of itself, by both ways. */
  tell(to, participant) {
    const client = this.clients[to];
    const hears = (learn) => () => {
      if (participant.session_id === this.known[to].session_id) client.metadata.heard(participant);
      else learn();
      this.collect(to, client);
    };
    const { session_id, revision, user_data, audio, video, screenVideo, screenAudio } = participant;
    const metadata = { revision, user_data, audio, video, screenVideo, screenAudio };
    if (client.connected) {
      this.ways.signaling[to].push(hears(() => client.others.learn(participant)));
    }
    this.ways.channel[to].push(hears(() => client.others.relayed(session_id, metadata)));
  }

  connect() {
    this.ways.direct = [[], []];
    for (const [name, { newest }] of this.entries()) if (newest) this.say(name, newest);
  }

  /** An application at the server changes somebody's user data. */
  meddle(name, user_data) {
    const { revision } = this.known[name];
    this.known[name] = { ...this.known[name], user_data, revision: revision + 1000 };
    for (const [each] of this.entries()) this.tell(each, this.known[name]);
  }

  settle() {
    for (const [name, client] of this.entries()) {
      if (!client.connected) this.resume(name, client);
    }
    do {
      mock.timers.tick(100);
      for (const [name, client] of this.entries()) this.collect(name, client);
      for (const queue of this.waiting()) while (queue.length) queue.shift()();
    } while (this.waiting().length);
  }
}

test('whatever is lost and delayed, both end with the same', (t) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`SEED=${seed}`);
  let state = seed;
  const random = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  for (let round = 0; round < 100; round += 1) wander(new Scene(), random, `SEED=${seed}`);
});

function wander(scene, random, seed) {
  const moves = [
    (client) => client.turn(['audio', 'video', 'screenVideo'][random(3)], random(2) === 1),
    (client) => client.metadata.setUserData(random(1000)),
    (client, name) => scene.meddle(name, random(1000)),
    (client, name) => {
      client.connected = false;
      scene.ways.signaling[name] = [];
    },
    (client, name) => client.connected || scene.resume(name, client),
    (client, name) => scene.rejoin(name, client),
    () => scene.connect(),
    () => (scene.ways.direct = null),
    () => mock.timers.tick(100),
  ];
  const latest = new Map();
  for (let step = 0; step < 200; step += 1) {
    const [name, client] = scene.entries()[random(2)];
    if (random(3) === 0) moves[random(moves.length)](client, name);
    else scene.waiting()[random(scene.waiting().length || 1)]?.shift()();
    for (const [each, one] of scene.entries()) scene.collect(each, one);
    for (const [id, revision] of scene.seen()) {
      assert.ok(revision >= (latest.get(id) ?? 0), `${id} went back: ${seed}`);
      latest.set(id, revision);
    }
  }
  scene.settle();
  for (const [name, far] of [['ada', 'ben'], ['ben', 'ada']]) {
    const { on, metadata, others } = { ...scene.clients[name], others: scene.clients[far].others };
    const wanted = { ...on, user_data: metadata.userData };
    for (const seen of [others.get(scene.known[name].session_id), scene.known[name]]) {
      const { audio, video, screenVideo, screenAudio, user_data } = seen;
      assert.deepEqual({ audio, video, screenVideo, screenAudio, user_data }, wanted, seed);
    }
  }
}
