import assert from 'node:assert/strict';
import test, { beforeEach } from 'node:test';

import { CallError } from '../../fastsfu/web/sdk/errors.js';
import { LocalMedia } from '../../fastsfu/web/sdk/local-media.js';

class FakeTrack {
  enabled = true;
  readyState = 'live';
  contentHint = '';
  label = 'fake';

  constructor(kind, deviceId = 'default') {
    this.kind = kind;
    this.deviceId = deviceId;
  }

  stop() {
    this.readyState = 'ended';
  }

  getSettings() {
    return { deviceId: this.deviceId };
  }
}

let log;
let opened;
let failures;
let gate;
let negotiated;
let media;

beforeEach(() => {
  log = [];
  opened = [];
  failures = {};
  gate = Promise.resolve();
  negotiated = Promise.resolve();
  const opener = {
    open: async (kind, input) => {
      await gate;
      const failure = failures[input] ?? failures[kind];
      if (failure) throw Object.assign(new Error(failure), { name: failure });
      const track = new FakeTrack(kind, input === true ? 'default' : input);
      opened.push(track);
      return track;
    },
  };
  media = new LocalMedia({
    publish: async (source, track, muted) => {
      log.push(`publish ${source} ${track ? 'track' : 'null'}${muted ? ' muted' : ''}`);
      await negotiated;
    },
    unpublish: async (source) => log.push(`unpublish ${source}`),
    changed: () => undefined,
    problem: (error) => log.push(`problem ${error.source} ${error.type}`),
  }, opener);
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('joining reserves sections at once and fills them when the devices are open', async () => {
  media.start();
  assert.deepEqual(log, ['publish audio null', 'publish video null']);
  assert.equal(media.tracks().video.state, 'loading');
  await settled();
  assert.deepEqual(log.slice(2), ['publish audio track', 'publish video track']);
  assert.equal(media.tracks().video.state, 'playable');
});

test('without devices nothing is published', async () => {
  media.configure({ audioSource: false, videoSource: false });
  media.start();
  await settled();
  assert.deepEqual([log, opened], [[], []]);
  assert.equal(media.tracks().audio.state, 'off');
});

test('a preview is published as it is', async () => {
  await Promise.all([media.setAudio(true), media.setVideo(true)]);
  log = [];
  media.start();
  assert.deepEqual(log.slice(0, 2), ['publish audio track', 'publish video track']);
  await settled();
  assert.equal(opened.length, 2);
});

test('what was turned off before joining stays off', async () => {
  await media.setVideo(true);
  await media.setVideo(false);
  media.configure({ startAudioOff: true });
  log = [];
  media.start();
  await settled();
  assert.deepEqual(log, []);
});

test('a muted microphone stays open, a camera that is off is closed', async () => {
  media.start();
  await settled();
  const [mic, camera] = opened;
  await media.setAudio(false);
  assert.equal(log.at(-1), 'publish audio track muted');
  await media.setVideo(false);
  assert.deepEqual([mic.readyState, mic.enabled], ['live', false]);
  assert.equal(camera.readyState, 'ended');
  assert.equal(log.at(-1), 'publish video null');
  await media.setAudio(true);
  assert.equal(log.at(-1), 'publish audio track');
  await media.setVideo(true);
  assert.equal(mic.enabled, true);
  assert.equal(opened.length, 3);
});

test('a toggle while the camera opens wins', async () => {
  void media.setVideo(true);
  await media.setVideo(false);
  assert.equal(media.tracks().video.state, 'off');
  assert.ok(opened.every(({ readyState }) => readyState === 'ended'));
});

test('a camera is closed at once, also while the server has not answered', async () => {
  negotiated = new Promise(() => undefined);
  void media.setVideo(true);
  await settled();
  void media.setVideo(false);
  await settled();
  assert.deepEqual(opened.map(({ readyState }) => readyState), ['ended']);
  assert.deepEqual(log, ['publish video track', 'publish video null']);
});

test('turning on is done when the server has answered', async () => {
  let answer;
  negotiated = new Promise((resolve) => (answer = resolve));
  const turned = media.setVideo(true).then(() => log.push('done'));
  await settled();
  assert.deepEqual(log, ['publish video track']);
  answer();
  await turned;
});

test('a negotiation that comes to nothing is told, and the next one may work', async () => {
  negotiated = Promise.reject(new CallError('negotiation-error', 'Late.'));
  await media.setVideo(true);
  await media.setVideo(false);
  await media.setInputs({ videoDeviceId: 'other' });
  assert.equal(log.filter((line) => line === 'problem null negotiation-error').length, 2);
  negotiated = Promise.resolve();
  await media.setVideo(true);
  assert.equal(media.tracks().video.state, 'playable');
});

test('a device that fails is told, blocked, and its section given back', async () => {
  failures.video = 'NotAllowedError';
  media.start();
  await settled();
  assert.ok(log.includes('problem video permission-denied'));
  assert.ok(log.includes('unpublish video'));
  assert.equal(media.tracks().video.state, 'blocked');
  assert.equal(media.tracks().audio.state, 'playable');
});

test('tracks of the application are sent but never stopped', async () => {
  const mine = new FakeTrack('video');
  media.configure({ videoSource: mine, audioSource: false });
  media.start();
  await settled();
  assert.equal(media.tracks().video.persistentTrack, mine);
  await media.setVideo(false);
  media.stop();
  assert.equal(mine.readyState, 'live');
});

test('another device replaces the track; one that fails brings the old one back', async () => {
  media.start();
  await settled();
  const inUse = await media.setInputs({ videoDeviceId: 'other' });
  assert.equal(inUse.camera.deviceId, 'other');
  assert.equal(opened[1].readyState, 'ended');
  failures.broken = 'NotReadableError';
  const after = await media.setInputs({ videoDeviceId: 'broken' });
  assert.ok(log.includes('problem video device-in-use'));
  assert.equal(after.camera.deviceId, 'other');
});

test('a microphone that is muted while it opens, or refused, is closed again', async () => {
  let release;
  gate = new Promise((resolve) => (release = resolve));
  void media.setAudio(true);
  await settled();
  const muted = media.setAudio(false);
  release();
  await muted;
  assert.deepEqual(opened.map(({ readyState }) => readyState), ['ended']);
  assert.deepEqual(log, []);
});

test('a muted microphone can be exchanged and stays muted', async () => {
  await media.setAudio(true);
  await media.setAudio(false);
  await media.setInputs({ audioDeviceId: 'other' });
  const [, other] = opened;
  assert.deepEqual([other.deviceId, other.readyState, other.enabled], ['other', 'live', false]);
});

test('a muted microphone that is being exchanged when the call ends is closed', async () => {
  await media.setAudio(true);
  await media.setAudio(false);
  let release;
  gate = new Promise((resolve) => (release = resolve));
  const exchanged = media.setInputs({ audioDeviceId: 'other' });
  await settled();
  media.stop();
  release();
  await exchanged;
  assert.deepEqual(opened.map(({ readyState }) => readyState), ['ended', 'ended']);
  assert.equal(media.tracks().audio.persistentTrack, null);
});

test('a device that is unplugged gives way to the default one', async () => {
  media.configure({ audioSource: 'headset', videoSource: false });
  media.start();
  await settled();
  opened[0].onended();
  await settled();
  assert.equal(media.inputs().mic.deviceId, 'default');
});

test('sharing a screen sends picture and sound, and stops when the browser says so', async () => {
  const [picture, sound] = [new FakeTrack('video'), new FakeTrack('audio')];
  const mediaStream = { getVideoTracks: () => [picture], getAudioTracks: () => [sound] };
  await media.screen.start({ mediaStream, contentHint: 'motion' });
  assert.equal(picture.contentHint, 'motion');
  assert.deepEqual(log, ['publish screenVideo track', 'publish screenAudio track']);
  picture.onended();
  await settled();
  assert.deepEqual(log.slice(2), ['unpublish screenVideo', 'unpublish screenAudio']);
  assert.equal(media.tracks().screenVideo.state, 'off');
});
