import assert from 'node:assert/strict';
import test from 'node:test';

import {
  offerCodecs, offerDescriptor, offerFewCodecs, withSoundRepeats,
} from '../../fastsfu/web/sdk/offer-wishes.js';

const lines = (...all) => all.map((line) => `${line}\r\n`).join('');
const AUDIO = ['m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0', 'a=rtpmap:111 opus/48000/2',
  'a=rtcp-fb:111 transport-cc', 'a=rtpmap:63 red/48000/2', 'a=rtpmap:0 PCMU/8000'];
const VIDEO = ['m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack'];

test('lost sound is asked for again, of Opus in every section', () => {
  const offer = lines('v=0', ...AUDIO, ...VIDEO, ...AUDIO);
  const amended = withSoundRepeats(offer);
  const asked = [AUDIO[0], AUDIO[1], 'a=rtcp-fb:111 nack', ...AUDIO.slice(2)];
  assert.equal(amended, lines('v=0', ...asked, ...VIDEO, ...asked));
  assert.equal(withSoundRepeats(amended), amended, 'once');
  assert.equal(withSoundRepeats(lines('v=0', ...VIDEO)), lines('v=0', ...VIDEO));
});

const DESCRIPTOR =
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension';

function transceiver(...extensions) {
  return {
    getHeaderExtensionsToNegotiate: () => structuredClone(extensions),
    setHeaderExtensionsToNegotiate(wanted) { this.wanted = wanted; },
  };
}

test('the dependency descriptor is offered where the browser has it stopped', () => {
  const mid = { uri: 'urn:ietf:params:rtp-hdrext:sdes:mid', direction: 'sendrecv' };
  const stopped = transceiver(mid, { uri: DESCRIPTOR, direction: 'stopped' });
  offerDescriptor(stopped);
  assert.deepEqual(stopped.wanted, [mid, { uri: DESCRIPTOR, direction: 'sendrecv' }]);
  for (const other of [transceiver(mid), transceiver({ uri: DESCRIPTOR, direction: 'sendrecv' })]) {
    offerDescriptor(other);
    assert.equal(other.wanted, undefined);
  }
});

test('a browser that cannot say it, or does not like it, offers what it likes', () => {
  offerDescriptor({});
  offerDescriptor({
    ...transceiver({ uri: DESCRIPTOR, direction: 'stopped' }),
    setHeaderExtensionsToNegotiate() { throw new DOMException('', 'InvalidModificationError'); },
  });
});

const H264 = 'level-asymmetry-allowed=1;profile-level-id=42e01f;packetization-mode=';

/** What is preferred of what a browser is able to. */
function preferred(kind, ...able) {
  const codecs = able.map(([mimeType, sdpFmtpLine]) => ({ mimeType, sdpFmtpLine }));
  globalThis.RTCRtpReceiver = { getCapabilities: () => ({ codecs }) };
  let few = null;
  offerFewCodecs({ setCodecPreferences: (wanted) => { few = wanted; } }, kind);
  delete globalThis.RTCRtpReceiver;
  return few?.map(({ mimeType, sdpFmtpLine }) => [mimeType, sdpFmtpLine]) ?? null;
}

test('a section for receiving has the codecs that calls are made of, in their order', () => {
  const usual = [['video/VP8', undefined], ['video/rtx', undefined], ['video/VP9', 'profile-id=0'],
    ['video/H264', `${H264}1`], ['video/AV1', 'level-idx=5;profile=0;tier=0']];
  const others = [['video/VP9', 'profile-id=2'], ['video/H264', `${H264}0`],
    ['video/AV1', 'level-idx=5;profile=1;tier=0'], ['video/red', undefined]];
  const able = [usual[0], others[0], ...usual.slice(1), ...others.slice(1)];
  assert.deepEqual(preferred('video', ...able), usual);
  const sound = [['audio/opus', 'minptime=10'], ['audio/red', undefined]];
  assert.deepEqual(preferred('audio', ...sound, ['audio/PCMU', undefined]), sound);
});

test('a browser that does not say how it repeats packets is asked for nothing less', () => {
  assert.equal(preferred('video', ['video/VP8', undefined]), null);
  assert.equal(preferred('audio'), null);
  offerFewCodecs({}, 'video');
});

test('a section for sending has the codecs that were asked for, and how they are repeated', () => {
  const able = ['VP8', 'rtx', 'VP9', 'AV1', 'VP9'].map((name) => ({ mimeType: `video/${name}` }));
  globalThis.RTCRtpSender = { getCapabilities: () => ({ codecs: able }) };
  const offered = (...names) => {
    let wanted = null;
    offerCodecs({ setCodecPreferences: (codecs) => { wanted = codecs; } }, 'video', names);
    return wanted?.map(({ mimeType }) => mimeType.slice(6)) ?? null;
  };
  assert.deepEqual(offered('av1', 'VP9'), ['AV1', 'VP9', 'VP9', 'rtx']);
  assert.equal(offered('H266'), null);
  assert.equal(offerCodecs({}, 'video', ['VP9']), undefined);
  delete globalThis.RTCRtpSender;
  assert.equal(offered('VP9'), null);
});
