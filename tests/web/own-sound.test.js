// Firefox's statistics know nothing of the own microphone, so it is measured.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { levelBetween } from '../../fastsfu/web/sdk/active-speaker.js';
import { OwnSound, powerOf } from '../../fastsfu/web/sdk/own-sound.js';

globalThis.MediaStream = class {};

/** A context in which each track is as loud as it says. */
class Context {
  currentTime = 5;
  sampleRate = 48000;
  beepedAt = -1;
  closed = false;

  resume() {}

  close() {
    this.closed = true;
  }

  createAnalyser() {
    return {
      getFloatTimeDomainData: (samples) => {
        samples.fill(this.amplitude);
        const ago = Math.round((this.currentTime - this.beepedAt) * this.sampleRate);
        if (ago <= samples.length) samples[samples.length - ago] = 1;
      },
    };
  }

  createMediaStreamSource() {
    return { connect() {}, disconnect() {} };
  }
}

test('the power of a voice is that of its peaks', () => {
  const samples = new Float32Array(1024);
  assert.equal(powerOf(samples), 0);
  samples[100] = -0.5;
  assert.equal(powerOf(samples), 0.125);
  samples[600] = 0.5;
  assert.equal(powerOf(samples), 0.25);
});

test('it goes on like the sum that statistics have', () => {
  const context = new Context();
  const own = new OwnSound(() => context);
  const track = {};
  context.amplitude = 0.5;
  const before = own.of(track);
  assert.deepEqual(before, { energy: 0, duration: 0 });
  context.currentTime += 0.2;
  const after = own.of(track);
  assert.ok(levelBetween(before, after, 0) > 100);
  context.amplitude = 0;
  context.currentTime += 0.2;
  assert.equal(own.of(track).energy, after.energy);
});

test('a look that comes late sees all since the last one, and each sound once', () => {
  const context = new Context();
  const own = new OwnSound(() => context);
  const track = {};
  context.amplitude = 0;
  own.of(track);
  context.beepedAt = context.currentTime + 0.1;
  context.currentTime += 0.6;
  const { energy } = own.of(track);
  assert.ok(energy > 0);
  context.currentTime += 0.05;
  assert.equal(own.of(track).energy, energy);
});

test('another track begins anew, and none is not measured', () => {
  const context = new Context();
  const own = new OwnSound(() => context);
  context.amplitude = 0.5;
  own.of({});
  context.currentTime += 1;
  assert.deepEqual(own.of({}), { energy: 0, duration: 0 });
  assert.equal(own.of(null), null);
  own.close();
  assert.ok(context.closed);
});
