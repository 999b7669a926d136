import assert from 'node:assert/strict';
import test from 'node:test';

import { Roster } from '../../fastsfu/web/sdk/roster.js';

const OFF = { audio: false, video: false, screenVideo: false, screenAudio: false };

/** Of ben: what the server says by signaling, or what is said by channel. */
const said = (revision, more) => ({ revision, user_data: null, ...OFF, ...more });
const told = (revision, more) => ({ session_id: 'ben', user_name: 'Ben', ...said(revision, more) });

function roster(...participants) {
  const made = new Roster();
  made.replace(participants);
  return made;
}

test('the greater revision counts, whichever way it comes', () => {
  const others = roster(told(1));
  others.relayed('ben', said(3, { audio: true }));
  others.learn(told(2, { user_name: 'Benjamin' }));
  assert.deepEqual(others.get('ben'), told(3, { audio: true, user_name: 'Benjamin' }));
  others.relayed('ben', said(2));
  others.direct('ben', said(2));
  assert.equal(others.get('ben').audio, true);
  others.direct('ben', said(5, { user_data: 5 }));
  others.direct('ben', said(4, { user_data: 4 }));
  assert.equal(others.get('ben').user_data, 5);
  others.learn(told(6, { user_data: 6 }));
  assert.deepEqual(others.all(), [told(6, { user_data: 6 })]);
});

test('what somebody says himself is not taken back before it is published at the server', () => {
  const others = roster(told(1));
  others.direct('ben', said(2, { video: true }));
  others.relayed('ben', said(2, { video: false }));
  others.learn(told(2, { video: false, owner: true }));
  assert.deepEqual(others.get('ben'), told(2, { video: true, owner: true }));
});

test('the same revision is told anew when a source is published', () => {
  const others = roster(told(1));
  others.relayed('ben', said(2, { video: false }));
  others.learn(told(2, { video: true }));
  assert.equal(others.get('ben').video, true);
});

test('who resumes keeps what came by channel meanwhile', () => {
  const others = roster(told(1), { ...told(1), session_id: 'cyd' });
  others.relayed('ben', said(2, { audio: true }));
  others.replace([told(1)]);
  assert.deepEqual(others.all(), [told(2, { audio: true })]);
});

test('of who is not there nothing is known', () => {
  const others = roster();
  others.relayed('ben', said(3));
  others.direct('ben', said(3));
  assert.equal(others.get('ben'), undefined);
  others.learn(told(1));
  assert.equal(others.get('ben').revision, 1);
  others.direct('ben', said(2));
  others.forget('ben');
  others.learn(told(1));
  assert.equal(others.get('ben').revision, 1);
});

test('at another server everybody stays as they were until they come, or it is settled', () => {
  const ben = { ...told(3, { audio: true }), origin: 'ben' };
  const carl = { ...told(1), session_id: 'carl', origin: 'carl' };
  const others = roster(ben, carl);
  others.carry();
  others.replace([]);
  assert.deepEqual(others.all().map(({ session_id }) => session_id), ['ben', 'carl']);
  others.learn({ ...ben, ...said(0) });
  others.learn({ ...ben, ...said(3) });
  assert.equal(others.get('ben').audio, true, 'what it published is not there yet');
  others.learn({ ...ben, ...said(4) });
  assert.equal(others.get('ben').audio, false, 'that is newer');
  others.settle();
  assert.deepEqual(others.all().map(({ session_id }) => session_id), ['ben']);
  others.replace([]);
  assert.deepEqual(others.all(), []);
});

test('who joins anew is known by origin', () => {
  const others = roster({ ...told(3), origin: 'ben' });
  assert.equal(others.formerId({ session_id: 'ben2', origin: 'ben' }), 'ben');
  assert.equal(others.formerId({ session_id: 'ben', origin: 'ben' }), undefined);
  assert.equal(others.formerId({ session_id: 'carl', origin: 'carl' }), undefined);
});
