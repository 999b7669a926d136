import assert from 'node:assert/strict';
import test, { afterEach, beforeEach, mock } from 'node:test';

import { ActiveSpeaker, levelBetween } from '../../fastsfu/web/sdk/active-speaker.js';
import { soundOf } from '../../fastsfu/web/sdk/stats.js';

const LOOK_MS = 200;
const DIRECT = {};
const SILENCE = 0;
const VOICE = 0.01; // -20 dB
const SHOUT = 0.1;

let fails;
let power;
let log;
let speaker;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  fails = false;
  power = { ada: SILENCE, ben: SILENCE };
  log = [];
  const sounds = new Map();
  speaker = new ActiveSpeaker({
    sounds: async () => {
      if (fails) throw new Error('The connection is closed.');
      for (const [id, value] of Object.entries(power)) {
        const { energy = 0, duration = 0 } = sounds.get(id) ?? {};
        sounds.set(id, value === null ? null : {
          energy: energy + value * 0.2, duration: duration + 0.2,
        });
      }
      return new Map(sounds);
    },
    changed: (id) => log.push(id),
  });
});

afterEach(() => mock.timers.reset());

async function pass(ms) {
  for (let passed = 0; passed <= ms; passed += LOOK_MS) {
    mock.timers.tick(LOOK_MS);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  }
}

test('in a direct call the levels decide, and silence ends it', async () => {
  speaker.follow(DIRECT);
  await pass(1000);
  assert.deepEqual(log, []);
  power.ben = VOICE;
  await pass(400);
  assert.deepEqual(log, ['ben']);
  power.ada = SHOUT;
  await pass(1000);
  assert.deepEqual(log, ['ben', 'ada']);
  power = { ada: null, ben: SILENCE };
  await pass(2000);
  assert.deepEqual(log, ['ben', 'ada'], 'a pause is no end');
  await pass(2000);
  assert.deepEqual(log, ['ben', 'ada', null]);
});

test('the word of the server counts when the SFU carries, and only then', async () => {
  speaker.told('cy');
  speaker.told('ada');
  power.ada = VOICE;
  speaker.follow(DIRECT);
  speaker.told(null);
  await pass(1000);
  assert.deepEqual(log, ['cy', 'ada'], 'Ada goes on through the change');
  speaker.told('ben');
  await pass(1000);
  assert.deepEqual(log, ['cy', 'ada']);
  speaker.follow(null);
  power.ada = SHOUT;
  await pass(1000);
  assert.deepEqual(log, ['cy', 'ada', 'ben']);
});

test('who is not there any more does not speak, and nothing is said after the end', async () => {
  speaker.told('cy');
  speaker.follow(DIRECT);
  await pass(400);
  assert.deepEqual(log, ['cy', null]);
  speaker.close();
  power.ada = VOICE;
  await pass(1000);
  assert.deepEqual(log, ['cy', null]);
});

test('stats that fail once are asked for again', async () => {
  fails = true;
  speaker.follow(DIRECT);
  power.ben = VOICE;
  await pass(400);
  assert.deepEqual(log, []);
  fails = false;
  await pass(400);
  assert.deepEqual(log, ['ben']);
});

test('a level rises at once, falls within some looks, and is none when muted', () => {
  const at = (energy, duration) => ({ energy, duration });
  assert.equal(levelBetween(at(0, 0), at(1, 1), 0), 115, 'peaks are louder than voices');
  assert.equal(levelBetween(at(1, 1), at(1.0001, 2), 0).toFixed(), '75');
  assert.equal(levelBetween(at(1, 1), at(1, 2), 100), 35);
  assert.equal(levelBetween(at(1, 1), null, 100), 0);
  assert.equal(levelBetween(null, at(1, 1), 0), 0);
  assert.equal(levelBetween(at(1, 1), at(0.5, 0.1), 0), 0, 'another microphone');
});

test('sound is what a browser has measured of a microphone', () => {
  const outbound = { type: 'outbound-rtp', kind: 'audio' };
  const source = {
    type: 'media-source', kind: 'audio', totalAudioEnergy: 0.5, totalSamplesDuration: 2,
  };
  assert.deepEqual(soundOf([outbound, source]), { energy: 0.5, duration: 2 });
  assert.equal(soundOf([outbound]), null);
});
