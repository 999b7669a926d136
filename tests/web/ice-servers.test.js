/** The relays of `joined` as an RTCPeerConnection takes them. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { iceServers, serverIceServers } from '../../fastsfu/web/sdk/ice-servers.js';

test('a relay at the address of the media port is for other clients only', () => {
  const udp = { urls: ['turn:a:8443'], username: '1:s', credential: 'c', peer_only: true };
  const tls = { urls: ['turns:a:8443'], username: '1:s', credential: 'c', peer_only: false };
  assert.deepEqual(iceServers([udp, tls]).flatMap(({ urls }) => urls), [...udp.urls, ...tls.urls]);
  assert.deepEqual(serverIceServers([udp, tls]).flatMap(({ urls }) => urls), tls.urls);
});

test('a TURN server has its credentials, a STUN server no members for them', () => {
  const turn = { urls: ['turn:a:3478?transport=udp'], username: '1:s', credential: 'c' };
  const stun = { urls: ['stun:a'], username: null, credential: null, peer_only: false };
  const found = iceServers([{ ...turn, peer_only: false }, stun]);
  assert.deepEqual(found, [turn, { urls: ['stun:a'] }]);
});
