import assert from 'node:assert/strict';
import test from 'node:test';

import {
  applyEncodings, encodingsFor, initialEncodings, preferenceFor, shareBandwidth,
} from '../../fastsfu/web/sdk/encodings.js';

const camera = (height) => ({
  contentHint: 'motion', getSettings: () => ({ width: (height * 16) / 9, height }),
});
const one = (source, track, limits, more) => encodingsFor(source, track, limits, more)[0];
const ladder = (height, limits, wanted) => (
  encodingsFor('video', height ? camera(height) : null, limits, { ladder: true, wanted })
);
const sent = (rungs) => rungs.filter(({ active }) => active).map(({ rid }) => rid).join('');

test('a picture higher than allowed is scaled down, a lower one is not scaled up', () => {
  assert.equal(one('video', camera(720), { maxHeight: 360 }).scaleResolutionDownBy, 2);
  assert.equal(one('video', camera(240), { maxHeight: 360 }).scaleResolutionDownBy, 1);
  assert.equal(one('video', null, { maxHeight: 360 }).scaleResolutionDownBy, 1);
  assert.ok(!('maxHeight' in one('video', camera(720), { maxHeight: 360 })));
});

test('limits of the application win over the defaults', () => {
  assert.equal(one('video', null, { maxBitrate: 1 }).maxBitrate, 1);
  assert.deepEqual(one('audio', null, {}), { active: true });
});

test('a bandwidth limit is shared between screen and camera', () => {
  assert.deepEqual(shareBandwidth(null, true), { video: {}, screenVideo: {} });
  assert.equal(shareBandwidth(500, false).video.maxBitrate, 500_000);
  const { video, screenVideo } = shareBandwidth(1000, true);
  assert.equal(video.maxBitrate + screenVideo.maxBitrate, 1_000_000);
});

test('a camera is a ladder, largest first; a small one has two rungs', () => {
  const rungs = ladder(720);
  assert.deepEqual(rungs.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy]), [
    ['f', 1], ['h', 2], ['q', 4],
  ]);
  assert.deepEqual(rungs.map(({ maxBitrate }) => Math.round(maxBitrate / 1000)), [1500, 499, 160]);
  assert.equal(sent(rungs), 'fhq');
  assert.equal(sent(ladder(540)), 'fhq');
  assert.equal(sent(ladder(360)), 'fh');
  assert.equal(sent(ladder(null)), 'fhq', 'one that is still to be opened');
  assert.equal(sent(ladder(1080, { maxHeight: 360 })), 'fh');
  assert.equal(ladder(1080, { maxHeight: 540 })[1].scaleResolutionDownBy, 4);
});

test('a screen has all lines in its smaller encoding too, at fewer pictures', () => {
  const rungs = encodingsFor('screenVideo', camera(1080), {}, { ladder: true });
  assert.deepEqual(
    rungs.map(({ rid, scaleResolutionDownBy, maxFramerate, maxBitrate, scalabilityMode }) => [
      rid, scaleResolutionDownBy, maxFramerate, maxBitrate, scalabilityMode,
    ]),
    [['q', 1, 5, 150_000, 'L1T1'], ['f', 1, 30, 2_500_000, undefined]],
  );
  assert.equal(sent(encodingsFor('screenVideo', camera(240), {}, { ladder: true })), 'qf');
  const slow = (limits) => (
    encodingsFor('screenVideo', null, limits, { ladder: true }).map((one) => one.maxFramerate)
  );
  assert.deepEqual(slow({ encodings: { low: { maxFramerate: 2 } } }), [2, 30]);
  assert.deepEqual(slow({ maxFramerate: 3 }), [3, 3]);
});

test('only pictures are one, and only where the other end chooses', () => {
  assert.equal(encodingsFor('audio', null, {}, { ladder: true }).length, 1);
  const [single, ...others] = encodingsFor('video', camera(720));
  assert.deepEqual([others, 'rid' in single], [[], false]);
});

test('a limit is for all rungs that are sent together, not for each', () => {
  const sum = (rungs) => rungs
    .filter(({ active }) => active)
    .reduce((total, { maxBitrate }) => total + maxBitrate, 0);
  for (const height of [360, 720]) {
    assert.ok(Math.abs(sum(ladder(height, { maxBitrate: 600_000 })) - 600_000) < 3);
  }
  assert.equal(ladder(720, { maxBitrate: 9e6 })[0].maxBitrate, 1_500_000);
  const [high] = ladder(720, { maxBitrate: 600_000 }, [
    { rid: 'h', active: false }, { rid: 'q', active: false },
  ]);
  assert.equal(high.maxBitrate, 600_000, 'one alone has all of it');
});

test('each rung has limits of its own', () => {
  const encodings = { low: { active: false }, medium: { maxFramerate: 15, maxBitrate: 300_000 } };
  const [high, medium, low] = ladder(720, { maxFramerate: 25, encodings });
  assert.deepEqual([high.active, high.maxFramerate], [true, 25]);
  assert.deepEqual([medium.maxFramerate, medium.maxBitrate], [15, 300_000]);
  assert.equal(low.active, false);
  assert.equal(sent(ladder(360, { encodings: { low: { active: true } } })), 'fh');
});

test('what nobody wants rests, and comes back', () => {
  const nobody = [...'fhq'].map((rid) => ({ rid, active: false }));
  assert.equal(sent(ladder(720, {}, nobody)), '');
  assert.equal(sent(ladder(720, {}, nobody.slice(0, 1))), 'hq');
  for (const active of [false, true]) {
    const wanted = [{ rid: '', active }];
    assert.equal(one('video', camera(720), {}, { wanted }).active, active);
  }
  const wanted = [{ rid: '', active: true, max_height: 180, max_framerate: 10 }];
  const small = one('video', camera(720), { maxHeight: 360 }, { wanted });
  assert.deepEqual([small.scaleResolutionDownBy, small.maxFramerate], [4, 10]);
});


test('text stays sharp and people keep moving', () => {
  assert.equal(preferenceFor({ contentHint: 'detail' }), 'maintain-resolution');
  assert.equal(preferenceFor({ contentHint: 'text' }), 'maintain-resolution');
  assert.equal(preferenceFor({ contentHint: 'motion' }), 'maintain-framerate');
  assert.equal(preferenceFor(null), 'maintain-framerate');
});

/** @param {object[]} encodings that it has been made with */
function senderOf(track, encodings) {
  return {
    track,
    getParameters: () => structuredClone({ encodings }),
    async setParameters(parameters) { this.set = parameters; },
  };
}

test('each encoding of a sender gets its own limits', async () => {
  const rungs = initialEncodings('video', null, {}, { ladder: true });
  const sender = senderOf(camera(360), rungs.map((rung) => ({ ...rung, ssrc: 1 })));
  await applyEncodings(sender, 'video', { maxFramerate: 20 }, { ladder: true });
  const { encodings, degradationPreference } = sender.set;
  assert.deepEqual(encodings.map(({ rid, active, maxFramerate, ssrc }) => (
    [rid, active, maxFramerate, ssrc]
  )), [['f', true, 20, 1], ['h', true, 20, 1], ['q', false, 20, 1]]);
  assert.equal(degradationPreference, 'maintain-framerate');
});

test('layers are set where the browser took them, and cost no other limit elsewhere', async () => {
  const rungs = initialEncodings('screenVideo', null, {}, { ladder: true });
  for (const [taken, mode] of [[rungs, 'L1T1'], [[{ rid: 'q' }, { rid: 'f' }], undefined]]) {
    const sender = senderOf(camera(1080), taken);
    await applyEncodings(sender, 'screenVideo', {}, { ladder: true });
    assert.deepEqual(
      sender.set.encodings.map(({ rid, maxFramerate, ...one }) => [
        rid, maxFramerate, one.scalabilityMode,
      ]),
      [['q', 5, mode], ['f', 30, undefined]],
    );
  }
});

test('a sender that came with one encoding gets that of the whole picture', async () => {
  const sender = senderOf(camera(720), [{}]);
  await applyEncodings(sender, 'video', {}, { ladder: true });
  const [{ rid, maxBitrate }] = sender.set.encodings;
  assert.deepEqual([rid, maxBitrate], [undefined, 1_500_000]);
});

test('sound has a preference for nothing, and speech gets through first', async () => {
  assert.equal(initialEncodings('audio', null)[0].priority, 'high');
  const sender = senderOf({ contentHint: '' }, [{}]);
  await applyEncodings(sender, 'audio', { maxBitrate: 32_000 });
  assert.deepEqual(sender.set, { encodings: [{ maxBitrate: 32_000, active: true }] });
});

test('VP9 and AV1 are one encoding with layers, fewer of a small picture', () => {
  const limits = { codecs: ['VP9', 'VP8'] };
  const [whole, ...others] = ladder(720, limits);
  assert.deepEqual(others, []);
  assert.equal(whole.scalabilityMode, 'L3T3');
  assert.equal(whole.maxBitrate, 1_500_000);
  assert.ok(!('rid' in whole) && !('codecs' in whole));
  assert.equal(ladder(null, limits)[0].scalabilityMode, 'L3T3', 'one that is still to be opened');
  assert.equal(ladder(360, { codecs: ['av1'] })[0].scalabilityMode, 'L2T3');
  assert.equal(ladder(180, limits)[0].scalabilityMode, 'L1T3');
  assert.equal(ladder(720, { ...limits, maxHeight: 360 })[0].scalabilityMode, 'L2T3');
  const small = [{ rid: '', active: true, max_height: 180 }];
  assert.equal(ladder(720, limits, small)[0].scalabilityMode, 'L1T3');
  assert.equal(sent(ladder(720, { codecs: ['H264'] })), 'fhq');
  assert.ok(!('scalabilityMode' in one('video', camera(720), limits)), 'to a peer');
});

test('of its layers the largest rest that nobody wants', () => {
  const limits = { codecs: ['AV1'] };
  const asWanted = (height, max_height) => {
    const wanted = [{ rid: '', active: true, max_height, max_framerate: null }];
    const [{ scalabilityMode, scaleResolutionDownBy, maxBitrate }] = ladder(height, limits, wanted);
    return [scalabilityMode, scaleResolutionDownBy, Math.round(maxBitrate / 1000)];
  };
  assert.deepEqual(asWanted(720, null), ['L3T3', 1, 1500]);
  assert.deepEqual(asWanted(720, 720), ['L3T3', 1, 1500]);
  assert.deepEqual(asWanted(720, 719), ['L2T3', 2, 499], 'the server shows 360 lines of it');
  assert.deepEqual(asWanted(720, 200), ['L1T3', 4, 160]);
  assert.deepEqual(asWanted(720, 90), ['L1T3', 4, 160], 'the smallest stays');
  assert.deepEqual(asWanted(360, 180), ['L1T3', 2, 160]);
  const [off] = ladder(720, limits, [{ rid: '', active: false, max_height: 180 }]);
  assert.equal(off.active, false);
});
