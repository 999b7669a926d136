import assert from 'node:assert/strict';
import test, { beforeEach, mock } from 'node:test';

import { backoffDelay } from '../../fastsfu/web/sdk/backoff.js';
import { IceWatch } from '../../fastsfu/web/sdk/ice-watch.js';

let log;
let watch;
let reachable;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  log = [];
  reachable = true;
  const note = (what) => () => void log.push(what);
  watch = new IceWatch({
    connected: note('connected'), interrupted: note('interrupted'), hopeless: note('hopeless'),
    reachable: () => reachable, restart: note('restart'),
  });
  watch.update('connected');
});

test('a path that never comes up is told too, once', () => {
  const [fresh, told] = [[], () => fresh.push('interrupted')];
  const other = new IceWatch({
    connected: () => fresh.push('connected'), interrupted: told, hopeless: () => undefined,
    reachable: () => true, restart: () => undefined,
  });
  other.update('connecting');
  other.update('failed');
  other.update('failed');
  assert.deepEqual(fresh, ['interrupted']);
});

test('a short disconnection heals without a restart', () => {
  watch.update('disconnected');
  mock.timers.tick(1900);
  watch.update('connected');
  mock.timers.tick(60_000);
  assert.deepEqual(log, ['connected', 'interrupted', 'connected']);
});

test('a longer one restarts ICE', () => {
  watch.update('disconnected');
  mock.timers.tick(2001);
  assert.deepEqual(log, ['connected', 'interrupted', 'restart']);
});

test('a failure restarts at once', () => {
  watch.update('failed');
  assert.deepEqual(log, ['connected', 'interrupted', 'restart']);
});

test('three restarts without effect are enough', () => {
  watch.update('failed');
  for (const ms of [4000, 8000, 12_000, 60_000]) mock.timers.tick(ms);
  assert.deepEqual(log.slice(2), ['restart', 'restart', 'restart', 'hopeless']);
});

test('a connection that is wanted nevertheless is restarted for as long as it takes', () => {
  let restarts = 0;
  const standby = new IceWatch({
    connected: () => undefined, interrupted: () => undefined, hopeless: () => true,
    reachable: () => true, restart: () => void (restarts += 1),
  });
  standby.update('failed');
  for (let minute = 0; minute < 50; minute += 1) mock.timers.tick(12_000);
  assert.ok(restarts > 40);
});

test('while the server is out of reach nothing counts, and wake restarts at once', () => {
  reachable = false;
  watch.update('failed');
  for (let turn = 0; turn < 10; turn += 1) mock.timers.tick(4000);
  assert.deepEqual(log, ['connected', 'interrupted']);
  reachable = true;
  watch.wake();
  assert.equal(log.at(-1), 'restart');
});

test('success forgets earlier restarts', () => {
  watch.update('failed');
  mock.timers.tick(4000);
  watch.update('connected');
  watch.update('failed');
  for (const ms of [4000, 8000]) mock.timers.tick(ms);
  assert.equal(log.filter((what) => what === 'restart').length, 5);
  assert.ok(!log.includes('hopeless'));
});

test('wake restarts a broken path and leaves a good one alone', () => {
  watch.wake();
  assert.deepEqual(log, ['connected']);
  watch.update('disconnected');
  watch.wake();
  assert.equal(log.at(-1), 'restart');
});

test('a closed connection is left alone', () => {
  watch.update('disconnected');
  watch.update('closed');
  mock.timers.tick(60_000);
  assert.deepEqual(log, ['connected', 'interrupted']);
});

test('back-off grows, stays below its limit and spreads a crowd', () => {
  assert.equal(backoffDelay(0, () => 0), 0);
  assert.ok(backoffDelay(0, () => 0.999) < 300);
  for (let attempt = 1; attempt < 30; attempt += 1) {
    const [least, most] = [backoffDelay(attempt, () => 0), backoffDelay(attempt, () => 1)];
    assert.equal(most, 2 * least);
    assert.equal(most, Math.min(8000, 300 * 1.2 ** attempt));
  }
});

test('of six seconds without a server hardly two are waited out after it is back', () => {
  for (const random of [0, 0.5, 1]) {
    let waited = 0;
    let delay = 0;
    for (let attempt = 0; waited < 6000; attempt += 1) {
      delay = backoffDelay(attempt, () => random);
      waited += delay;
    }
    assert.ok(delay < 2000, String(delay));
  }
});
