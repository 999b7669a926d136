import assert from 'node:assert/strict';
import test from 'node:test';

import { withStartBitrate } from '../../fastsfu/web/sdk/start-bitrate.js';

const SECTION = [
  'm=video 9 UDP/TLS/RTP/SAVPF 96 97 102', 'a=mid:1', 'a=recvonly',
  'a=rtpmap:96 VP8/90000', 'a=rtcp-fb:96 nack',
  'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96',
  'a=rtpmap:102 H264/90000', 'a=fmtp:102 packetization-mode=1',
];
const answer = (...sections) =>
  ['v=0', 's=-', ...sections.flat(), ''].join('\r\n');

test('each codec of our section starts higher, its repair does not', () => {
  const lines = withStartBitrate(answer(SECTION), ['1']).split('\r\n');
  assert.deepEqual(lines.filter((line) => line.startsWith('a=fmtp')), [
    'a=fmtp:96 x-google-start-bitrate=1000',
    'a=fmtp:97 apt=96',
    'a=fmtp:102 packetization-mode=1;x-google-start-bitrate=1000',
  ]);
  assert.equal(lines.length, answer(SECTION).split('\r\n').length + 1);
});

test('sections that we receive in stay as they are', () => {
  const sdp = answer(SECTION, ['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', 'a=fmtp:111 x=1']);
  assert.equal(withStartBitrate(sdp, []), sdp);
  assert.equal(withStartBitrate(sdp, ['7']), sdp);
});
