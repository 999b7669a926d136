/** The relays of `joined` as an RTCPeerConnection takes them. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { iceServers } from '../../fastsfu/web/sdk/ice-servers.js';

test('a TURN server has its credentials, a STUN server no members for them', () => {
  const turn = { urls: ['turn:a:3478?transport=udp'], username: '1:s', credential: 'c' };
  const stun = { urls: ['stun:a'], username: null, credential: null };
  assert.deepEqual(iceServers([turn, stun]), [turn, { urls: ['stun:a'] }]);
});
