/** fastsfu.d.ts says what there is; the sources have that and nothing more. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import * as entry from '../../fastsfu/web/sdk/fastsfu.js';
import { FATAL_TYPES } from '../../fastsfu/web/sdk/errors.js';

const SDK = new URL('../../fastsfu/web/sdk/', import.meta.url);
const face = readFileSync(new URL('fastsfu.d.ts', SDK), 'utf8');

/** The text between the braces of a declaration. */
function body(declaration) {
  const start = face.indexOf(declaration);
  assert.ok(start >= 0, declaration);
  return face.slice(start, face.indexOf('\n}', start));
}

const names = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))];

test('the entry exports what is declared', () => {
  const declared = names(face, /export declare (?:class|function|const) (\w+)/g);
  assert.deepEqual(Object.keys(entry).sort(), declared.sort());
});

test('a call has the declared methods', () => {
  const declared = names(body('export interface Call {'), /^ {2}(\w+)[(<]/gm);
  const real = [];
  let face = Object.getPrototypeOf(entry.createCall());
  for (; face !== Object.prototype; face = Object.getPrototypeOf(face)) {
    real.push(...Object.getOwnPropertyNames(face).filter((name) => name !== 'constructor'));
  }
  assert.deepEqual(real.sort(), declared.sort());
  assert.deepEqual(Object.keys(entry.createCall()), []);
});

test('the declared events are the ones that are sent', () => {
  const declared = names(body('export interface CallEvents {'), /^ {2}'?([\w-]+)'?: /gm);
  const sources = readdirSync(SDK).filter((name) => name.endsWith('.js'));
  const text = sources.map((name) => readFileSync(new URL(name, SDK), 'utf8')).join('\n');
  const sent = names(text, /(?:#emit\(|trackEvent\(|name: )'([a-z-]+)'/g);
  assert.deepEqual(sent.sort(), declared.sort());
});

test('docs/client.md names every method, event and fatal error', () => {
  const guide = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
  const methods = names(body('export interface Call {'), /^ {2}(\w+)[(<]/gm);
  const events = names(body('export interface CallEvents {'), /^ {2}'?([\w-]+)'?: /gm);
  for (const method of methods) assert.match(guide, new RegExp(`\\b${method}\\(`), method);
  for (const name of [...events, ...FATAL_TYPES]) assert.ok(guide.includes(`\`${name}\``), name);
});

test('the declared fatal errors are the ones that are known', () => {
  const start = face.indexOf('export type FatalErrorType');
  const declared = names(face.slice(start, face.indexOf(';', start)), /'([a-z-]+)'/g);
  assert.deepEqual([...FATAL_TYPES].sort(), declared.sort());
});

test('a new call waits to be joined', async () => {
  const call = entry.createCall({ audioSource: false, videoSource: false });
  assert.equal(call.meetingState(), 'new');
  assert.deepEqual(Object.keys(call.participants()), ['local']);
  assert.deepEqual(await call.getNetworkTopology(), {
    topology: 'none', encryption: 'none', safetyNumber: null,
  });
  await assert.rejects(call.setNetworkTopology({ topology: 'p2p' }), { type: 'bad-request' });
  await assert.rejects(call.getNetworkStats(), { type: 'bad-request' });
  await assert.rejects(call.startScreenShare(), { type: 'bad-request' });
  await assert.rejects(call.updateReceiveSettings({ '*': { video: 'no' } }), {
    type: 'bad-request',
  });
  assert.deepEqual(await call.updateReceiveSettings({ '*': { video: false } }), {
    '*': { video: false },
  });
  await call.destroy();
});
