import assert from 'node:assert/strict';
import test from 'node:test';

import { CallError } from '../../fastsfu/web/sdk/errors.js';
import { Meeting } from '../../fastsfu/web/sdk/meeting.js';
import { JOINED } from './fake-browser.js';

const ALL = ['audio', 'video', 'screen'];

const ROOM = {
  name: 'r', maxParticipants: 200, endsAt: null, locked: false, enableKnocking: false,
};

const you = (publish = ALL, held = []) => ({
  ...JOINED.you, held, permissions: { ...JOINED.you.permissions, publish },
});

function newMeeting() {
  const sent = [];
  const off = [];
  const told = [];
  const local = { turnOff: (names) => off.push(...names) };
  const meeting = new Meeting(local, {
    send: (message) => sent.push(message),
    counted: () => told.push('counted'),
    told: ({ name, details }) => told.push([name, ...Object.values(details)]),
  });
  meeting.welcomed(JOINED);
  return { meeting, sent, off, told };
}

test('what a host has turned off is turned off here, and on again by our user', () => {
  const { meeting, sent, off, told } = newMeeting();
  meeting.receive({ type: 'muted', sources: ['audio'] });
  assert.deepEqual([off, told], [['audio'], [['muted-by-host', ['audio']]]]);
  meeting.follow(you(ALL, ['audio']));
  meeting.unmute('video');
  assert.deepEqual(sent, []);
  meeting.unmute('audio');
  meeting.unmute('audio');
  assert.deepEqual(sent, [{ type: 'unmute', sources: ['audio'] }]);
  off.length = 0;
  meeting.follow(you(ALL, []));
  meeting.follow(you(ALL, ['screen']));
  assert.deepEqual(off, ['screen']);
});

test('what may not be published any more is turned off', () => {
  const { meeting, off } = newMeeting();
  meeting.follow(you(['audio']));
  meeting.follow(you(['audio']));
  assert.deepEqual(off, ['video', 'screen']);
  assert.deepEqual(ALL.map((name) => meeting.mayPublish(name)), [true, false, false]);
});

test('what has happened meanwhile is made up for when signaling is back', () => {
  const { meeting, off, told } = newMeeting();
  const room = { ...JOINED.room, locked: true };
  meeting.welcomed({ ...JOINED, you: you(ALL, ['video']), room, session_data: { slide: 2 } });
  assert.deepEqual(off, ['video']);
  assert.deepEqual(told, [
    ['room-updated', { ...ROOM, locked: true }],
    ['meeting-session-state-updated', { data: { slide: 2 } }],
  ]);
  assert.equal(meeting.room.locked, true);
});

test('what an owner asks for is said in the words of the server, and answered', async () => {
  const { meeting, sent } = newMeeting();
  const asked = meeting.updateParticipants({
    eve: { setAudio: false, setScreenShare: false, setUserName: 'Evelyn' },
    bob: { eject: true, ban: 60, updatePermissions: { publish: ['audio'] } },
  });
  const [{ id, ...message }] = sent;
  assert.deepEqual(message, {
    type: 'update-participants',
    participants: {
      eve: {
        mute: ['audio', 'screen'], user_name: 'Evelyn', permissions: null, eject: false, ban: false,
      },
      bob: {
        mute: [], user_name: null, permissions: { publish: ['audio'] }, eject: true, ban: 60,
      },
    },
  });
  meeting.receive({ type: 'done', id: id + 1 });
  meeting.welcomed(JOINED);
  assert.deepEqual(sent[1], sent[0], 'said again: it may have got lost');
  meeting.receive({ type: 'done', id });
  await asked;
});

test('what is refused is told to who asked, and so is the end', async () => {
  const { meeting, sent } = newMeeting();
  const error = new CallError('not-allowed', 'no');
  const refused = assert.rejects(meeting.setData({ slide: 1 }), error);
  assert.equal(meeting.refused(1, error), false, 'that is an offer');
  assert.equal(meeting.refused(sent[0].id, error), true);
  await refused;
  const left = assert.rejects(meeting.updateRoom({ locked: true }), { type: 'left' });
  meeting.abandon(new CallError('left', 'gone'));
  await left;
  assert.deepEqual(JSON.parse(JSON.stringify(sent[1])).locked, true);
});

test('nobody turns on the device of somebody else', () => {
  const { meeting, sent } = newMeeting();
  assert.throws(() => meeting.updateParticipants({ eve: { setAudio: true } }), {
    type: 'bad-request',
  });
  assert.deepEqual(sent, []);
});

test('who waits to be let in is told to owners, and answered', async () => {
  const { meeting, sent, told } = newMeeting();
  const ada = { id: 'a', user_name: 'Ada', user_id: null, since: 1 };
  const bob = { ...ada, id: 'b', user_name: 'Bob' };
  const waiting = (...participants) =>
    meeting.receive({ type: 'waiting-participants', participants });
  waiting(ada);
  waiting(ada, bob);
  waiting(bob);
  assert.deepEqual(told.map(([name, { id }]) => `${name} ${id}`), [
    'waiting-participant-added a', 'waiting-participant-added b', 'waiting-participant-removed a',
  ]);
  assert.deepEqual(meeting.waiting, { b: { id: 'b', name: 'Bob', userId: null, since: 1 } });
  const answered = meeting.updateWaiting({ b: { grantRequestedAccess: true } });
  assert.deepEqual(sent[0].participants, { b: true });
  meeting.receive({ type: 'done', id: sent[0].id });
  await answered;
});
