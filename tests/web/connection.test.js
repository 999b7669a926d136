import assert from 'node:assert/strict';
import test, { beforeEach } from 'node:test';

import { MediaConnection } from '../../fastsfu/web/sdk/connection.js';
import { FakePeerConnection, FakeTrack } from './fake-browser.js';

let pc;
let offers;
let refused;
/** What is received, and what was confirmed, in turn. */
let heard;
let revision;
let connection;

beforeEach(() => {
  offers = [];
  refused = [];
  heard = [];
  revision = 0;
  connection = new MediaConnection({
    exchange: (sdp, tracks) => new Promise((resolve) => {
      const answer = (text = '', subscriptions = {}) => {
        revision += 1;
        resolve({ sdp: text, subscriptions, revision });
      };
      offers.push({ tracks, answer });
    }),
    confirm: (number) => heard.push(number),
    subscriptions: (tracks) => heard.push([...tracks.keys()].join()),
    refused: (sources) => refused.push(...sources),
    failed: (error) => assert.fail(error),
    reachable: () => true,
    connected: () => undefined,
    interrupted: () => undefined,
    hopeless: () => false,
  }, () => (pc = new FakePeerConnection()));
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function begin() {
  const begun = connection.begin();
  await turn();
  offers[0].answer();
  await begun;
}

test('a section that the answer does not take is refused', async () => {
  await connection.publish('audio', new FakeTrack('audio'));
  await connection.publish('video', new FakeTrack('video'));
  const begun = connection.begin();
  await turn();
  offers[0].answer('inactive:1');
  await begun;
  assert.deepEqual(refused, ['video']);
});

test('what is published while an offer is in flight is not refused by its answer', async () => {
  await begin();
  connection.setSections({ audio: 0, video: 0 });
  await turn();
  const published = connection.publish('video', new FakeTrack('video'));
  offers[1].answer();
  await turn();
  assert.deepEqual(refused, []);
  assert.deepEqual(Object.values(offers[2].tracks), ['video']);
  offers[2].answer();
  await published;
  assert.deepEqual(refused, []);
});

test('nor is what is published again meanwhile', async () => {
  await connection.publish('screenVideo', new FakeTrack('video'));
  await begin();
  const unpublished = connection.unpublish('screenVideo');
  await turn();
  const published = connection.publish('screenVideo', new FakeTrack('video'));
  offers[1].answer();
  await unpublished;
  await turn();
  offers[2].answer();
  await published;
  assert.deepEqual(refused, []);
});

test('nor is what is published again while the offer without it is being made', async () => {
  await connection.publish('screenVideo', new FakeTrack('video'));
  await begin();
  const offer = pc.setLocalDescription.bind(pc);
  let published;
  pc.setLocalDescription = async () => {
    await offer();
    published ??= connection.publish('screenVideo', new FakeTrack('video'));
  };
  const unpublished = connection.unpublish('screenVideo');
  await turn();
  assert.deepEqual(offers[1].tracks, {});
  offers[1].answer();
  await unpublished;
  await turn();
  offers[2].answer();
  await published;
  assert.deepEqual(refused, []);
});

test('closing ends what waits for the server', async () => {
  await begin();
  const published = connection.publish('video', new FakeTrack('video'));
  await turn();
  connection.close();
  await published;
});

test('the limits count for a track that comes later, too', async () => {
  await connection.setSendSettings({ video: { maxHeight: 360 } });
  await connection.publish('video', null);
  await begin();
  const camera = new FakeTrack('video');
  camera.settings = { height: 720 };
  await connection.publish('video', camera);
  assert.equal(pc.transceivers[0].sender.parameters.encodings[0].scaleResolutionDownBy, 2);
});

const ADA = { session_id: 'ada', source: 'audio' };
const BEN = { session_id: 'ben', source: 'audio' };

test('what empty sections carry needs no offer and is confirmed', async () => {
  connection.setSections({ audio: 2, video: 0 });
  await begin();
  const [first, second] = pc.transceivers.map(({ mid }) => mid);
  heard = [];
  connection.setSections({
    audio: 2, video: 0, offer: false, subscriptions: { [first]: ADA }, revision: 2,
  });
  await turn();
  connection.setSections({
    audio: 2, video: 0, offer: false, subscriptions: { [second]: BEN }, revision: 3,
  });
  await turn();
  assert.deepEqual(heard, ['ada audio', 2, 'ada audio,ben audio', 3]);
  assert.equal(offers.length, 1);
  connection.confirm();
  assert.equal(heard.at(-1), 3);
});

test('a section is looked at when the answer that describes it is in force', async () => {
  connection.setSections({ audio: 1, video: 0 });
  const begun = connection.begin();
  await turn();
  const { mid } = pc.transceivers[0];
  connection.setSections({
    audio: 1, video: 0, offer: false, subscriptions: { [mid]: ADA }, revision: 2,
  });
  await turn();
  assert.deepEqual(heard, []);
  offers[0].answer();
  await begun;
  await turn();
  assert.deepEqual(heard, ['', 1, 'ada audio', 2]);
});

test('a newer answer says more than what was said before it', async () => {
  connection.setSections({ audio: 1, video: 0 });
  await begin();
  const { mid } = pc.transceivers[0];
  connection.setSections({ audio: 1, video: 0 });
  await turn();
  connection.setSections({
    audio: 1, video: 0, offer: false, subscriptions: { [mid]: ADA }, revision: 2,
  });
  revision = 2;
  offers[1].answer('', { [mid]: BEN });
  await turn();
  assert.deepEqual(heard.slice(-2), ['ben audio', 3]);
});
