import assert from 'node:assert/strict';
import test, { mock } from 'node:test';

import { continues, readChat } from '../../fastsfu/web/call/chat-entries.js';
import { ConnectionBanner, textFor } from '../../fastsfu/web/call/connection-banner.js';
import { claimsOf, inviteLink, readEntry, refusalOf } from '../../fastsfu/web/call/entry.js';
import { displayName, hue, initials } from '../../fastsfu/web/call/identity.js';
import { arrange } from '../../fastsfu/web/call/layout.js';
import { loudness } from '../../fastsfu/web/call/meter.js';
import { encryptionText, figures, qualityText } from '../../fastsfu/web/call/network-texts.js';
import { SHORTCUTS, actionFor } from '../../fastsfu/web/call/shortcuts.js';
import { storageOf } from '../../fastsfu/web/call/storage.js';
import { endingFor, problemText } from '../../fastsfu/web/call/texts.js';
import { FATAL_TYPES } from '../../fastsfu/web/sdk/errors.js';

const STAGES = [[1256, 640], [1900, 950], [374, 700], [700, 374], [820, 1000]];

function inside({ x, y, width, height }, [stageWidth, stageHeight]) {
  const [most, least] = [1e-6 + stageWidth, -1e-6];
  return x >= least && y >= least && x + width <= most && y + height <= stageHeight + 1e-6;
}

const overlap = (one, other) =>
  one.x < other.x + other.width - 1e-6 && other.x < one.x + one.width - 1e-6 &&
  one.y < other.y + other.height - 1e-6 && other.y < one.y + one.height - 1e-6;

test('1 to 16 tiles fit every stage without overlap, in cropped camera shapes', () => {
  for (const stage of STAGES) {
    for (let count = 1; count <= 16; count += 1) {
      const rects = arrange({ width: stage[0], height: stage[1] }, count, false);
      assert.equal(rects.length, count);
      rects.forEach((rect, index) => {
        assert.ok(inside(rect, stage), `${stage} ${count}`);
        assert.ok(rect.width / rect.height < 1.78 && rect.width / rect.height > 0.71);
        assert.ok(rects.slice(index + 1).every((other) => !overlap(rect, other)));
      });
    }
  }
});

test('tiles use the stage well', () => {
  for (const [width, height] of STAGES) {
    for (let count = 1; count <= 16; count += 1) {
      const rects = arrange({ width, height }, count, false);
      const used = rects.reduce((sum, rect) => sum + rect.width * rect.height, 0);
      assert.ok(used / (width * height) > 0.5, `${width}x${height} ${count}`);
    }
  }
});

test('too many tiles scroll instead of shrinking away', () => {
  const rects = arrange({ width: 374, height: 300 }, 40, false);
  assert.ok(rects.every(({ width }) => width >= 100));
  assert.ok(rects.at(-1).y > 300);
  assert.ok(rects.every(({ x, width }) => x >= 0 && x + width <= 374.001));
});

test('a spotlight is the largest tile, with the others beside or below it', () => {
  for (const [width, height] of STAGES) {
    const [large, ...small] = arrange({ width, height }, 5, true);
    assert.ok(small.every((rect) => rect.width * rect.height < large.width * large.height));
    assert.ok(small.every((rect) => !overlap(rect, large)));
  }
  assert.deepEqual(arrange({ width: 300, height: 200 }, 1, true), [
    { x: 0, y: 0, width: 300, height: 200 },
  ]);
  assert.deepEqual(arrange({ width: 300, height: 200 }, 0, true), []);
});

function fakeStorage() {
  const values = new Map();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, to) => values.set(key, to) };
}

test('the token leaves the address and survives a reload', () => {
  const storage = fakeStorage();
  const address = 'https://a.example/calls/r/team%20x?t=T.O.K&name=Ada&autojoin=1';
  const first = readEntry(address, storage);
  assert.deepEqual(first, {
    room: 'team x', token: 'T.O.K', name: 'Ada', nameIsFixed: false, mayPublish: true,
    autojoin: true,
    cleanAddress: 'https://a.example/calls/r/team%20x?name=Ada&autojoin=1',
  });
  assert.equal(readEntry(first.cleanAddress, storage).token, 'T.O.K');
  assert.equal(readEntry('https://a.example/calls/r/other', storage).token, null);
});

test('what a token says about name and rights is known before joining', () => {
  const token = tokenOf({ name: 'Grace', publish: false });
  const entry = readEntry(`https://a.example/r/x?t=${token}&name=Ada`, fakeStorage());
  const { name, nameIsFixed, mayPublish } = entry;
  assert.deepEqual([name, nameIsFixed, mayPublish], ['Grace', true, false]);
});

const tokenOf = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

test('an invitation carries a token only if it says nothing about its holder', () => {
  const address = 'https://a.example/r/x?name=Ada&autojoin=1#y';
  const bare = 'https://a.example/r/x';
  assert.deepEqual(inviteLink(address, null), { link: bare, complete: true });
  for (const claims of [{ name: 'Ada' }, { owner: true }, { sub: 'u1' }]) {
    assert.deepEqual(inviteLink(address, tokenOf(claims)), { link: bare, complete: false });
  }
  assert.deepEqual(inviteLink(address, 'nonsense'), { link: bare, complete: false });
  const plain = tokenOf({ room: 'x', owner: false });
  assert.deepEqual(inviteLink(address, plain), { link: `${bare}?t=${plain}`, complete: true });
});

test('whether the server lets us in is asked with the token, below any prefix', async () => {
  const asked = [];
  const answering = (answer) => async (url, { headers }) => {
    asked.push([url.href, headers?.Authorization]);
    return answer;
  };
  const address = 'https://a.example/calls/r/x?name=Ada';
  const open = answering({ status: 204 });
  assert.equal(await refusalOf(address, { room: 'x', token: 'T' }, open), null);
  const closed = answering({ status: 401, json: async () => ({ error: 'exp-token' }) });
  assert.equal(await refusalOf(address, { room: 'x', token: null }, closed), 'exp-token');
  const url = 'https://a.example/calls/r/x/may-join';
  assert.deepEqual(asked, [[url, 'Bearer T'], [url, undefined]]);
  for (const broken of [
    async () => { throw new TypeError('offline'); },
    answering({ status: 403, json: async () => { throw new SyntaxError('a proxy'); } }),
    answering({ status: 503 }),
  ]) {
    assert.equal(await refusalOf(address, { room: 'x', token: null }, broken), null);
  }
});

test('storage that the browser blocks is replaced by memory', () => {
  assert.equal(globalThis.localStorage?.getItem, undefined);
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get() { throw new DOMException('Blocked.', 'SecurityError'); },
  });
  const blocked = storageOf('localStorage');
  assert.equal(blocked.getItem('name'), null);
  blocked.setItem('name', 'Ada');
  assert.equal(blocked.getItem('name'), 'Ada');
  blocked.removeItem('name');
  assert.equal(blocked.getItem('name'), null);
  const real = fakeStorage();
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, value: real });
  storageOf('localStorage').setItem('name', 'Ben');
  assert.equal(real.getItem('name'), 'Ben');
  assert.equal(storageOf('localStorage').getItem('name'), 'Ben');
  delete globalThis.localStorage;
});

test('claims are read as UTF-8', () => {
  assert.deepEqual(claimsOf(tokenOf({ name: 'Zoë 🐇' })), { name: 'Zoë 🐇' });
});

test('initials and colours', () => {
  assert.equal(initials('Ada Lovelace'), 'AL');
  assert.equal(initials('  ada  king lovelace '), 'AL');
  assert.equal(initials('Åsa'), 'Å');
  assert.equal(initials('🐇 rabbit'), '🐇R');
  assert.equal(initials('   '), '?');
  assert.equal(hue('Ada'), hue('Ada'));
  assert.ok(hue('Ada') >= 0 && hue('Ada') < 360);
  assert.equal(displayName({ user_name: '', local: true }), 'Guest (you)');
});

test('every fatal error has words of its own', () => {
  const titles = [...FATAL_TYPES].map((type) => endingFor(type).title);
  assert.equal(new Set(titles).size, FATAL_TYPES.size);
  assert.equal(endingFor('something-new').title, endingFor('connection-error').title);
  assert.match(endingFor('connection-error', 'relay-refused').title, /certificate/);
  assert.equal(endingFor('exp-token', null).title, endingFor('exp-token').title);
});

test('device problems name the device', () => {
  const say = (type, source) => problemText({ type, info: 'info', source });
  assert.match(say('permission-denied', 'audio'), /microphone/);
  assert.match(say('device-not-found', 'video'), /camera/);
  assert.equal(say('bad-request', null), 'info');
});

test('shortcuts work without modifiers and not while typing', () => {
  const key = (name, changes = {}) => ({
    key: name, ctrlKey: false, metaKey: false, altKey: false, repeat: false, ...changes,
  });
  for (const { key: name, action } of SHORTCUTS) {
    assert.equal(actionFor(key(name.toLowerCase()), { typing: false }), action);
  }
  assert.equal(actionFor(key('m'), { typing: true }), null);
  assert.equal(actionFor(key('m', { ctrlKey: true }), { typing: false }), null);
  assert.equal(actionFor(key('m', { repeat: true }), { typing: false }), null);
  assert.equal(actionFor(key('x'), { typing: false }), null);
});

test('the level is 0 for silence, 1 for full scale, and grows between', () => {
  const level = (amplitude) => loudness(new Float32Array(128).fill(amplitude));
  assert.equal(level(0), 0);
  assert.equal(level(1), 1);
  assert.ok(level(0.01) > 0 && level(0.01) < level(0.1));
});

test('the banner comes only for what lasts, and tells when all is well again', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const log = [];
  const banner = new ConnectionBanner(
    (text) => log.push(text),
    (recovered) => log.push(recovered ? 'recovered' : 'hidden'),
  );
  banner.update({ type: 'signaling', event: 'interrupted' });
  mock.timers.tick(500);
  banner.update({ type: 'signaling', event: 'connected' });
  mock.timers.tick(5000);
  assert.deepEqual(log, ['hidden']);
  banner.update({ type: 'sfu', event: 'interrupted' });
  mock.timers.tick(1000);
  banner.update({ type: 'signaling', event: 'interrupted' });
  banner.update({ type: 'sfu', event: 'connected' });
  banner.update({ type: 'signaling', event: 'connected' });
  const [media, signaling] = [textFor(new Set(['sfu'])), textFor(new Set(['signaling']))];
  assert.doesNotMatch(signaling, /go on talking/, 'that nobody knows yet');
  assert.match(textFor(new Set(['signaling']), 'peer-to-peer'), /go on talking/);
  assert.deepEqual(log.slice(1), [media, media, signaling, 'recovered']);
  banner.setTopology({ topology: 'peer' });
  banner.update({ type: 'sfu', event: 'interrupted' });
  mock.timers.tick(5000);
  assert.equal(log.length, 5, 'in a direct call the server only has to be there later');
  banner.update({ type: 'peer-to-peer', event: 'interrupted' });
  mock.timers.tick(1000);
  banner.update({ type: 'sfu', event: 'connected' });
  banner.setTopology({ topology: 'sfu' });
  assert.deepEqual(log.slice(5), [media, media, 'recovered']);
  mock.timers.reset();
});

test('only chat messages are chat messages', () => {
  assert.equal(readChat({ type: 'chat', text: 'Hello' }), 'Hello');
  for (const data of [null, 'Hello', 3, [], {}, { type: 'chat' }, { type: 'chat', text: 5 },
    { type: 'chat', text: ' ' }, { type: 'poll', text: 'Hello' }]) {
    assert.equal(readChat(data), null);
  }
});

test('who writes on needs no new name, unless it is somebody else or later', () => {
  const first = { fromId: 'a', name: 'Ada', text: '', at: 0 };
  assert.equal(continues(null, first), false);
  assert.equal(continues(first, { ...first, at: 60_000 }), true);
  assert.equal(continues(first, { ...first, at: 600_000 }), false);
  assert.equal(continues(first, { ...first, fromId: 'b' }), false);
  assert.equal(continues(first, { ...first, name: 'Countess' }), false);
});

test('each kind of encryption is explained; only end-to-end shuts the server out', () => {
  const kinds = ['end-to-end', 'hop-by-hop', 'none'];
  const texts = kinds.map((encryption) => encryptionText({ encryption }));
  assert.match(texts[0].explanation, /neither has this server/);
  assert.match(texts[1].explanation, /it decrypts them/);
  assert.equal(new Set(texts.map(({ title }) => title)).size, 3);
  for (const { chip, tip, title, explanation } of texts) {
    assert.ok(chip && tip && title && explanation);
  }
});

test('the figures of a connection can be read', () => {
  const latest = {
    sendPacketLoss: 0.012, recvPacketLoss: null, roundTripTime: 0.0424,
    sendBitsPerSecond: 1_234_567, recvBitsPerSecond: 64_400,
  };
  const stats = { threshold: 'low', causes: [], latest, srtpCipher: 'SRTP_AEAD_AES_128_GCM' };
  assert.deepEqual(figures(stats).map(([, value]) => value), [
    'Weak connection', '42 ms', '1.2 %', '1.2 Mbit/s', '64 kbit/s', 'AEAD AES 128 GCM',
  ]);
  const unknown = { ...latest, sendPacketLoss: null, roundTripTime: null };
  const limited = figures({ ...stats, causes: ['uplink', 'cpu'] });
  assert.deepEqual(limited[1], ['Limited by', 'what you send, this device is busy']);
  assert.equal(figures({ ...stats, latest: unknown, srtpCipher: null })[1][1], '–');
  assert.equal(qualityText('very-low').bars, 1);
});
