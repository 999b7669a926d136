import assert from 'node:assert/strict';
import test, { afterEach, beforeEach, mock } from 'node:test';

import { Wishes, wishesFor } from '../../fastsfu/web/call/wishes.js';

const view = (sessionId, more = {}) => ({ sessionId, screen: false, pinned: false, ...more });
const seen = (one, width, height, y = 0) => ({ view: one, rect: { x: 0, y, width, height } });
const WINDOW = { top: 0, height: 700 };
const wish = (tile, pixelRatio = 1) => {
  const [sources] = Object.values(wishesFor([tile], WINDOW, pixelRatio));
  return Object.values(sources)[0];
};

test('a tile asks for its own lines in device pixels, by steps', () => {
  assert.equal(wish(seen(view('ada'), 320, 180)).maxHeight, 180);
  assert.equal(wish(seen(view('ada'), 320, 180), 2).maxHeight, 360);
  assert.equal(wish(seen(view('ada'), 322, 181)).maxHeight, 270);
  assert.equal(wish(seen(view('ada'), 9000, 9000)).maxHeight, 2160);
});

test('a camera fills its tile, a screen is shown whole', () => {
  assert.equal(wish(seen(view('ada'), 640, 200)).maxHeight, 360, 'cropped above and below');
  assert.equal(wish(seen(view('ada', { screen: true }), 640, 200)).maxHeight, 270);
});

test('what cannot be seen is declined, what is about to be scrolled to is not', () => {
  const tiles = [0, 400, 810, 1000].map((y, index) => seen(view(`p${index}`), 320, 180, y));
  const wishes = wishesFor(tiles, WINDOW, 1);
  const asked = Object.values(wishes).map(({ video }) => video !== false);
  assert.deepEqual(asked, [true, true, true, false]);
  const below = wishesFor(tiles, { top: 700, height: 700 }, 1);
  assert.equal(below.p0.video, false);
  assert.notEqual(below.p3.video, false);
});

test('nothing is asked of oneself; camera and screen of one are two wishes', () => {
  const tiles = [seen(view(null), 320, 180), seen(view('ada'), 320, 180),
    seen(view('ada', { screen: true }), 900, 500)];
  const wishes = wishesFor(tiles, WINDOW, 1);
  assert.deepEqual(Object.keys(wishes), ['ada']);
  assert.deepEqual(Object.keys(wishes.ada), ['video', 'screenVideo']);
});

test('a screen goes before what is pinned, before who speaks, before the larger one', () => {
  const priorities = [
    seen(view('a', { screen: true }), 100, 60), seen(view('a', { pinned: true }), 100, 60),
    seen(view('a', { speaking: true }), 100, 60), seen(view('a'), 900, 500),
    seen(view('a'), 320, 180),
  ].map((tile) => wish(tile).priority);
  assert.deepEqual(priorities, [...priorities].sort((one, other) => other - one));
  assert.equal(new Set(priorities).size, priorities.length);
  const all = seen(view('a', { screen: true, pinned: true, speaking: true }), 9000, 9000);
  assert.ok(wish(all).priority <= 255);
});

let said;
let topology;
let wishes;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  said = [];
  topology = 'sfu';
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  wishes = new Wishes({
    getNetworkTopology: async () => ({ topology }),
    updateReceiveSettings: async (settings) => said.push(settings),
  });
  wishes.open();
});

afterEach(() => {
  wishes.close();
  mock.timers.reset();
  delete globalThis.document;
});

async function wait(ms) {
  mock.timers.tick(ms);
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

async function see(hidden) {
  document.hidden = hidden;
  document.dispatchEvent(new Event('visibilitychange'));
  await wait(0);
}

const ADA = { ada: { video: { maxHeight: 360, priority: 3 } } };
const QUIET = { ada: { video: false } };

test('what tiles come to is said once, not each size on the way', async () => {
  wishes.want({ ada: { video: { maxHeight: 180, priority: 1 } } });
  await wait(200);
  wishes.want(ADA);
  await wait(200);
  assert.deepEqual(said, [ADA]);
  wishes.want(ADA);
  await wait(1000);
  assert.deepEqual(said, [ADA]);
});

test('a page that is hidden for longer only sounds', async () => {
  wishes.want(ADA);
  await wait(300);
  await see(true);
  await wait(2000);
  await see(false);
  await wait(10_000);
  assert.deepEqual(said, [ADA]);
  await see(true);
  await wait(3000);
  assert.deepEqual(said.at(-1), QUIET);
  await see(false);
  assert.deepEqual(said.at(-1), ADA);
});

test('a picture that floats above others is still seen', async () => {
  wishes.want(ADA);
  await wait(300);
  document.pictureInPictureElement = {};
  await see(true);
  await wait(10_000);
  assert.deepEqual(said, [ADA]);
});

test('a direct call goes on as it is', async () => {
  topology = 'peer';
  wishes.want(ADA);
  await wait(300);
  await see(true);
  await wait(10_000);
  assert.deepEqual(said, [ADA]);
});
