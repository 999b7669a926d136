import assert from 'node:assert/strict';
import test from 'node:test';

import { Emitter } from '../../fastsfu/web/sdk/emitter.js';

test('on, once and off', () => {
  const emitter = new Emitter();
  const heard = [];
  const always = (event) => heard.push(`always ${event}`);
  const onceOnly = (event) => heard.push(`once ${event}`);
  const never = (event) => heard.push(`never ${event}`);
  emitter.on('a', always);
  emitter.once('a', onceOnly);
  emitter.once('a', never);
  emitter.off('a', never);
  emitter.emit('a', 1);
  emitter.emit('a', 2);
  emitter.off('a', always);
  emitter.emit('a', 3);
  assert.deepEqual(heard, ['always 1', 'once 1', 'always 2']);
});

test('a handler that throws is reported and does not keep the others from running', (context) => {
  const reports = [];
  context.mock.method(globalThis, 'queueMicrotask', (report) => reports.push(report));
  const emitter = new Emitter();
  let heard = 0;
  emitter.on('a', () => {
    throw new Error('mine');
  });
  emitter.on('a', () => (heard += 1));
  emitter.emit('a', null);
  assert.equal(heard, 1);
  assert.equal(reports.length, 1);
  assert.throws(reports[0], /mine/);
});

test('a handler added while an event is delivered waits for the next one', () => {
  const emitter = new Emitter();
  let late = 0;
  emitter.once('a', () => emitter.on('a', () => (late += 1)));
  emitter.emit('a', null);
  assert.equal(late, 0);
  emitter.emit('a', null);
  assert.equal(late, 1);
});
