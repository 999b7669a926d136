import assert from 'node:assert/strict';
import test from 'node:test';

import { eventsBetween, participantsOf } from '../../fastsfu/web/sdk/participants.js';
import { trackKey } from '../../fastsfu/web/sdk/sections.js';

const OFF = { state: 'off', persistentTrack: null };
const NO_MEDIA = { audio: OFF, video: OFF, screenVideo: OFF, screenAudio: OFF };

const RIGHTS = {
  permissions: { publish: ['audio', 'video', 'screen'], subscribe: true, messages: true }, held: [],
};

const person = (session_id, sources = {}) => ({
  session_id, user_id: `id-${session_id}`, user_name: session_id.toUpperCase(), owner: false,
  user_data: null, joined_at: 5, origin: 'first', audio: false, video: false,
  screenVideo: false, screenAudio: false,
  ...RIGHTS, ...sources,
});

const track = (id, muted = false) => ({ id, muted });

const knowledge = (changes = {}) => ({
  you: person('me'), local: NO_MEDIA, others: [], received: new Map(), declined: () => false,
  suspended: () => false, limitOf: () => null, pathUp: true, ...changes,
});

const seen = (changes) => participantsOf(knowledge(changes));

const told = (before, after) =>
  eventsBetween(seen(before), seen(after)).map(
    ({ name, event }) => `${name} ${event.participant.session_id} ${event.type ?? ''}`.trim(),
  );

test('the shape of a participant', () => {
  const { local, ada } = seen({ others: [person('ada', { audio: true, screenVideo: true })] });
  assert.equal(local.local, true);
  assert.deepEqual(ada, {
    session_id: 'ada', user_id: 'id-ada', user_name: 'ADA', owner: false, user_data: null,
    joined_at: 5, origin: 'first', local: false, audio: true, video: false, screen: true,
    ...RIGHTS,
    tracks: {
      audio: { state: 'loading', persistentTrack: null },
      video: OFF,
      screenVideo: { state: 'loading', persistentTrack: null },
      screenAudio: OFF,
    },
  });
});

test('the states of a remote track', () => {
  const camera = track('camera');
  const state = (sources, changes = {}) => {
    const received = new Map([[trackKey('ada', 'video'), camera]]);
    return seen({ others: [person('ada', sources)], received, ...changes }).ada.tracks.video;
  };
  assert.deepEqual(state({ video: true }), { state: 'playable', persistentTrack: camera });
  assert.deepEqual(state({ video: false }), { state: 'off', persistentTrack: camera });
  assert.equal(state({ video: true }, { pathUp: false }).state, 'interrupted');
  assert.equal(state({ video: true }, { received: new Map() }).state, 'loading');
  const declined = state({ video: true }, { declined: () => true });
  assert.deepEqual(declined, { state: 'sendable', persistentTrack: null });
  const away = { suspended: (id, source) => id === 'ada' && source === 'video' };
  const suspended = {
    state: 'suspended', persistentTrack: camera, reason: 'slow-connection', limit: 'downlink',
  };
  assert.deepEqual(state({ video: true }, away), suspended);
  assert.equal(state({ video: false }, away).state, 'off');
  assert.equal(state({ video: true }, { ...away, pathUp: false }).state, 'interrupted');
  assert.equal(state({ video: true }, { ...away, declined: () => true }).state, 'sendable');
  const early = new Map([[trackKey('ada', 'video'), track('camera', true)]]);
  assert.equal(state({ video: true }, { received: early }).state, 'loading');
});

test('who comes, goes and changes', () => {
  const ada = { others: [person('ada')] };
  assert.deepEqual(told({}, ada), ['participant-joined ada']);
  assert.deepEqual(told(ada, {}), ['participant-left ada']);
  assert.deepEqual(told(ada, ada), []);
  const renamed = { others: [{ ...person('ada'), user_name: 'Countess' }] };
  assert.deepEqual(told(ada, renamed), ['participant-updated ada']);
});

test('a track starts with its subscription, stops when muted and starts again', () => {
  const received = new Map([[trackKey('ada', 'video'), track('camera')]]);
  const announced = { others: [person('ada', { video: true })] };
  const running = { ...announced, received };
  const muted = { others: [person('ada')], received };
  assert.deepEqual(told(announced, running).at(-1), 'track-started ada video');
  assert.deepEqual(told(running, muted), ['participant-updated ada', 'track-stopped ada video']);
  assert.deepEqual(told(muted, running), ['participant-updated ada', 'track-started ada video']);
});

test('a picture that is suspended is told, keeps its track, and is told when it comes back', () => {
  const received = new Map([[trackKey('ada', 'video'), track('camera')]]);
  const running = { others: [person('ada', { video: true })], received };
  const away = { ...running, suspended: (_, source) => source === 'video' };
  const changes = [
    'participant-updated ada', 'video-suspended ada video', 'network-quality-change ada',
  ];
  assert.deepEqual(told(running, away), changes);
  assert.deepEqual(told(away, running), changes);
  assert.deepEqual(told({}, away).at(-2), 'video-suspended ada video');
  const facts = (events) => events.map(({ event }) => [event.suspended, event.reason]).at(-2);
  assert.deepEqual(facts(eventsBetween(seen(running), seen(away))), [true, 'slow-connection']);
  assert.deepEqual(facts(eventsBetween(seen(away), seen(running))), [false, null]);
  const off = { others: [person('ada')], received };
  const ended = [
    'track-stopped ada video', 'video-suspended ada video', 'network-quality-change ada',
  ];
  assert.deepEqual(told(away, off).slice(1), ended);
});

test('what limits a picture is told when it changes, of playable pictures alone', () => {
  const received = new Map([
    [trackKey('ada', 'video'), track('camera')], [trackKey('ada', 'audio'), track('voice')],
  ]);
  const running = { others: [person('ada', { audio: true, video: true })], received };
  const reduced = (limit) => ({ ...running, limitOf: () => limit });
  const { ada } = seen(reduced('sender-cpu'));
  assert.deepEqual([ada.tracks.video.limit, ada.tracks.audio.limit], ['sender-cpu', undefined]);
  assert.deepEqual(told(running, reduced('downlink')), [
    'participant-updated ada', 'network-quality-change ada',
  ]);
  const facts = (before, after) => eventsBetween(seen(before), seen(after))
    .filter(({ name }) => name === 'network-quality-change')
    .map(({ event }) => [event.threshold, event.quality, event.causes].flat());
  assert.deepEqual(facts(running, reduced('downlink')), [['low', null, 'downlink']]);
  assert.deepEqual(facts(reduced('downlink'), reduced('sender-uplink')), [
    ['low', null, 'sender-uplink'],
  ]);
  assert.deepEqual(facts(reduced('downlink'), running), [['good', null]]);
  const away = { ...running, suspended: () => true };
  assert.deepEqual(facts(running, away), [['very-low', null, 'downlink']]);
  assert.equal(seen({ ...reduced('downlink'), pathUp: false }).ada.tracks.video.limit, undefined);
});

test('another track in place of one stops the old one and starts the new one', () => {
  const others = [person('ada', { video: true })];
  const now = (id) => ({ others, received: new Map([[trackKey('ada', 'video'), track(id)]]) });
  const events = eventsBetween(seen(now('one')), seen(now('two')));
  const tracks = events.filter(({ name }) => name.startsWith('track-'));
  assert.deepEqual(tracks.map(({ name, event }) => [name, event.track.id]), [
    ['track-stopped', 'one'],
    ['track-started', 'two'],
  ]);
});

test('who leaves takes the running tracks along, and the reason is told', () => {
  const others = [person('ada', { audio: true })];
  const received = new Map([[trackKey('ada', 'audio'), track('voice')]]);
  const events = eventsBetween(seen({ others, received }), seen({}), () => 'ejected');
  assert.deepEqual(events.map(({ name }) => name), ['track-stopped', 'participant-left']);
  assert.equal(events[1].event.reason, 'ejected');
});

test('a local device that is opened starts a track', () => {
  const live = { ...NO_MEDIA, audio: { state: 'playable', persistentTrack: track('mic') } };
  assert.deepEqual(told({}, { local: live }), ['participant-updated me', 'track-started me audio']);
});
