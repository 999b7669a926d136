import assert from 'node:assert/strict';
import test, { beforeEach, mock } from 'node:test';

import { backoffDelay } from '../../fastsfu/web/sdk/backoff.js';
import { IceWatch } from '../../fastsfu/web/sdk/ice-watch.js';

let log;
let watch;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  log = [];
  const note = (what) => () => log.push(what);
  watch = new IceWatch({
    connected: note('connected'), interrupted: note('interrupted'), restart: note('restart'),
    hopeless: note('hopeless'),
  });
  watch.update('connected');
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

test('back-off doubles, stays below its limit and spreads a crowd', () => {
  assert.equal(backoffDelay(0, () => 0), 0);
  assert.ok(backoffDelay(0, () => 0.999) < 300);
  for (let attempt = 1; attempt < 12; attempt += 1) {
    const [least, most] = [backoffDelay(attempt, () => 0), backoffDelay(attempt, () => 1)];
    assert.equal(most, 2 * least);
    assert.equal(most, Math.min(8000, 300 * 2 ** attempt));
  }
});
